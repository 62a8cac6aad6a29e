//! The tables and their keys, for writing and as a snapshot.
//!
//! What is written together stands side by side: keys of several parts begin with the conversation, so that a
//! group of appends touches few pages (a thousand appends at the ends of tables cost a twentieth of a thousand
//! in random places). Every value ends with a checksum: see `checksum`.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction,
};

use super::cache::Cache;
use crate::store::StoreError;

/// A table that notes whether it was opened for change, so that a batch which changed nothing is not committed.
pub(in crate::store) struct Tracked<'c, T> {
    table: T,
    changed: &'c AtomicBool,
}

impl<T> Deref for Tracked<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.table
    }
}

impl<T> DerefMut for Tracked<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.changed.store(true, Ordering::Relaxed);
        &mut self.table
    }
}

/// What belongs to a transaction beside its tables.
#[derive(Debug, Default)]
pub(in crate::store) struct State {
    /// Whether anything was changed, in the tables or in the cache.
    pub(in crate::store) changed: AtomicBool,
    pub(in crate::store) cache: Cache,
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $key:ty => $value:ty;)*) => {
        /// Every table, open in a write transaction.
        pub(in crate::store) struct Tables<'t> {
            pub(in crate::store) cache: &'t Cache,
            pub(in crate::store) changed: &'t AtomicBool,
            /// Whether the request under way works through the cache.
            pub(in crate::store) is_cached: bool,
            $($(#[$doc])* pub(in crate::store) $name: Tracked<'t, Table<'t, $key, $value>>,)*
        }

        /// Every table, as it stood when the snapshot was taken.
        pub(in crate::store) struct Snapshot {
            $($name: ReadOnlyTable<$key, $value>,)*
        }

        /// Reads, from either.
        pub(in crate::store) trait ReadTables {
            /// Whether nothing can be written from here, so that whatever becomes of reading, no write is concerned.
            fn is_snapshot(&self) -> bool;
            /// What is to be asked before the tables, if anything is.
            fn cache(&self) -> Option<&Cache>;
            $($(#[$doc])* fn $name(&self) -> &impl ReadableTable<$key, $value>;)*
        }

        impl<'t> Tables<'t> {
            /// Opens them, making those that do not exist. `state` notes the first change, and what is newer than the
            /// tables.
            pub(in crate::store) fn open(
                transaction: &'t WriteTransaction,
                state: &'t State,
            ) -> Result<Self, StoreError> {
                let State { changed, cache } = state;
                Ok(Self {
                    cache,
                    changed,
                    is_cached: false,
                    $($name: Tracked {
                        table: transaction
                            .open_table(TableDefinition::<$key, $value>::new(stringify!($name)))?,
                        changed,
                    },)*
                })
            }
        }

        impl Snapshot {
            /// Opens them.
            pub(in crate::store) fn open(transaction: &ReadTransaction) -> Result<Self, StoreError> {
                Ok(Self {
                    $($name: transaction
                        .open_table(TableDefinition::<$key, $value>::new(stringify!($name)))?,)*
                })
            }
        }

        /// Copies every row of a snapshot; returns how many.
        pub(in crate::store) fn copy(from: &Snapshot, to: &mut Tables<'_>) -> Result<u64, StoreError> {
            let mut rows = 0;
            $(for row in from.$name.iter()? {
                let (key, value) = row?;
                to.$name.insert(key.value(), value.value())?;
                rows += 1;
            })*
            Ok(rows)
        }

        impl ReadTables for Tables<'_> {
            fn is_snapshot(&self) -> bool { false }
            fn cache(&self) -> Option<&Cache> { self.is_cached.then_some(self.cache) }
            $(fn $name(&self) -> &impl ReadableTable<$key, $value> { &self.$name.table })*
        }

        impl ReadTables for Snapshot {
            fn is_snapshot(&self) -> bool { true }
            fn cache(&self) -> Option<&Cache> { None }
            $(fn $name(&self) -> &impl ReadableTable<$key, $value> { &self.$name })*
        }
    };
}

/// The table of secrets.
pub(in crate::store) const SECRETS: &str = "secrets";

tables! {
    /// The schema's version, alone and as it is: whatever else changes, each program must be able to read it.
    meta: &'static str => u64;
    /// The epoch, the next ids and other numbers that the database knows of itself.
    numbers: &'static str => &'static [u8];
    /// Named secrets: the Noise key and its like; sealed.
    secrets: &'static str => &'static [u8];
    /// (what kind of name, the name) to its id.
    names: (u8, &'static str) => &'static [u8];
    /// An account to its [`super::records::AccountRecord`].
    accounts: u64 => &'static [u8];
    /// (account, device) to its [`super::records::DeviceRecord`].
    devices: (u64, u64) => &'static [u8];
    /// A conversation to its [`super::records::ConversationRecord`].
    conversations: u64 => &'static [u8];
    /// (conversation, account) to its [`super::records::MemberRecord`].
    members: (u64, u64) => &'static [u8];
    /// Each (account, conversation) that it belongs to.
    joined: (u64, u64) => &'static [u8];
    /// A room's conversation to its [`super::records::RoomRecord`].
    rooms: u64 => &'static [u8];
    /// Each (account, room) that it belongs to, with 0, or has left, with the time in milliseconds since 1970 (UTC).
    rooms_of: (u64, u64) => &'static [u8];
    /// Each (account, room) that it is invited to and has not joined since.
    invited: (u64, u64) => &'static [u8];
    /// (conversation, device) to the last number that the device has used in it. These rows stay for good, also when the
    /// device is forgotten or its account has left the room: 28 bytes for each conversation in which a device has ever
    /// said something, and devices are made by logins only, which are rationed. Without its row a number would be taken
    /// twice, and what was still under way could stand twice.
    senders: (u64, u64) => &'static [u8];
    /// (conversation, device, number modulo how many are kept) to what was stored under that number: number, digest, entry.
    /// At most `log::KEPT` rows of 68 bytes for each row of `senders`; they go with the device when it is forgotten.
    sent: (u64, u64, u64) => &'static [u8];
    /// (conversation, entry) to its [`super::records::LogRecord`].
    log: (u64, u64) => &'static [u8];
    /// A conversation to its [`super::records::RetentionRecord`], where it has one of its own.
    retention: u64 => &'static [u8];
    /// An account to how many bytes of rows of `log` it has written; 0 to how many there are.
    usage: u64 => &'static [u8];
    /// Each (account, other account) that it blocks.
    blocked: (u64, u64) => &'static [u8];
    /// (pair, account, first entry) to the last of the entries in a row that were withheld from that account. The last such
    /// row of each is in the conversation's record.
    withheld: (u64, u64, u64) => &'static [u8];
}
