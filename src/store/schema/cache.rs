//! The write-back cache before the tables that every message reads and writes: of its conversation, its author, its
//! device, when its reader was last seen, and how much its author has written.
//!
//! Between two checkpoints the same few rows change with each message of a conversation. Decoding, encoding, checking and
//! a descent of redb's tree each time took half of the storage thread's time. So the most frequent requests work on
//! decoded records here; `engine::cache_flush` says which, and writes the records to the tables before any other request reads
//! those. The cache makes nothing durable: the journal does. Its rows stay valid over a checkpoint, and are dropped when
//! a transaction is rolled back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::insert_buffer::InsertBuffer;
use super::records::{ConversationRecord, MemberRecord};
use super::tables::{ReadTables, Tables};
use crate::protocol::{AccountId, ConversationId, DeviceId, DeviceSeq};

/// What is known of the rows of one table, and newer than the table.
#[derive(Debug)]
struct Known<K, V> {
    rows: BTreeMap<K, V>,
    /// Those that the table does not have so.
    changed: BTreeSet<K>,
}

impl<K, V> Default for Known<K, V> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }
}

/// The cache of one table.
#[derive(Debug)]
pub(in crate::store) struct Rows<K, V>(Mutex<Known<K, V>>);

impl<K, V> Default for Rows<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord + Copy, V: Copy> Rows<K, V> {
    fn known(&self) -> MutexGuard<'_, Known<K, V>> {
        // A row is noted as changed before it is: after a panic in between, what the table says is written once more.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A row, if it is known.
    pub(in crate::store) fn get(&self, key: K) -> Option<V> {
        self.known().rows.get(&key).copied()
    }

    /// Notes what the table says.
    pub(in crate::store) fn learn(&self, key: K, value: V) {
        self.known().rows.insert(key, value);
    }

    /// Changes a row.
    pub(in crate::store) fn put(&self, key: K, value: V) {
        let mut known = self.known();
        known.changed.insert(key);
        known.rows.insert(key, value);
    }

    /// Takes what changed, in the order of the keys: neighbours are written one after the other.
    pub(in crate::store) fn take_changed(&self) -> Vec<(K, V)> {
        let Known { rows, changed } = &mut *self.known();
        std::mem::take(changed)
            .into_iter()
            .filter_map(|key| Some((key, *rows.get(&key)?)))
            .collect()
    }

    fn len(&self) -> usize {
        self.known().rows.len()
    }

    fn clear(&self) {
        *self.known() = Known::default();
    }
}

/// The conversation whose rows go to the tables just now: after a failure it says which of them could not.
#[derive(Debug, Default)]
pub(in crate::store) struct Writing(AtomicU64);

/// No conversation has this number.
const NONE: u64 = 0;

impl Writing {
    pub(in crate::store) fn begin(&self, conversation: ConversationId) {
        self.0.store(conversation.0, Ordering::Relaxed);
    }

    pub(in crate::store) fn end(&self) {
        self.0.store(NONE, Ordering::Relaxed);
    }

    /// Which it is, if one is being written or could not be.
    pub(in crate::store) fn get(&self) -> Option<ConversationId> {
        let conversation = self.0.load(Ordering::Relaxed);
        (conversation != NONE).then_some(ConversationId(conversation))
    }
}

/// The cache of a transaction. Only who works on the transaction asks it, on one thread at a time; the locks are what
/// lets it go along to another.
#[derive(Debug, Default)]
pub(in crate::store) struct Cache {
    pub(in crate::store) conversations: Rows<ConversationId, ConversationRecord>,
    pub(in crate::store) members: Rows<(ConversationId, AccountId), MemberRecord>,
    /// The last number that each device has used in each conversation.
    pub(in crate::store) senders: Rows<(ConversationId, DeviceId), DeviceSeq>,
    /// When accounts were last seen, in milliseconds since 1970 (UTC): only learnt, as their rows have it or will have
    /// it at once.
    pub(in crate::store) seen: Rows<AccountId, u64>,
    /// How many bytes of logs each account has written.
    pub(in crate::store) usage: Rows<AccountId, u64>,
    /// The conversations whose log is known to end where their record says.
    pub(in crate::store) ends: Rows<ConversationId, ()>,
    pub(in crate::store) insert_buffer: InsertBuffer,
    pub(in crate::store) writing: Writing,
}

impl Cache {
    pub(in crate::store) fn len(&self) -> usize {
        let numbers = self.senders.len() + self.ends.len();
        let accounts = self.seen.len() + self.usage.len();
        self.conversations.len() + self.members.len() + accounts + numbers
    }

    /// Whether something waits here for its place in the tables.
    #[cfg(test)]
    pub(in crate::store) fn is_newer(&self) -> bool {
        !self.conversations.known().changed.is_empty()
    }

    pub(in crate::store) fn clear(&self) {
        self.conversations.clear();
        self.members.clear();
        self.senders.clear();
        self.seen.clear();
        self.usage.clear();
        self.ends.clear();
    }
}

impl Tables<'_> {
    /// What takes a change in the tables' place, if anything does.
    pub(in crate::store) fn cache_to_change(&self) -> Option<&Cache> {
        let cache = self.cache();
        if cache.is_some() {
            self.changed.store(true, Ordering::Relaxed);
        }
        cache
    }
}
