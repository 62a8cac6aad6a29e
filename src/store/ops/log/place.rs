//! Where entries come to stand in the segments, and which segments hold something that is still to be read.

use crate::store::error::{StoreError, skip_damaged};
use crate::store::schema::places;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables as _, Tables};
use crate::store::segments::stored::{EntryKey, LogRecord, Stored};
use crate::store::segments::{Frame, Place};

/// Adds an entry to the record of the group under way, and notes where it comes to stand: in the row of `places` that
/// begins with the entry `open`, or in another, whose first entry is returned.
pub(in crate::store) fn add(
    tables: &mut Tables,
    key: EntryKey,
    row: LogRecord<'_>,
    open: u64,
) -> Result<u64, StoreError> {
    let place = write(tables, key, row)?;
    places::add(tables, key, place, open)
}

/// Has something else stand in the place of an entry. What stood there is overwritten after the next checkpoint.
pub(in crate::store) fn replace(
    tables: &mut Tables,
    key: EntryKey,
    (from, before): (Place, &Stored),
    row: LogRecord<'_>,
) -> Result<(), StoreError> {
    let (at, len) = before.content_at(from);
    if len > 0 {
        tables.erasing.insert((from.segment.into(), at), len);
    }
    let to = write(tables, key, row)?;
    places::set(tables, key, to)?;
    release(tables, from.segment)
}

fn write(tables: &mut Tables, key: EntryKey, row: LogRecord<'_>) -> Result<Place, StoreError> {
    let (conversation, entry) = key;
    let place = tables.batch.add(&Frame {
        conversation,
        entry,
        row,
    })?;
    let number = u64::from(place.segment);
    let entries = tables.segments().get(&number)?.unwrap_or(0);
    tables.segments.insert(number, entries + 1);
    Ok(place)
}

/// An entry is no longer read in this segment.
pub(in crate::store) fn release(tables: &mut Tables, segment: u32) -> Result<(), StoreError> {
    let number = u64::from(segment);
    // A segment whose row is damaged is never removed.
    if let Some(entries) = skip_damaged(tables.segments().get(&number))?.flatten() {
        if entries > 1 {
            tables.segments.insert(number, entries - 1);
        } else {
            tables.segments.remove(&number);
        }
    }
    Ok(())
}
