//! Sets of numbers that come mostly in runs: packet numbers received, stream bytes received, acked or lost.
//!
//! A sorted vector of half-open ranges that neither touch nor overlap. There are few of them in practice, and
//! where a peer could make many, the caller gives a limit and says what happens at it.

use std::ops::Range;

/// A set of `u64`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RangeSet {
    ranges: Vec<Range<u64>>,
}

impl RangeSet {
    pub(crate) const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// Adds a range. The number of ranges must be bounded by something else.
    pub(crate) fn insert(&mut self, range: Range<u64>) {
        let _fits = self.try_insert(range, usize::MAX);
    }

    /// Adds a range unless there would then be more than `limit` of them; says whether it was added.
    #[must_use]
    pub(crate) fn try_insert(&mut self, range: Range<u64>, limit: usize) -> bool {
        if range.is_empty() {
            return true;
        }
        // All in first..last touch or overlap the new one, and become one with it.
        let first = self.ranges.partition_point(|held| held.end < range.start);
        let last = self.ranges.partition_point(|held| held.start <= range.end);
        if first == last {
            if self.ranges.len() >= limit {
                return false;
            }
            self.ranges.insert(first, range);
        } else {
            let end = self.ranges[last - 1].end.max(range.end);
            let merged = &mut self.ranges[first];
            merged.start = merged.start.min(range.start);
            merged.end = end;
            self.ranges.drain(first + 1..last);
        }
        true
    }

    /// Adds a range; if there are then more than `limit`, the lowest are forgotten.
    pub(crate) fn insert_forgetting_lowest(&mut self, range: Range<u64>, limit: usize) {
        self.insert(range);
        let surplus = self.ranges.len().saturating_sub(limit);
        self.ranges.drain(..surplus);
    }

    /// Takes a range out, splitting what it lies in the middle of.
    pub(crate) fn remove(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let first = self.ranges.partition_point(|held| held.end <= range.start);
        let last = self.ranges.partition_point(|held| held.start < range.end);
        if first >= last {
            return;
        }
        let before = self.ranges[first].start..range.start;
        let after = range.end..self.ranges[last - 1].end;
        let rest = [before, after].into_iter().filter(|rest| !rest.is_empty());
        self.ranges.splice(first..last, rest);
    }

    /// Takes out all below `bound`.
    pub(crate) fn remove_below(&mut self, bound: u64) {
        let gone = self.ranges.partition_point(|held| held.end <= bound);
        self.ranges.drain(..gone);
        if let Some(first) = self.ranges.first_mut() {
            first.start = first.start.max(bound);
        }
    }

    /// Takes the lowest range out.
    pub(crate) fn pop_first(&mut self) -> Option<Range<u64>> {
        (!self.ranges.is_empty()).then(|| self.ranges.remove(0))
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        let index = self.ranges.partition_point(|held| held.end <= number);
        self.ranges
            .get(index)
            .is_some_and(|held| held.start <= number)
    }

    /// The ranges, lowest first; `.rev()` for highest first.
    pub(crate) fn iter(&self) -> Iter<'_> {
        self.ranges.iter().cloned()
    }

    /// Those ranges that share a number with `range`, whole, lowest first.
    pub(crate) fn overlapping(&self, range: Range<u64>) -> Iter<'_> {
        let first = self.ranges.partition_point(|held| held.end <= range.start);
        let last = self.ranges.partition_point(|held| held.start < range.end);
        self.ranges[first..last.max(first)].iter().cloned()
    }

    pub(crate) fn first(&self) -> Option<Range<u64>> {
        self.ranges.first().cloned()
    }

    pub(crate) fn last(&self) -> Option<Range<u64>> {
        self.ranges.last().cloned()
    }

    /// How many ranges there are.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Empties the set and gives its memory back.
    pub(crate) fn release(&mut self) {
        self.ranges = Vec::new();
    }
}

/// The ranges of a [`RangeSet`], lowest first.
pub(crate) type Iter<'a> = std::iter::Cloned<std::slice::Iter<'a, Range<u64>>>;
