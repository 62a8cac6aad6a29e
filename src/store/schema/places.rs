//! Where the entries of a conversation stand in the log: many entries in a row of the table `places`.
//!
//! A row's key is (conversation, its first entry); it has up to [`BLOCK`] entries one after the other.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::table::ReadTable as _;
use super::tables::{ReadTables, Tables};
use crate::store::error::{StoreError, skip_damaged};
use crate::store::segments::stored::EntryKey;
use crate::store::segments::{Place, varint};

/// How many entries a row has at most. Chosen: one is decoded in less time than its page is found, and four bytes of
/// each entry are little beside the entry.
const BLOCK: usize = 64;

/// No entry stands here: it has expired, or was lost before it came into the log. No segment has this number.
const NOWHERE: u64 = 0;

/// A row of `places`: where its entries stand, each as a step from the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ByteBuf", into = "ByteBuf")]
pub(in crate::store) struct PlacesRecord(Vec<u64>);

impl From<PlacesRecord> for ByteBuf {
    fn from(record: PlacesRecord) -> Self {
        let mut bytes = Vec::with_capacity(4 * BLOCK);
        let mut before = 0_u64;
        for place in record.0 {
            varint::put(&mut bytes, zigzag(place.wrapping_sub(before)));
            before = place;
        }
        Self::from(bytes)
    }
}

impl TryFrom<ByteBuf> for PlacesRecord {
    type Error = &'static str;

    fn try_from(bytes: ByteBuf) -> Result<Self, Self::Error> {
        let mut rest = &bytes[..];
        let (mut places, mut before) = (Vec::with_capacity(BLOCK), 0_u64);
        while !rest.is_empty() {
            let step = varint::take(&mut rest).filter(|_| places.len() < BLOCK);
            before = before.wrapping_add(unzigzag(step.ok_or("it is no list of places")?));
            places.push(before);
        }
        if places.is_empty() {
            Err("it has no places")
        } else {
            Ok(Self(places))
        }
    }
}

impl PlacesRecord {
    /// The last entry of a row that begins with this one.
    pub(in crate::store) fn last(&self, first: u64) -> u64 {
        first.saturating_add(self.0.len() as u64).saturating_sub(1)
    }

    /// Where an entry stands; none if it is not in this row, or lost.
    pub(in crate::store) fn place(&self, first: u64, entry: u64) -> Option<Place> {
        let index = usize::try_from(entry.checked_sub(first)?).ok()?;
        let place = self.0.get(index).filter(|place| **place != NOWHERE)?;
        Some(Place::from(*place))
    }
}

/// Small numbers for small steps, forward and back.
const fn zigzag(step: u64) -> u64 {
    (step << 1) ^ ((step.cast_signed() >> 63).cast_unsigned())
}

const fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

/// Finds where entries stand, one after the other.
#[derive(Debug, Default)]
pub(in crate::store) struct PlaceCursor {
    /// The row that was read last.
    row: Option<(EntryKey, PlacesRecord)>,
}

impl PlaceCursor {
    /// Where an entry stands; none too where that cannot be read.
    pub(in crate::store) fn place(
        &mut self,
        tables: &impl ReadTables,
        (conversation, entry): EntryKey,
    ) -> Result<Option<Place>, StoreError> {
        let known = self.row.as_ref().and_then(|((of, first), record)| {
            (*of == conversation)
                .then(|| record.place(*first, entry))
                .flatten()
        });
        if known.is_some() {
            return Ok(known);
        }
        self.row = None;
        // No page is read that need not be: it may be damaged.
        let first = entry.saturating_sub(BLOCK as u64 - 1);
        let row = tables
            .places()
            .last((conversation, first)..=(conversation, entry))?;
        if let Some((key, record)) = row
            && let Some(record) = skip_damaged(record)?
        {
            let place = record.place(key.1, entry);
            self.row = Some((key, record));
            return Ok(place);
        }
        Ok(None)
    }
}

/// Where an entry stands; none too where that cannot be read.
pub(in crate::store) fn place_of(
    tables: &impl ReadTables,
    key: EntryKey,
) -> Result<Option<Place>, StoreError> {
    PlaceCursor::default().place(tables, key)
}

/// Notes where the next entry of a conversation stands. `open` is the first entry of the conversation's last row; returns
/// that of the row in which the place came to be.
pub(in crate::store) fn add(
    tables: &mut Tables,
    (conversation, entry): EntryKey,
    place: Place,
    open: u64,
) -> Result<u64, StoreError> {
    let last = match tables
        .places
        .read(&(conversation, open), |record| record.last(open))
    {
        Err(StoreError::Damaged { .. }) | Ok(None) => 0,
        Ok(Some(last)) => last,
        Err(error) => return Err(error),
    };
    if last >= entry {
        return Err(stands_already((conversation, last)));
    }
    // A row that is full or damaged takes nothing more.
    let has_room = last + 1 == entry && entry.checked_sub(open).is_some_and(|at| at < BLOCK as u64);
    let first = if has_room { open } else { entry };
    let place = u64::from(place);
    tables
        .places
        .change(&(conversation, first), PlacesRecord::default, |record| {
            record.0.push(place);
            |record: &mut PlacesRecord| {
                record.0.pop();
            }
        })?;
    Ok(first)
}

