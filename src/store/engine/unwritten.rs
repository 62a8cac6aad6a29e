//! Rows that only come new, and wait in memory for the checkpoint: entries of logs, and what was sent under numbers.
//!
//! Each message adds one of either. Put into redb's trees one at a time, in the order in which people speak, they were
//! most of what the storage thread did for a message, and with thousands of conversations each went to a page of its own.
//! Here they are gathered and written in the order of their keys, neighbours one after the other. There are never more
//! than the journal has of them, and only it makes them durable.

use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::ReadableTable;

use crate::protocol::{ConversationId, EntryId};
use crate::store::error::StoreError;
use crate::store::schema::tables::{Look, Tables};

/// The key of an entry: (conversation, entry).
pub(in crate::store) type EntryKey = (u64, u64);

/// The key of what was sent under a number: (conversation, device, number modulo how many are kept).
pub(in crate::store) type SentKey = (u64, u64, u64);

#[derive(Debug, Default)]
struct Rows {
    entries: Vec<(EntryKey, Vec<u8>)>,
    sent: Vec<(SentKey, Vec<u8>)>,
}

/// The rows that wait, in the order in which they came.
#[derive(Debug, Default)]
pub(in crate::store) struct Unwritten(Mutex<Rows>);

impl Unwritten {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        // Each change is one push: after a panic there is nothing by halves.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An entry that was not there before.
    pub(in crate::store) fn add_entry(&self, key: EntryKey, row: Vec<u8>) {
        self.rows().entries.push((key, row));
    }

    /// What was sent under a number, in place of what stood there.
    pub(in crate::store) fn put_sent(&self, key: SentKey, row: Vec<u8>) {
        self.rows().sent.push((key, row));
    }

    /// Takes all of them, in the order of their keys; of those with one key the last.
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
    /// Writes what waits into its tables.
    pub(in crate::store) fn write_new(&mut self) -> Result<(), StoreError> {
        let Rows { entries, sent } = self.cache.unwritten.take();
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

/// Before an entry of a log waits: that its place in the table is free, and that the page where it will stand can be read.
/// Once for each conversation as long as its row is known to the cache: nothing else writes there meanwhile. At the
/// checkpoint it would be too late to refuse the one conversation that is damaged.
pub(in crate::store) fn check_end(
    look: &impl Look,
    conversation: ConversationId,
    next: EntryId,
) -> Result<(), StoreError> {
    // Without the cache it is written at once, and found out by that.
    let Some(cache) = look.cache() else {
        return Ok(());
    };
    if cache.ends.get(conversation).is_some() {
        return Ok(());
    }
    let behind = (conversation.0, next.0)..=(conversation.0, u64::MAX);
    if let Some(row) = look.log().range(behind)?.next() {
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
