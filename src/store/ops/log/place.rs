//! Where entries come to stand in the segments, and which segments hold something that is still to be read.

use crate::store::error::{StoreError, skip_damaged};
use crate::store::schema::places;
use crate::store::schema::records::{ErasingRecord, LogRow};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables as _, Tables};
use crate::store::segments::stored::{EntryKey, LogRecord, Stored};
use crate::store::segments::{Frame, Place};

/// Adds an entry to the record of the group under way, and notes where it comes to stand: in the row of `places` that
/// begins with the entry `open`, or in another, whose first entry is returned. Where entries are kept in rows it becomes one.
pub(in crate::store) fn add(
    tables: &mut Tables,
    key: EntryKey,
    row: LogRecord<'_>,
    open: u64,
) -> Result<u64, StoreError> {
    if tables.batch.is_in_rows() {
        if tables.log().has(&key)? {
            return Err(places::stands_already(key));
        }
        tables.log.insert(key, LogRow::new(key.1, &row));
        return Ok(open);
    }
    let place = write(tables, key, row)?;
    places::add(tables, key, place, open)
}

/// Where an entry stands, and the entry, also if its content is damaged: what is left of that can be deleted.
pub(in crate::store) fn look(
    tables: &Tables,
    key: EntryKey,
) -> Result<(Option<Place>, Option<Stored>), StoreError> {
    let place = places::place_of(tables, key)?;
    let stored = match place {
        Some(place) => tables.stored_unchecked(key, place).map(Some),
        // A copy has it in its table.
        None => tables
            .log()
            .get(&key)
            .map(|row| row.map(LogRow::into_stored)),
    };
    Ok((place, skip_damaged(stored)?.flatten()))
}

/// Has something else stand in the place of an entry. What stood there is overwritten after the next checkpoint.
pub(in crate::store) fn replace(
    tables: &mut Tables,
    key: EntryKey,
    (from, before): (Option<Place>, &Stored),
    row: LogRecord<'_>,
) -> Result<(), StoreError> {
    if let Some(from) = from {
        overwrite(tables, key, (from, before));
    }
    put(tables, key, from, row)
}

/// Has the content of an entry overwritten after the next checkpoint.
pub(in crate::store) fn overwrite(
    tables: &mut Tables,
    key: EntryKey,
    (from, before): (Place, &Stored),
) {
    let (at, len) = before.content_at(from);
    if len > 0 {
        let record = ErasingRecord { len, key };
        tables.erasing.insert((from.segment.into(), at), record);
    }
}

/// Has this be read as an entry. `from` is where it stood.
pub(in crate::store) fn put(
    tables: &mut Tables,
    key: EntryKey,
    from: Option<Place>,
    row: LogRecord<'_>,
) -> Result<(), StoreError> {
    if let Some(from) = from {
        return move_to(tables, key, from, row);
    }
    // A copy, in which the log is done again, has its entries in its table.
    write(tables, key, row)?;
    tables.log.insert(key, LogRow::new(key.1, &row));
    Ok(())
}

/// Has an entry be read where a copy of it is: what it was read from may be removed then. `from` is where it stood.
pub(in crate::store) fn move_to(
    tables: &mut Tables,
    key: EntryKey,
    from: Place,
    row: LogRecord<'_>,
) -> Result<(), StoreError> {
    let to = write(tables, key, row)?;
    read_from(tables, key, from, to)
}

/// The same again, of an entry that stands in a record.
pub(in crate::store) fn repeat_move(
    tables: &mut Tables,
    key: EntryKey,
    (from, to): (Place, Place),
) -> Result<(), StoreError> {
    count(tables, to)?;
    read_from(tables, key, from, to)
}

fn read_from(tables: &mut Tables, key: EntryKey, from: Place, to: Place) -> Result<(), StoreError> {
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
    count(tables, place)?;
    Ok(place)
}

fn count(tables: &mut Tables, place: Place) -> Result<(), StoreError> {
    let number = u64::from(place.segment);
    tables.segments.change(&number, Default::default, |record| {
        record.entries += 1;
        record.read += 1;
        |record| {
            record.entries -= 1;
            record.read -= 1;
        }
    })
}

/// An entry is no longer read in this segment.
pub(in crate::store) fn release(tables: &mut Tables, segment: u32) -> Result<(), StoreError> {
    let number = u64::from(segment);
    // A segment whose row is damaged is never removed.
    if let Some(mut record) = skip_damaged(tables.segments().get(&number))?.flatten() {
        record.read = record.read.saturating_sub(1);
        if record.read > 0 {
            tables.segments.insert(number, record);
        } else {
            tables.segments.remove(&number);
        }
    }
    Ok(())
}
