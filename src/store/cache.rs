//! The write-back cache before the tables that every message reads and writes: of its conversation, its author, its
//! device, and when its reader was last seen.
//!
//! Between two checkpoints the same few rows change with each message of a conversation. Decoding, encoding, sealing and
//! a descent of redb's tree each time was half of what the storage thread did for a message. So the requests that are
//! most of the traffic ([`is_cached`]) work on decoded records here, which go to the tables before anything else looks at
//! those, and with the checkpoint. All others know nothing of it. Nothing is durable by way of the cache: the journal is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::StoreError;
use super::record::{ConversationRecord, MemberRecord};
use super::tables::{Look, Tables};
use super::{Request, conversations, engine, log};
use crate::protocol::{AccountId, ConversationId, DeviceId, Number};

/// So many rows are kept between groups. Chosen: more than the requests of a transaction touch, a few megabytes.
const ROWS_MAX: usize = 32_768;

/// The rows of one table that are known.
#[derive(Debug)]
struct Rows<K, V> {
    known: BTreeMap<K, V>,
    /// Those that the table does not have so.
    changed: BTreeSet<K>,
}

impl<K, V> Default for Rows<K, V> {
    fn default() -> Self {
        Self {
            known: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Copy, V: Copy> Rows<K, V> {
    fn put(&mut self, key: K, value: V) {
        self.known.insert(key, value);
        self.changed.insert(key);
    }

    /// Takes what changed, in the order of the keys: neighbours are written one after the other.
    fn take_changed(&mut self) -> Vec<(K, V)> {
        std::mem::take(&mut self.changed)
            .into_iter()
            .filter_map(|key| Some((key, *self.known.get(&key)?)))
            .collect()
    }
}

/// What is known of the tables and newer than them.
#[derive(Debug, Default)]
struct Known {
    conversations: Rows<u64, ConversationRecord>,
    members: Rows<(u64, u64), MemberRecord>,
    senders: Rows<(u64, u64), u64>,
    /// When accounts were last seen, as their rows have it.
    seen: BTreeMap<u64, u64>,
}

/// The cache of a transaction. Only who works on the transaction asks it, on one thread at a time; the lock is what lets it
/// go along to another.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Known>);

/// Whether a request works through the cache: it touches no other rows of those tables than by these functions, and
/// looks through none of them.
pub(super) const fn is_cached(request: &Request) -> bool {
    matches!(
        request,
        Request::Append(_)
            | Request::Void { .. }
            | Request::Advance { .. }
            | Request::Read { .. }
            | Request::ReadBack { .. }
    )
}

impl Cache {
    fn known(&self) -> MutexGuard<'_, Known> {
        // Each change is one insertion: after a panic in between there is nothing by halves.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A conversation's record.
    pub(super) fn conversation(&self, id: ConversationId) -> Option<ConversationRecord> {
        self.known().conversations.known.get(&id.0).copied()
    }

    /// Notes what the table says.
    pub(super) fn learn_conversation(&self, id: ConversationId, record: ConversationRecord) {
        let known = &mut self.known().conversations.known;
        known.insert(id.0, record);
    }

    /// Changes a conversation's record.
    pub(super) fn put_conversation(&self, id: ConversationId, record: ConversationRecord) {
        self.known().conversations.put(id.0, record);
    }

    /// A member's record.
    pub(super) fn member(&self, key: (u64, u64)) -> Option<MemberRecord> {
        self.known().members.known.get(&key).copied()
    }

    /// Notes what the table says.
    pub(super) fn learn_member(&self, key: (u64, u64), record: MemberRecord) {
        self.known().members.known.insert(key, record);
    }

    /// Changes a member's record.
    pub(super) fn put_member(&self, key: (u64, u64), record: MemberRecord) {
        self.known().members.put(key, record);
    }

    /// The last number of a device in a conversation.
    pub(super) fn last_number(&self, key: (u64, u64)) -> Option<u64> {
        self.known().senders.known.get(&key).copied()
    }

    /// Notes what the table says.
    pub(super) fn learn_last_number(&self, key: (u64, u64), number: u64) {
        self.known().senders.known.insert(key, number);
    }

    /// Changes the last number of a device.
    pub(super) fn put_last_number(&self, key: (u64, u64), number: u64) {
        self.known().senders.put(key, number);
    }

    /// When an account was last seen.
    pub(super) fn seen(&self, account: AccountId) -> Option<u64> {
        self.known().seen.get(&account.0).copied()
    }

    /// Notes what the account's row says, or will say at once.
    pub(super) fn learn_seen(&self, account: AccountId, seen_ms: u64) {
        self.known().seen.insert(account.0, seen_ms);
    }

    fn len(&self) -> usize {
        let known = self.known();
        known.conversations.known.len()
            + known.members.known.len()
            + known.senders.known.len()
            + known.seen.len()
    }

    fn clear(&self) {
        *self.known() = Known::default();
    }
}

impl Tables<'_> {
    /// Prepares for a request: only one that works through the cache may find the tables behind it, and whoever writes
    /// without it leaves nothing in it that could be out of date.
    pub(super) fn prepare_for(&mut self, request: &Request) -> Result<(), StoreError> {
        if is_cached(request) {
            self.is_cached = true;
            Ok(())
        } else if engine::only_reads(request) {
            self.write_back()
        } else {
            self.settle()
        }
    }

    /// What takes a change in the tables' place, if anything does.
    pub(super) fn cache_to_change(&self) -> Option<&Cache> {
        let cache = self.cache();
        if cache.is_some() {
            self.changed.store(true, Ordering::Relaxed);
        }
        cache
    }

    /// Bounds what the cache takes, between groups.
    pub(super) fn trim(&mut self) -> Result<(), StoreError> {
        if self.cache.len() > ROWS_MAX {
            self.settle()?;
        }
        Ok(())
    }

    /// Writes everything back and empties the cache.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        self.write_back()?;
        self.cache.clear();
        Ok(())
    }

    /// Writes everything back; from here on the tables alone are asked.
    fn write_back(&mut self) -> Result<(), StoreError> {
        self.is_cached = false;
        // What is written now was a change before.
        let is_changed = self.changed.load(Ordering::Relaxed);
        let (conversations, members, senders) = {
            let mut known = self.cache.known();
            (
                known.conversations.take_changed(),
                known.members.take_changed(),
                known.senders.take_changed(),
            )
        };
        for (id, record) in conversations {
            conversations::save(self, ConversationId(id), &record)?;
        }
        for ((id, account), record) in members {
            let (id, account) = (ConversationId(id), AccountId(account));
            conversations::save_member(self, id, account, &record)?;
        }
        for ((id, device), number) in senders {
            log::use_up(self, ConversationId(id), DeviceId(device), Number(number))?;
        }
        self.changed.store(is_changed, Ordering::Relaxed);
        Ok(())
    }
}
