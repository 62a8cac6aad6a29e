//! The entries of the logs, from the segments in which they stand to rows of the copy.
//!
//! Every segment is read through: its records have checks that only the server could make, so no table is needed to find
//! what they hold. Where the log's secret is lost, or the head of a segment or of a record, an entry is taken where the
//! table of places says that it stands, if its content has its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use redb::{Database, ReadableDatabase as _};

use super::Rescued;
use crate::store::error::StoreError;
use crate::store::files::open::look_at_segments;
use crate::store::schema::places::{self, PlacesRecord};
use crate::store::schema::records::{ConversationRecord, LogRow};
use crate::store::schema::table::{Bulk, ReadTable as _};
use crate::store::schema::tables::{ReadTables as _, Snapshot};
use crate::store::segments::note::Note;
use crate::store::segments::salvage;
use crate::store::segments::stored::EntryKey;
use crate::store::segments::stored::Stored;

/// Copies what can be read of the log of a damaged database file into the rows of its copy, whose table of places is empty
/// then.
///
/// # Errors
/// If a row cannot be written.
pub(super) fn copy(to: &Database, file: &Path, rescued: &mut Rescued) -> Result<(), StoreError> {
    let snapshot = Snapshot::open(&to.begin_read()?, None)?;
    let known = known(&snapshot)?;
    let places = places::all(&snapshot)?;
    let has_place: BTreeSet<_> = places.iter().map(|(key, _)| *key).collect();
    let is_wanted = |(id, entry): EntryKey| match known.get(&id) {
        Some(record) => record.log_start < entry && entry <= record.head,
        None => has_place.contains(&(id, entry)),
    };
    let files = look_at_segments(file);
    let note = Note::load(&snapshot).ok().flatten();
    let transaction = to.begin_write()?;
    let mut rows = 0;
    {
        let mut log = Bulk::open("log", &transaction)?;
        let mut taken = BTreeSet::new();
        // What was deleted may still stand before that, and must not come into the copy at all: redb would not overwrite it.
        let mut deleted = BTreeSet::new();
        if let Some(note) = &note {
            salvage::each_entry(&*files, note, &mut |key, stored| {
                let row = stored.row();
                if row.deleted.is_some() {
                    deleted.insert((key, row.digest));
                }
                Ok(())
            })?;
        }
        let mut take = |key: EntryKey, stored: &Stored| -> Result<(), StoreError> {
            let row = stored.row();
            let is_left = row.deleted.is_some() || !deleted.contains(&(key, row.digest));
            if is_left && is_wanted(key) && taken.insert(key) {
                let is_new = log.insert(&key, &LogRow::new(key.1, &row))?;
                rows += u64::from(is_new);
            }
            Ok(())
        };
        salvage::at_places(&*files, note.as_ref(), &places, &mut take)?;
        if let Some(note) = &note {
            salvage::each_entry(&*files, note, &mut take)?;
        }
        Bulk::<EntryKey, PlacesRecord>::open("places", &transaction)?.clear()?;
    }
    transaction.commit()?;
    rescued.rows += rows;
    Ok(())
}

/// The conversations whose record can be read.
fn known(tables: &Snapshot) -> Result<BTreeMap<u64, ConversationRecord>, StoreError> {
    let mut known = BTreeMap::new();
    for row in tables.conversations().rows()? {
        if let (id, Ok(record)) = row? {
            known.insert(id, record);
        }
    }
    Ok(known)
}
