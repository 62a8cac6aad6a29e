//! The tables, as they stand and as the last checkpoint left them.
//!
//! Every value ends with a checksum: see `checksum`. A server works on [`Tables`], in which everything that has changed
//! since the last checkpoint waits in memory; whoever reads beside it has a [`Snapshot`].

use std::sync::Arc;

use redb::{Database, ReadTransaction, ReadableDatabase as _, TableDefinition, WriteTransaction};
use serde_bytes::ByteBuf;

use super::admin_records::{AuditRecord, ChoreRecord, CodeRecord, DisabledRecord, ResetRecord};
use super::buffer::{Buffered, Changes, Writing};
use super::file_records::{AttachedRecord, FileRecord};
use super::places::{PlaceCursor, PlacesRecord};
use super::records::{
    AccountRecord, ConversationRecord, DeviceRecord, ErasingRecord, KeyRecord, LogRow,
    MemberRecord, RefRecord, RetentionRecord, RoomRecord, SegmentRecord, SenderRecord,
};
use super::table::{Committed, ReadTable, Visit};
use crate::store::Ban;
use crate::store::BlobKey;
use crate::store::error::StoreError;
use crate::store::segments::batch::Batch;
use crate::store::segments::stored::{EntryKey, Stored};
use crate::store::segments::{Place, SegmentReader};

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $key:ty => $record:ty;)*) => {
        /// Every table as it stands.
        pub(in crate::store) struct Tables {
            /// The record of the group under way.
            pub(in crate::store) batch: Batch,
            /// The files that are kept no longer since the request under way.
            pub(in crate::store) freed: Vec<BlobKey>,
            reader: Option<Arc<SegmentReader>>,
            $($(#[$doc])* pub(in crate::store) $name: Buffered<$key, $record>,)*
        }

        /// Every table as the last checkpoint left it.
        pub(in crate::store) struct Snapshot {
            reader: Option<Arc<SegmentReader>>,
            $($name: Committed<$key, $record>,)*
        }

        /// The tables as they stand, with some entries of logs from elsewhere.
        pub(in crate::store) struct WithEntries<'t, F> {
            tables: &'t Tables,
            /// The entry that stands at a place, or none: then it is read there.
            entry: F,
        }

        /// What a checkpoint writes.
        pub(in crate::store) struct AllChanges {
            $($name: Changes<$key, $record>,)*
        }

        /// Reads, from either.
        pub(in crate::store) trait ReadTables {
            /// Reads an entry of the log where it stands.
            fn stored_at(&self, key: (u64, u64), place: Place) -> Result<Stored, StoreError>;
            /// An entry of a log, if it is there.
            fn entry(&self, key: (u64, u64)) -> Result<Option<Stored>, StoreError>
            where
                Self: Sized,
            {
                self.entry_at(&mut PlaceCursor::default(), key)
            }
            /// The same, where others near it are read too.
            fn entry_at(
                &self,
                cursor: &mut PlaceCursor,
                key: (u64, u64),
            ) -> Result<Option<Stored>, StoreError>
            where
                Self: Sized,
            {
                if let Some(place) = cursor.place(self, key)? {
                    return self.stored_at(key, place).map(Some);
                }
                Ok(self.log().get(&key)?.map(LogRow::into_stored))
            }
            $($(#[$doc])* fn $name(&self) -> &impl ReadTable<$key, $record>;)*
        }

        impl Tables {
            /// An entry that stands here, whose content may be damaged.
            pub(in crate::store) fn stored_unchecked(
                &self,
                (conversation, entry): (u64, u64),
                place: Place,
            ) -> Result<Stored, StoreError> {
                if let Some(added) = self.batch.get(place) {
                    return Ok(added);
                }
                let reader = self.reader.as_ref().ok_or_else(|| StoreError::missing("log"))?;
                reader.read_unchecked(place, conversation, entry)
            }

            /// Those of a snapshot.
            pub(in crate::store) fn new(snapshot: Snapshot) -> Self {
                Self {
                    batch: Batch::default(),
                    freed: Vec::new(),
                    reader: snapshot.reader,
                    $($name: Buffered::new(snapshot.$name),)*
                }
            }

            /// Whether the group under way has changed anything.
            pub(in crate::store) fn is_changed(&self) -> bool {
                $(self.$name.is_changed() ||)* false
            }

            /// The group under way is durable.
            pub(in crate::store) fn keep(&mut self) {
                self.freed.clear();
                $(self.$name.keep();)*
                self.bound_rows();
            }

            /// Forgets rows that were read where there are too many.
            pub(in crate::store) fn bound_rows(&mut self) {
                $(self.$name.bound_rows();)*
            }

            /// Takes the group under way back.
            pub(in crate::store) fn take_back(&mut self) {
                self.freed.clear();
                $(self.$name.take_back();)*
            }

            /// How many rows wait for the next checkpoint.
            pub(in crate::store) fn dirty(&self) -> usize {
                0 $(+ self.$name.dirty())*
            }

            /// Takes what has changed, for a checkpoint. It is read here until [`Tables::committed`].
            pub(in crate::store) fn take_changes(&mut self) -> AllChanges {
                AllChanges { $($name: self.$name.take_changes(),)* }
            }

            /// What was taken was not written, and waits again; nothing has changed since.
            pub(in crate::store) fn give_back(&mut self) {
                $(self.$name.give_back();)*
            }

            /// The changes that were taken are in redb, of which this is a snapshot.
            pub(in crate::store) fn committed(&mut self, snapshot: Snapshot) {
                $(self.$name.committed(snapshot.$name);)*
            }
        }

        impl Snapshot {
            /// Those of a transaction, whose entries stand in these segments; none of a copy, which has them in its table
            /// `log`.
            pub(in crate::store) fn open(
                transaction: &ReadTransaction,
                reader: Option<Arc<SegmentReader>>,
            ) -> Result<Self, StoreError> {
                Ok(Self {
                    reader,
                    $($name: Committed::open(stringify!($name), transaction)?,)*
                })
            }

            /// Copies every row of every table but these into an empty database; returns how many.
            pub(in crate::store) fn copy_to(
                &self,
                transaction: &WriteTransaction,
                without: &[&str],
            ) -> Result<u64, StoreError> {
                let mut rows = 0;
                $(if !without.contains(&self.$name.name) {
                    rows += self.$name.copy_to(transaction)?;
                })*
                Ok(rows)
            }

            /// Visits every row of every table.
            pub(in crate::store) fn visit(
                &self,
                visit: &mut Visit<'_>,
            ) -> Result<(), StoreError> {
                $(self.$name.visit(visit)?;)*
                Ok(())
            }

            /// Tables without rows.
            pub(in crate::store) const fn empty() -> Self {
                Self { reader: None, $($name: Committed::empty(stringify!($name)),)* }
            }
        }

        impl AllChanges {
            /// Writes them.
            pub(in crate::store) fn write(
                &self,
                transaction: &WriteTransaction,
                writing: &Writing,
            ) -> Result<(), StoreError> {
                $(self.$name.write(transaction, writing)?;)*
                Ok(())
            }
        }

        impl ReadTables for Tables {
            fn stored_at(&self, key: (u64, u64), place: Place) -> Result<Stored, StoreError> {
                let added = self.batch.get(place);
                added.map_or_else(|| read_segment(self.reader.as_ref(), key, place), Ok)
            }
            $(fn $name(&self) -> &impl ReadTable<$key, $record> { &self.$name })*
        }

        impl<F: Fn(EntryKey, Place) -> Option<Stored>> ReadTables for WithEntries<'_, F> {
            fn stored_at(&self, key: EntryKey, place: Place) -> Result<Stored, StoreError> {
                (self.entry)(key, place).map_or_else(|| self.tables.stored_at(key, place), Ok)
            }
            $(fn $name(&self) -> &impl ReadTable<$key, $record> { &self.tables.$name })*
        }

        impl ReadTables for Snapshot {
            fn stored_at(&self, key: (u64, u64), place: Place) -> Result<Stored, StoreError> {
                read_segment(self.reader.as_ref(), key, place)
            }
            $(fn $name(&self) -> &impl ReadTable<$key, $record> { &self.$name })*
        }
    };
}

impl Tables {
    /// The segments in which entries stand; none of a copy.
    pub(in crate::store) const fn segment_reader(&self) -> Option<&Arc<SegmentReader>> {
        self.reader.as_ref()
    }
}

impl<'t, F: Fn(EntryKey, Place) -> Option<Stored>> WithEntries<'t, F> {
    pub(in crate::store) const fn new(tables: &'t Tables, entry: F) -> Self {
        Self { tables, entry }
    }
}

fn read_segment(
    segments: Option<&Arc<SegmentReader>>,
    (conversation, entry): (u64, u64),
    place: Place,
) -> Result<Stored, StoreError> {
    let segments = segments.ok_or_else(|| StoreError::missing("log"))?;
    segments.read(place, conversation, entry)
}

/// The table of secrets.
pub(in crate::store) const SECRETS: &str = "secrets";

/// The table of the schema's version, alone and as it is: whatever else changes, each program must be able to read it.
pub(in crate::store) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// Works on the tables of a database that no engine has, and commits what that changes.
pub(in crate::store) fn update<T, E: From<StoreError>>(
    database: &Database,
    work: impl FnOnce(&mut Tables) -> Result<T, E>,
) -> Result<T, E> {
    let read = database.begin_read().map_err(StoreError::from)?;
    let mut tables = Tables::new(Snapshot::open(&read, None)?);
    let done = work(&mut tables)?;
    if tables.dirty() > 0 {
        let mut transaction = database.begin_write().map_err(StoreError::from)?;
        // After a kill redb need not walk the file, nor get past what may be damaged in it.
        transaction.set_quick_repair(true);
        tables
            .take_changes()
            .write(&transaction, &Writing::default())?;
        transaction.commit().map_err(StoreError::from)?;
    }
    Ok(done)
}

tables! {
    /// The epoch, the next ids and other numbers that the database knows of itself.
    numbers: String => u64;
    /// Named secrets: the Noise key and its like; sealed.
    secrets: String => ByteBuf;
    /// (what kind of name, the name) to its id.
    names: (u8, String) => u64;
    accounts: u64 => AccountRecord;
    /// An account to when it was last seen, in milliseconds since 1970 (UTC). Apart from its record, of which each session would
    /// put a copy into the write buffer.
    seen: u64 => u64;
    /// Each account that is disabled.
    disabled: u64 => DisabledRecord;
    /// Whom the server does not let in: (0, account, 0), or a prefix: (family and length, the two halves of its bits).
    bans: (u64, u64, u64) => Ban;
    /// What the operator has done, by a number that counts up.
    audit: u64 => AuditRecord;
    /// (account, hash) of each enrolment code that is open or has expired of late; account zero for one that opens an account.
    codes: (u64, [u8; 32]) => CodeRecord;
    /// (0, room that was deleted) or (1, account whose messages go) to how far that has come.
    chores: (u64, u64) => ChoreRecord;
    /// An account to when its password was last set by such a code.
    resets: u64 => ResetRecord;
    /// (account, device) to its record.
    devices: (u64, u64) => DeviceRecord;
    conversations: u64 => ConversationRecord;
    /// (conversation, account) to its record.
    members: (u64, u64) => MemberRecord;
    /// Each (account, conversation) that it belongs to.
    joined: (u64, u64) => ();
    /// A room's conversation to its record.
    rooms: u64 => RoomRecord;
    /// Each (account, room) that it belongs to, with 0, or has left, with the time in milliseconds since 1970 (UTC).
    rooms_of: (u64, u64) => u64;
    /// Each (account, room) that it is invited to and has not joined since, with whether that is withheld from it.
    invited: (u64, u64) => bool;
    /// (conversation, device) to the last number that the device has used in it, and what is kept of those before. These
    /// rows stay for good, also when the device is forgotten or its account has left the room: some 28 bytes for each
    /// conversation in which a device has ever said something, and devices are made by logins only, which are rationed.
    /// Without its row a number would be taken twice, and what was still under way could stand twice.
    senders: (u64, u64) => SenderRecord;
    /// (conversation, entry) to an entry, in a copy: where a server has the database, its entries stand in segments.
    log: (u64, u64) => LogRow;
    /// (conversation, first entry) to where in the segments that entry and those after it stand.
    places: (u64, u64) => PlacesRecord;
    segments: u64 => SegmentRecord;
    /// (segment, offset) of the content of a deleted entry: until it is overwritten.
    erasing: (u64, u64) => ErasingRecord;
    /// (conversation, entry, later entry) of each edit of an entry and each reaction to it that stands: what its deletion
    /// deletes too, and what limits count.
    refs: (u64, u64, u64) => RefRecord;
    /// (conversation, entry) of each that is pinned, to the entry that says so.
    pins: (u64, u64) => u64;
    /// (account, the two halves of a key) to the entry that has the key.
    keys: (u64, u64, u64) => KeyRecord;
    /// (account, count) to the two halves, in the order in which they came: the oldest go first.
    key_order: (u64, u64) => (u64, u64);
    /// (account, root) to a file that the account has brought.
    files: (u64, [u8; 32]) => FileRecord;
    /// (conversation, entry) of each that has a file, to the file.
    attached: (u64, u64) => AttachedRecord;
    /// (account, root, chunk) to a chunk of a file, in a copy: where a server has the database, they are in files.
    blobs: (u64, [u8; 32], u64) => ByteBuf;
    /// An account to how many bytes of files are kept for it; 0 to how many are for all.
    file_usage: u64 => u64;
    /// A conversation to its limits, where it has some of its own.
    retention: u64 => RetentionRecord;
    /// An account to how many bytes its entries count; 0 to how many all do.
    usage: u64 => u64;
    /// Each (account, other account) that it blocks.
    blocked: (u64, u64) => ();
    /// (pair, account, first entry) to the last of the entries in a row that were withheld from that account. The last such
    /// row of each is in the conversation's record.
    withheld: (u64, u64, u64) => u64;
}
