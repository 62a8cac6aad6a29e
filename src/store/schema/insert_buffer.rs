//! Rows that are only ever inserted, buffered in memory until the checkpoint: log entries, and the digests kept for
//! devices' numbers.
//!
//! Each message inserts one row of each kind. Inserting them into redb's trees one by one, in the order of arrival, took
//! most of the storage thread's time, because with thousands of conversations each insert touches another page. The
//! buffer sorts them by key first. The journal makes them durable and bounds their number.

use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::ReadableTable;

use crate::protocol::{ConversationId, EntryId};
use crate::store::error::StoreError;
use crate::store::schema::tables::{ReadTables, Tables};

/// The key of an entry: (conversation, entry).
pub(in crate::store) type EntryKey = (u64, u64);

/// The key of what was sent under a number: (conversation, device, number modulo how many are kept).
pub(in crate::store) type SentKey = (u64, u64, u64);

#[derive(Debug, Default)]
struct Rows {
    entries: Vec<(EntryKey, Vec<u8>)>,
    sent: Vec<(SentKey, Vec<u8>)>,
}

/// The buffered rows, in the order of arrival.
#[derive(Debug, Default)]
pub(in crate::store) struct InsertBuffer(Mutex<Rows>);

impl InsertBuffer {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        // Each change is one push, so a panic leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Buffers a new log entry.
    pub(in crate::store) fn add_entry(&self, key: EntryKey, row: Vec<u8>) {
        self.rows().entries.push((key, row));
    }

    /// Buffers the row of a device's number; it replaces an older row with the same key.
    pub(in crate::store) fn put_sent(&self, key: SentKey, row: Vec<u8>) {
        self.rows().sent.push((key, row));
    }

    /// Takes all rows in the order of their keys; of rows with the same key, the last.
    fn take(&self) -> Rows {
        let mut rows = std::mem::take(&mut *self.rows());
        rows.entries.sort_by_key(|(key, _)| *key);
        rows.sent.reverse();
        rows.sent.sort_by_key(|(key, _)| *key);
        rows.sent.dedup_by_key(|(key, _)| *key);
        rows
    }
}

impl Tables<'_> {
    /// Writes the buffered rows into their tables.
    pub(in crate::store) fn write_new(&mut self) -> Result<(), StoreError> {
        let Rows { entries, sent } = self.cache.insert_buffer.take();
        for (key, row) in entries {
            self.cache.writing.begin(ConversationId(key.0));
            if self.log.insert(key, &*row)?.is_some() {
                return Err(stands_already(key));
            }
        }
        for (key, row) in sent {
            self.cache.writing.begin(ConversationId(key.0));
            self.sent.insert(key, &*row)?;
        }
        self.cache.writing.end();
        Ok(())
    }
}

/// Checks, before an entry is buffered, that its key is free and its page readable: at the checkpoint it would be too late
/// to refuse the one conversation that is damaged. Once for each conversation while its row is cached, since nothing else
/// writes there meanwhile.
pub(in crate::store) fn check_end(
    tables: &impl ReadTables,
    conversation: ConversationId,
    next: EntryId,
) -> Result<(), StoreError> {
    // Without the cache the entry is written at once, which finds it out.
    let Some(cache) = tables.cache() else {
        return Ok(());
    };
    if cache.ends.get(conversation).is_some() {
        return Ok(());
    }
    let behind = (conversation.0, next.0)..=(conversation.0, u64::MAX);
    if let Some(row) = tables.log().range(behind)?.next() {
        return Err(stands_already(row?.0.value()));
    }
    cache.ends.learn(conversation, ());
    Ok(())
}

/// The conversation's record is an older one, on a page that a damaged one leads to.
pub(in crate::store) fn stands_already((conversation, entry): EntryKey) -> StoreError {
    StoreError::Damaged {
        table: "conversations",
        place: conversation.to_string(),
        reason: format!("entry {entry} of its log stands already"),
    }
}
