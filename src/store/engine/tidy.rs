//! Emptying segments of which little is left, so that their files can be removed.
//!
//! Retention and deletions leave holes. Where less than half of a segment's entries are still read, those are written once
//! more, at the log's end, some at a time between groups of requests; once a checkpoint has noted where they stand the
//! segment holds nothing, and is removed as any other.

use std::collections::BTreeSet;

use super::open_store::OpenStore;
use crate::store::error::{StoreError, skip_damaged};
use crate::store::ops::log::place;
use crate::store::schema::places::place_of;
use crate::store::schema::records::SegmentRecord;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables as _, Tables};
use crate::store::segments::Place;
use crate::store::segments::stored::EntryKey;
use crate::store::segments::walk::Walk;

/// How much of a segment a step goes through, in bytes. Chosen: one takes less than a millisecond.
const STEP_BYTES: usize = 64 * 1024;

/// What is being done to a segment.
#[derive(Debug)]
struct Under {
    walk: Walk,
    /// First all that is read there is looked for: where some of it cannot be found or read, the segment has to stay, and
    /// nothing of it is written twice.
    looking: Option<Looking>,
}

#[derive(Debug, Clone, Copy)]
struct Looking {
    /// How many entries were read there when it began.
    read: u64,
    found: u64,
}

impl Under {
    const fn new(segment: u32, record: SegmentRecord) -> Self {
        Self {
            walk: Walk::new(segment),
            looking: Some(Looking {
                read: record.read,
                found: 0,
            }),
        }
    }
}

/// Which segments are emptied.
#[derive(Debug, Default)]
pub(super) struct Tidying {
    under: Option<Under>,
    /// Those that have to stay.
    left_alone: BTreeSet<u32>,
}

impl OpenStore {
    /// Whether [`OpenStore::tidy`] has something to do.
    pub(in crate::store) const fn has_to_tidy(&self) -> bool {
        self.tidying.under.is_some()
    }

    /// Looks for a segment of which little is left, unless one is being emptied.
    pub(super) fn look_for_sparse(&mut self) -> Result<(), StoreError> {
        if self.tidying.under.is_some() {
            return Ok(());
        }
        self.tidying.under = self
            .sparse()?
            .map(|(segment, record)| Under::new(segment, record));
        Ok(())
    }

    fn sparse(&self) -> Result<Option<(u32, SegmentRecord)>, StoreError> {
        for row in self.tables().segments().rows()? {
            let (number, record) = row?;
            let (Ok(segment), Some(record)) = (u32::try_from(number), skip_damaged(record)?) else {
                continue;
            };
            let is_left_alone = self.tidying.left_alone.contains(&segment);
            if is_sparse(record) && self.is_closed(segment) && !is_left_alone {
                return Ok(Some((segment, record)));
            }
        }
        Ok(None)
    }

    /// The segments of which so much is left that nothing of them was written once more.
    pub(super) fn full(&self) -> Result<BTreeSet<u32>, StoreError> {
        let mut full = BTreeSet::new();
        for row in self.tables().segments().rows()? {
            let (number, record) = row?;
            if skip_damaged(record)?.is_some_and(|record| !is_sparse(record)) {
                full.extend(u32::try_from(number));
            }
        }
        Ok(full)
    }

    /// Goes on with the segment that is being emptied: one step.
    ///
    /// # Errors
    /// If the disk fails. A segment that is damaged stays.
    pub(in crate::store) fn tidy(&mut self) -> Result<(), StoreError> {
        let Some(mut under) = self.tidying.under.take() else {
            return Ok(());
        };
        let segment = under.walk.segment;
        let is_there = self.tables().segments().has(&segment.into())?;
        match self.step(&mut under) {
            Ok(true) if is_there => {
                self.tidying.under = Some(under);
                return Ok(());
            }
            Err(error) if !error.is_damage() => return Err(error),
            Err(error) if is_there => {
                tracing::warn!(segment, %error, "a segment of the log stays as it is");
                self.tidying.left_alone.insert(segment);
            }
            // What has come to it in between, or is there twice, is not looked for again.
            _ => drop(self.tidying.left_alone.insert(segment)),
        }
        self.look_for_sparse()
    }

    /// All of the segment was looked through.
    fn end_looking(&self, under: &mut Under, looking: Looking) -> Result<(), StoreError> {
        let segment = under.walk.segment;
        let record = self.tables().segments().get(&segment.into())?;
        let record = record.unwrap_or_default();
        *under = Under::new(segment, record);
        // Else something has expired meanwhile, or was deleted: it is looked through again.
        if record.read == looking.read {
            if looking.found != looking.read {
                return Err(StoreError::missing("log"));
            }
            under.looking = None;
        }
        Ok(())
    }

    /// Whether there is more to do.
    fn step(&mut self, under: &mut Under) -> Result<bool, StoreError> {
        let found = self.segments().next_entries(&mut under.walk, STEP_BYTES)?;
        let is_end = found.is_empty();
        if let Some(looking) = &mut under.looking {
            for (key, place) in &found {
                if place_of(self.tables(), *key)? == Some(*place) {
                    self.tables().stored_at(*key, *place)?;
                    looking.found += 1;
                }
            }
            if is_end {
                let looking = *looking;
                self.end_looking(under, looking)?;
            }
            return Ok(true);
        }
        let ((), is_changed) = self.execute(|tables| {
            found
                .into_iter()
                .try_for_each(|(key, place)| move_entry(tables, key, place))
        })?;
        if is_changed {
            // Without commands: the entries say it all.
            self.log_writes(&[])?;
        }
        Ok(!is_end)
    }
}

/// Whether so little of a segment is left that it is emptied. One that is stays so until it is removed.
const fn is_sparse(record: SegmentRecord) -> bool {
    record.read < record.entries / 2
}

/// Writes an entry once more, if it is read at this place.
fn move_entry(tables: &mut Tables, key: EntryKey, place: Place) -> Result<(), StoreError> {
    if place_of(tables, key)? == Some(place) {
        let stored = tables.stored_at(key, place)?;
        place::move_to(tables, key, place, stored.row())?;
    }
    Ok(())
}
