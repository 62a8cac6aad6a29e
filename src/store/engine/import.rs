//! Takes the entries of a copy into the log: a backup has them in a table, so that it is one file.
//!
//! A row is removed with the change that notes where its entry stands, so that after a crash the rest is taken over.

use std::collections::BTreeMap;

use super::open_store::OpenStore;
use crate::protocol::ConversationId;
use crate::store::error::StoreError;
use crate::store::ops::{conversations, log};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables as _, Tables};
use crate::store::segments::stored::EntryKey;

/// How many entries share a record. Chosen: with contents as long as they may be, one of 16 MiB.
const RECORD_ENTRIES: usize = 1000;

impl OpenStore {
    /// Takes them over, if there are any.
    pub(super) fn import_log(&mut self) -> Result<(), StoreError> {
        let mut from = Some((0, 0));
        while let Some(first) = from {
            let (next, is_changed) = self.execute(|tables| import(tables, first))?;
            if is_changed {
                self.log_writes(&[])?;
                if self.is_checkpoint_due() {
                    self.checkpoint()?;
                }
            }
            from = next;
        }
        Ok(())
    }
}

/// Takes some entries over, from this one on; says where to go on.
fn import(tables: &mut Tables, from: EntryKey) -> Result<Option<EntryKey>, StoreError> {
    let mut rows = Vec::new();
    for row in tables.log().range(from..)?.take(RECORD_ENTRIES) {
        rows.push(row?);
    }
    let last = rows.last().map(|(key, _)| *key);
    let mut open = BTreeMap::new();
    for (key, row) in rows {
        let (conversation, entry) = key;
        match row {
            Ok(row) => {
                let first = match open.get(&conversation) {
                    Some(first) => *first,
                    None => conversations::load(tables, ConversationId(conversation))?
                        .map_or(entry, |record| record.open_places),
                };
                let first = log::place::add(tables, key, row.record(), first)?;
                open.insert(conversation, first);
            }
            // It is found missing where it is asked for.
            Err(error) => tracing::error!(%error, "an entry of the copy is lost"),
        }
        tables.log.remove(&key);
    }
    for (conversation, first) in open {
        if let Some(mut record) = conversations::load(tables, ConversationId(conversation))? {
            record.open_places = first;
            conversations::save(tables, ConversationId(conversation), record);
        }
    }
    Ok(last.map(|(conversation, entry)| (conversation, entry + 1)))
}