/// Notes that an entry stands elsewhere now; whether it has a place that can be read.
pub(in crate::store) fn set(
    tables: &mut Tables,
    (conversation, entry): EntryKey,
    place: Place,
) -> Result<(), StoreError> {
    let first = entry.saturating_sub(BLOCK as u64 - 1);
    let row = tables
        .places()
        .last((conversation, first)..=(conversation, entry))?;
    let Some((key, _)) = row else {
        return Err(StoreError::missing("places"));
    };
    let index = usize::try_from(entry - key.1).unwrap_or(usize::MAX);
    let place = u64::from(place);
    tables.places.change(&key, PlacesRecord::default, |record| {
        let before = record
            .0
            .get_mut(index)
            .map(|there| std::mem::replace(there, place));
        move |record: &mut PlacesRecord| {
            if let (Some(there), Some(before)) = (record.0.get_mut(index), before) {
                *there = before;
            }
        }
    })
}

/// Checks that nothing stands at the end of a conversation's log or after it, where its next entry comes to be.
pub(in crate::store) fn check_end(
    tables: &Tables,
    (conversation, entry): EntryKey,
) -> Result<(), StoreError> {
    match tables
        .places()
        .last((conversation, entry)..=(conversation, u64::MAX))?
    {
        Some((key, _)) => Err(stands_already(key)),
        None => Ok(()),
    }
}

/// The conversation's record is an older one, on a page that a damaged one leads to.
pub(in crate::store) fn stands_already((conversation, entry): EntryKey) -> StoreError {
    StoreError::Damaged {
        table: "conversations",
        place: conversation.to_string(),
        reason: format!("entry {entry} of its log stands already"),
    }
}

/// Forgets where the entries stand that are not after this one, so that each place that is left is one that is read.
pub(in crate::store) fn forget_until(
    tables: &mut Tables,
    conversation: u64,
    entry: u64,
) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for row in tables
        .places()
        .range((conversation, 0)..=(conversation, entry))?
    {
        let (key, record) = row?;
        rows.push((key, skip_damaged(record)?));
    }
    for (key, record) in rows {
        match record.filter(|record| record.last(key.1) > entry) {
            Some(mut record) => {
                let expired = usize::try_from(entry + 1 - key.1).unwrap_or(usize::MAX);
                record
                    .0
                    .iter_mut()
                    .take(expired)
                    .for_each(|place| *place = NOWHERE);
                tables.places.insert(key, record);
            }
            None => tables.places.remove(&key),
        }
    }
    Ok(())
}

/// All places that can be read.
pub(in crate::store) fn all(
    tables: &impl ReadTables,
) -> Result<Vec<(EntryKey, Place)>, StoreError> {
    let mut all = Vec::new();
    each(tables, |key, place| all.push((key, place)))?;
    Ok(all)
}

/// Takes all places that can be read, one after the other.
pub(in crate::store) fn each(
    tables: &impl ReadTables,
    mut take: impl FnMut(EntryKey, Place),
) -> Result<(), StoreError> {
    for row in tables.places().rows()? {
        let ((conversation, first), record) = row?;
        let Ok(record) = record else {
            continue;
        };
        for entry in first..=record.last(first) {
            if let Some(place) = record.place(first, entry) {
                take((conversation, entry), place);
            }
        }
    }
    Ok(())
}

/// A row of entries that stand here, for tests that put it into the table.
#[cfg(test)]
pub(in crate::store) fn row_of(key: EntryKey, places: &[Option<Place>]) -> Vec<u8> {
    let places = places
        .iter()
        .map(|place| place.map_or(NOWHERE, u64::from))
        .collect();
    super::checksum::encode("places", &key, &PlacesRecord(places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_says_where_each_of_its_entries_stands() {
        let places: Vec<u64> = [
            (1, 4144),
            (1, 9000),
            (0, 0),
            (3, 4144),
            (2, u32::MAX),
            (7, 1),
        ]
        .map(|(segment, offset)| Place { segment, offset }.into())
        .to_vec();
        let record = PlacesRecord(places);
        let bytes: ByteBuf = record.clone().into();
        assert_eq!(PlacesRecord::try_from(bytes), Ok(record.clone()));
        assert_eq!(
            record.place(10, 11),
            Some(Place {
                segment: 1,
                offset: 9000
            })
        );
        assert_eq!([9, 12, 16].map(|entry| record.place(10, entry)), [None; 3]);
        assert_eq!(record.last(10), 15);
        for step in [0, 1, u64::MAX, 1 << 63, 12345] {
            assert_eq!(unzigzag(zigzag(step)), step);
        }
    }
}
