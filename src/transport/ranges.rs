//! Sets of numbers that mostly form runs: packet numbers received, stream bytes acknowledged or lost.
//!
//! A sorted vector of half-open ranges that neither touch nor overlap. In practice there are few; where a peer could
//! create many, the caller sets a limit.

use std::ops::Range;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RangeSet {
    ranges: Vec<Range<u64>>,
}

impl RangeSet {
    /// Adds a range. Something else must bound the number of ranges.
    pub(crate) fn insert(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        // All in first..last touch or overlap the new range, and merge with it.
        let first = self.ranges.partition_point(|held| held.end < range.start);
        let last = self.ranges.partition_point(|held| held.start <= range.end);
        if first == last {
            self.ranges.insert(first, range);
        } else {
            let end = self.ranges[last - 1].end.max(range.end);
            let merged = &mut self.ranges[first];
            merged.start = merged.start.min(range.start);
            merged.end = end;
            self.ranges.drain(first + 1..last);
        }
    }

    /// Adds a range; beyond `limit` ranges the lowest are dropped.
    pub(crate) fn insert_forgetting_lowest(&mut self, range: Range<u64>, limit: usize) {
        self.insert(range);
        let surplus = self.ranges.len().saturating_sub(limit);
        self.ranges.drain(..surplus);
    }

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

    pub(crate) fn remove_below(&mut self, bound: u64) {
        let gone = self.ranges.partition_point(|held| held.end <= bound);
        self.ranges.drain(..gone);
        if let Some(first) = self.ranges.first_mut() {
            first.start = first.start.max(bound);
        }
    }

    pub(crate) fn pop_first(&mut self) -> Option<Range<u64>> {
        (!self.ranges.is_empty()).then(|| self.ranges.remove(0))
    }

    pub(crate) fn iter(&self) -> Iter<'_> {
        self.ranges.iter().cloned()
    }

    /// The ranges that overlap `range`, whole, lowest first.
    pub(crate) fn overlapping(&self, range: Range<u64>) -> Iter<'_> {
        let first = self.ranges.partition_point(|held| held.end <= range.start);
        let last = self.ranges.partition_point(|held| held.start < range.end);
        self.ranges[first..last.max(first)].iter().cloned()
    }

    pub(crate) fn first(&self) -> Option<Range<u64>> {
        self.ranges.first().cloned()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Allocated bytes.
    pub(crate) fn memory(&self) -> usize {
        self.ranges.capacity() * size_of::<Range<u64>>()
    }

    pub(crate) fn shrink(&mut self) {
        self.ranges.shrink_to_fit();
    }
}

/// Lowest range first.
pub(crate) type Iter<'a> = std::iter::Cloned<std::slice::Iter<'a, Range<u64>>>;

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // A list of one range is what is meant.
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    impl RangeSet {
        pub(crate) fn contains(&self, number: u64) -> bool {
            let index = self.ranges.partition_point(|held| held.end <= number);
            self.ranges
                .get(index)
                .is_some_and(|held| held.start <= number)
        }
    }

    fn set(ranges: &[Range<u64>]) -> RangeSet {
        let mut set = RangeSet::default();
        for range in ranges {
            set.insert(range.clone());
        }
        set
    }

    fn list(set: &RangeSet) -> Vec<Range<u64>> {
        set.iter().collect()
    }

    #[test]
    fn ranges_that_touch_become_one() {
        assert_eq!(list(&set(&[0..2, 4..6, 2..4])), [0..6]);
    }

    #[test]
    fn removing_from_the_middle_splits() {
        let mut set = set(&[0..10]);
        set.remove(3..5);
        assert_eq!(list(&set), [0..3, 5..10]);
        set.remove_below(7);
        assert_eq!(list(&set), [7..10]);
    }

    #[test]
    fn beyond_the_limit_the_lowest_is_forgotten() {
        let mut set = set(&[0..1, 10..11]);
        set.insert_forgetting_lowest(20..21, 2);
        assert_eq!(list(&set), [10..11, 20..21]);
    }

    #[test]
    fn overlapping_gives_only_what_shares_a_number() {
        let set = set(&[0..2, 4..6, 8..10]);
        let found: Vec<_> = set.overlapping(2..9).collect();
        assert_eq!(found, [4..6, 8..10]);
        assert_eq!(set.overlapping(2..4).count(), 0);
    }

    proptest! {
        #[test]
        fn it_behaves_as_a_set_of_numbers(
            steps in proptest::collection::vec((0_u8..3, 0_u64..60, 0_u64..12), 0..60),
        ) {
            let mut ranges = RangeSet::default();
            let mut numbers = BTreeSet::new();
            for (what, start, len) in steps {
                let range = start..start + len;
                match what {
                    0 => {
                        ranges.insert(range.clone());
                        numbers.extend(range);
                    }
                    1 => {
                        ranges.remove(range.clone());
                        numbers.retain(|number| !range.contains(number));
                    }
                    _ => {
                        ranges.remove_below(len);
                        numbers.retain(|number| *number >= len);
                    }
                }
                prop_assert!(ranges.iter().flatten().eq(numbers.iter().copied()));
                prop_assert!((0..80).all(|number| ranges.contains(number) == numbers.contains(&number)));
                let list = list(&ranges);
                prop_assert!(list.iter().all(|range| !range.is_empty()));
                prop_assert!(list.windows(2).all(|pair| pair[0].end < pair[1].start));
            }
        }
    }
}
