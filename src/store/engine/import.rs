//! Takes the entries of a copy into the log: a backup has them in a table, so that it is one file.
//!
//! A row is removed with the change that notes where its entry stands, so that after a crash the rest is taken over.

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::open_store::OpenStore;
use crate::protocol::ConversationId;
use crate::store::error::{StoreError, skip_damaged};
use crate::store::files::open::Files;
use crate::store::files::schema::prepare_log;
use crate::store::ops::{conversations, log};
use crate::store::schema::records::{ConversationRecord, LogRow};
use crate::store::schema::table::{ReadTable as _, Row};
use crate::store::schema::tables::{ReadTables, Snapshot, Tables};
use crate::store::segments::stored::EntryKey;

/// How many entries share a record. Chosen: with contents as long as they may be, one of 16 MiB.
const RECORD_ENTRIES: usize = 1000;

/// Has the log of a database begin with the entries of another one, of which it has all tables but that of the entries.
pub(in crate::store) fn import_copy(
    from: &Snapshot,
    to: Files,
    seed: [u8; 32],
) -> Result<(), StoreError> {
    let mut rng = ChaCha20Rng::from_seed(seed);
    prepare_log(&to.database, &mut rng)?;
    let (mut store, _) = OpenStore::new(to, 0, rng)?;
    take_over(&mut store, Some(from))?;
    store.checkpoint()
}

/// Takes over what is in the table of these tables, or of a copy.
pub(super) fn take_over(store: &mut OpenStore, copy: Option<&Snapshot>) -> Result<(), StoreError> {
    let mut from = Some((0, 0));
    while let Some(first) = from {
        let (next, is_changed) = store.execute(|tables| {
            let rows = match copy {
                Some(copy) => some_rows(copy, first)?,
                None => some_rows(tables, first)?,
            };
            let last = rows.last().map(|(key, _)| *key);
            import(tables, rows)?;
            Ok(last.map(|(conversation, entry)| (conversation, entry + 1)))
        })?;
        if is_changed {
            store.log_writes(&[])?;
            if store.is_checkpoint_due() {
                store.checkpoint()?;
            }
        }
        from = next;
    }
    Ok(())
}

type LogRows = Vec<Row<EntryKey, LogRow>>;

fn some_rows(tables: &impl ReadTables, from: EntryKey) -> Result<LogRows, StoreError> {
    let rows = tables.log().range(from..)?;
    rows.take(RECORD_ENTRIES).collect()
}

fn import(tables: &mut Tables, rows: LogRows) -> Result<(), StoreError> {
    let mut open = BTreeMap::new();
    for (key, row) in rows {
        let (conversation, entry) = key;
        match row {
            Ok(row) => {
                let first = match open.get(&conversation) {
                    Some(first) => *first,
                    None => {
                        record(tables, conversation)?.map_or(entry, |record| record.open_places)
                    }
                };
                let first = log::place::add(tables, key, row.record(), first)?;
                open.insert(conversation, first);
            }
            // It is found missing where it is asked for.
            Err(error) => tracing::error!(%error, "an entry of the copy is lost"),
        }
        if tables.log().has(&key)? {
            tables.log.remove(&key);
        }
    }
    for (conversation, first) in open {
        if let Some(mut record) = record(tables, conversation)? {
            record.open_places = first;
            conversations::save(tables, ConversationId(conversation), record);
        }
    }
    Ok(())
}

/// The record of a conversation; where it is damaged the entries are kept, for when it is rescued.
fn record(tables: &Tables, conversation: u64) -> Result<Option<ConversationRecord>, StoreError> {
    let record = conversations::load(tables, ConversationId(conversation));
    Ok(skip_damaged(record)?.flatten())
}
