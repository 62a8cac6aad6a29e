//! Disks that know which of the texts said has become durable on them, and when they are asked.

mod tracked;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use redb::{Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_bytes::ByteBuf;
use udpchat::protocol::{
    Access, ConversationId, Deletion, Digest, EVERYONE_NAME, EntryKind, PIECE_MAX_BYTES, open,
};
use udpchat::store::fault_disk::MemoryDisk;
use udpchat::store::{
    BlobFiles as _, Completion, Engine, Files, FoundBlob, MemoryBlobs, Outcome, Request,
    SegmentFiles, Write,
};

use crate::entries::{Deleted, EntryKey, Held, HeldEntry, Log, Logged, Marker, id_of, next_marker};
use tracked::TrackedFile;

/// The tables of server and client in which entries stand.
const LOG: TableDefinition<'_, EntryKey, &[u8]> = TableDefinition::new("log");
const HISTORY: TableDefinition<'_, EntryKey, &[u8]> = TableDefinition::new("history");
/// The server's tables of what accounts and rooms are called.
const ACCOUNTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("accounts");
const MEMBERS: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("members");
const ROOMS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rooms");
/// A client's tables of what is not stored yet and of what waits for receipts.
const POSITIONS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("positions");
const OUTBOX: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("outbox");
const DOWNLOADS: TableDefinition<'_, EntryKey, &[u8]> = TableDefinition::new("downloads");
const AWAITED: TableDefinition<'_, EntryKey, &[u8]> = TableDefinition::new("awaited");

/// A row of the server's log, as its store writes it before a checksum of four bytes: the entry before it, author,
/// device, number, time, digest, content, who deleted it and when, kind and target.
#[derive(Deserialize)]
struct LogRow(
    IgnoredAny,
    u64,
    IgnoredAny,
    IgnoredAny,
    u64,
    Digest,
    ByteBuf,
    #[serde(default)] Option<(u64, u64)>,
    #[serde(default)] IgnoredAny,
);

/// A row of the server's accounts, likewise, of which the name counts.
type AccountRow = (String, ByteBuf, ByteBuf, u64, u64, u32);

/// A row of the server's rooms, likewise: name, topic, who may join.
type RoomRow = (String, String, Access);

/// A row of a device's history: author, time, content, digest, the entry before it, the author's
/// name, who deleted it and when, whether it changed another entry.
#[derive(Deserialize)]
struct HistoryRow(
    u64,
    IgnoredAny,
    ByteBuf,
    Digest,
    IgnoredAny,
    IgnoredAny,
    #[serde(default)] Option<Deletion>,
    #[serde(default)] bool,
);

/// A row of what a device is saving, of which the name counts.
#[derive(Deserialize)]
struct Download(
    IgnoredAny,
    IgnoredAny,
    String,
    #[serde(default)] IgnoredAny,
    #[serde(default)] IgnoredAny,
);

/// A part of a row of which only some parts count.
#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Number(u64),
    Text(String),
    Parts(Vec<Part>),
    Other(IgnoredAny),
}

/// A number in a row, of which the place is known; zero if it is missing there.
fn number(row: &[Part], at: usize) -> u64 {
    match row.get(at) {
        Some(Part::Number(number)) => *number,
        _ => 0,
    }
}

/// Where a row of the server's members has what concerns their reading, and there the entry up to which they have read.
const READING: (usize, usize) = (4, 1);
/// Where a row of a device's positions has the entry up to which the user has read.
const READ_UP_TO: usize = 12;
/// Where a row of a device's outbox has its kind.
const UNSENT_KIND: usize = 4;

/// A disk that survives the processes that use it.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    pub memory: MemoryDisk,
    /// What is attached to messages.
    pub blobs: MemoryBlobs,
    durable: Arc<Mutex<BTreeSet<Marker>>>,
    /// What has come to be stored, so that it is known also once it is deleted.
    contents: Arc<Mutex<BTreeMap<Digest, Vec<u8>>>>,
    /// Something that was written did not reach the disk.
    failed: Arc<AtomicBool>,
}

impl Disk {
    pub fn open(&self) -> Result<Database, redb::DatabaseError> {
        Database::builder()
            .set_cache_size(256 * 1024)
            .create_with_backend(self.track(Arc::new(self.memory.backend())))
    }

    /// Opens a server's database and its log.
    pub fn files(&self) -> Result<Files, redb::DatabaseError> {
        Ok(Files {
            database: self.open()?.into(),
            segments: Arc::new(self.clone()),
        })
    }

    fn track(&self, inner: Arc<dyn StorageBackend>) -> TrackedFile {
        TrackedFile::new(inner, self.durable.clone(), self.failed.clone())
    }

    /// Whether the disk has failed since this was asked last.
    pub fn has_failed(&self) -> bool {
        self.failed.swap(false, Ordering::Relaxed)
    }

    /// Whether a text is there whatever happens now.
    pub fn holds(&self, marker: Marker) -> bool {
        self.durable.lock().unwrap().contains(&marker)
    }

    /// The power has failed: what was not synced may be durable all the same.
    pub fn look_again(&self, is_server: bool) {
        let found: Vec<Marker> = if is_server {
            self.log().values().filter_map(Logged::marker).collect()
        } else {
            self.held().values().filter_map(HeldEntry::marker).collect()
        };
        self.durable.lock().unwrap().extend(found);
    }

    /// This comes to be stored, unless it is refused.
    pub fn note_content(&self, digest: Digest, content: &[u8]) {
        let mut contents = self.contents.lock().unwrap();
        contents.entry(digest).or_insert_with(|| content.to_vec());
    }

    /// This was decided by the log of a cluster, which is as durable as a disk.
    pub fn is_decided(&self, done: &Completion) {
        let Request::Write(Write::Append(append)) = &done.request else {
            return;
        };
        self.note_content(append.digest, &append.content);
        if let (Outcome::Done(_), Ok(message)) =
            (&done.outcome, open(&append.content, &append.digest))
            && let Some(marker) = id_of(&message)
        {
            self.durable.lock().unwrap().insert(marker);
        }
    }

    /// A disk of its own with what is on this one.
    pub fn fork(&self) -> Self {
        Self {
            memory: self.memory.copy(),
            ..Self::default()
        }
    }

    /// A disk with nothing but a backup of this one on it.
    pub fn of_backup(&self, image: Vec<u8>) -> Self {
        Self {
            memory: MemoryDisk::from_image(image),
            contents: self.contents.clone(),
            ..Self::default()
        }
    }

    /// The disk as it is after a backup was restored. What was once durable stays known.
    pub fn restore(&mut self, image: Vec<u8>) {
        self.memory = MemoryDisk::from_image(image);
        self.failed = Arc::default();
    }

    /// The disk as it is after only the tables were restored, by hand, beside the log of later ones.
    pub fn restore_tables(&mut self, image: Vec<u8>) {
        self.memory = self.memory.copy();
        self.memory.set_tables(image);
        self.failed = Arc::default();
    }

    /// The names of those of the server's conversations that have one of their own.
    pub fn names(&self) -> BTreeMap<u64, String> {
        let name = |value: &[u8]| {
            let row: RoomRow = row_of(value);
            row.0
        };
        let rooms = rows(&self.copy(true), ROOMS).into_iter();
        rooms
            .map(|(id, value)| (id, name(&value)))
            .chain([(ConversationId::EVERYONE.0, EVERYONE_NAME.to_owned())])
            .collect()
    }

    /// The server's log.
    pub fn log(&self) -> Log {
        let copy = self.copy(true);
        let contents = self.contents.lock().unwrap();
        let names = self.names();
        let accounts = account_names(&copy);
        let receiver = |conversation: u64, author: u64| {
            let mut peers = accounts.iter();
            let peer = peers.find(|(peer, _)| pair_of(author, **peer) == conversation);
            let name = names.get(&conversation).or(peer.map(|(_, name)| name));
            name.cloned().unwrap_or_default()
        };
        let logged = |(conversation, _): EntryKey, value: &[u8]| {
            let row: LogRow = row_of(value);
            let name = |account: u64| accounts.get(&account).cloned().unwrap_or_default();
            let content = match row.7 {
                Some(_) => contents.get(&row.5).expect("it was stored before"),
                None => &*row.6,
            };
            assert!(
                row.7.is_none() || row.6.is_empty(),
                "a deleted entry has content"
            );
            Logged {
                digest: row.5,
                message: open(content, &row.5).expect("the log holds messages"),
                author: name(row.1),
                receiver: receiver(conversation, row.1),
                time_ms: row.4,
                bytes: value.len() as u64,
                deleted: row.7.map(|(by, time_ms)| Deleted {
                    by: name(by),
                    time_ms,
                }),
            }
        };
        rows(&copy, LOG)
            .into_iter()
            .map(|(key, value)| (key, logged(key, &value)))
            .collect()
    }

    /// Up to which entry each account has read each conversation, as the server knows it, by the account's name.
    pub fn read_by_accounts(&self) -> BTreeMap<(u64, String), u64> {
        let copy = self.copy(true);
        let names = account_names(&copy);
        let read = |value: &[u8]| {
            let row: Vec<Part> = row_of(value);
            match row.get(READING.0) {
                Some(Part::Parts(reading)) => number(reading, READING.1),
                _ => 0,
            }
        };
        rows(&copy, MEMBERS)
            .into_iter()
            .map(|((conversation, account), value)| {
                let name = names.get(&account).cloned().unwrap_or_default();
                ((conversation, name), read(&value))
            })
            .collect()
    }

    /// Up to which entry the user of a device has read each conversation.
    pub fn read_here(&self) -> BTreeMap<u64, u64> {
        let read = |value: &[u8]| {
            let row: Vec<Part> = rmp_serde::from_slice(value).expect("rows are written so");
            number(&row, READ_UP_TO)
        };
        rows(&self.copy(false), POSITIONS)
            .into_iter()
            .map(|(conversation, value)| (conversation, read(&value)))
            .collect()
    }

    /// What a device holds.
    pub fn held(&self) -> Held {
        let held = |value: &[u8]| {
            let row: HistoryRow = rmp_serde::from_slice(value).expect("rows are written so");
            assert!(
                row.6.is_none() || row.2.is_empty(),
                "a deleted entry has content"
            );
            let gone = row.6.and_then(|deletion| deletion.kind);
            HeldEntry {
                is_deleted: row.6.is_some(),
                was_change: row.7 || gone.is_some_and(EntryKind::is_amendment),
                ..HeldEntry::new(row.0, row.3, &row.2)
            }
        };
        rows(&self.copy(false), HISTORY)
            .into_iter()
            .map(|(key, value)| (key, held(&value)))
            .collect()
    }

    /// What a device calls its conversations.
    pub fn names_here(&self) -> BTreeMap<u64, String> {
        let name = |value: &[u8]| {
            // Of the row's parts only the first one is read.
            let parts: Vec<Part> = rmp_serde::from_slice(value).expect("rows are written so");
            match parts.into_iter().next() {
                Some(Part::Text(name)) => name,
                _ => String::new(),
            }
        };
        rows(&self.copy(false), POSITIONS)
            .into_iter()
            .map(|(conversation, value)| (conversation, name(&value)))
            .collect()
    }

    /// What a device has yet to send: for whom, the text, and whether that is something said.
    pub fn outbox(&self) -> Vec<(String, String, bool)> {
        let unsent = |value: &[u8]| {
            let parts: Vec<Part> = rmp_serde::from_slice(value).expect("rows are written so");
            let text = |at: usize| match parts.get(at) {
                Some(Part::Text(text)) => text.clone(),
                _ => String::new(),
            };
            let kind = number(&parts, UNSENT_KIND);
            let said = [EntryKind::Text, EntryKind::File];
            let is_said = said.iter().any(|said| u64::from(said.number()) == kind);
            (text(0), text(1), is_said)
        };
        let rows = rows(&self.copy(false), OUTBOX).into_iter();
        rows.map(|(_, value)| unsent(&value)).collect()
    }

    /// Whether a device knows of a text: has it yet to send, or has it in its history.
    pub fn knows(&self, marker: Marker) -> bool {
        let copy = self.copy(false);
        let outbox = rows(&copy, OUTBOX).into_iter().map(|(_, value)| value);
        let history = rows(&copy, HISTORY).into_iter().map(|(_, value)| value);
        let is_it =
            |value: Vec<u8>| next_marker(&value, 0).is_some_and(|(found, _)| found == marker);
        outbox.chain(history).any(is_it)
    }

    /// The names of the files that a device is saving.
    pub fn downloads(&self) -> Vec<String> {
        let name = |value: &[u8]| {
            let row: Download = rmp_serde::from_slice(value).expect("rows are written so");
            row.2
        };
        let rows = rows(&self.copy(false), DOWNLOADS).into_iter();
        rows.map(|(_, value)| name(&value)).collect()
    }

    /// What there is of blobs.
    pub fn found_blobs(&self) -> impl Iterator<Item = FoundBlob> {
        let list = |first| self.blobs.list(first).expect("they can be listed");
        (0..=u8::MAX).flat_map(list)
    }

    /// The power has failed: of what was written of blobs that are not whole, `keep` says what is there.
    pub fn crash_blobs(&self, mut keep: impl FnMut() -> bool) {
        for blob in self.found_blobs().filter(|blob| blob.is_part) {
            self.blobs.change(&blob.key, true, |bytes| {
                while !bytes.is_empty() && !keep() {
                    bytes.truncate((bytes.len() - 1) / PIECE_MAX_BYTES * PIECE_MAX_BYTES);
                }
                if let Some(last) = bytes.last_mut().filter(|_| !keep()) {
                    *last ^= 1;
                }
            });
        }
    }

    /// How much a device has yet to send, and how many of its messages wait for receipts.
    pub fn waiting(&self) -> (usize, usize) {
        let copy = self.copy(false);
        (rows(&copy, OUTBOX).len(), rows(&copy, AWAITED).len())
    }

    /// A backup of a server that does not run.
    pub fn back_up(&self) -> Vec<u8> {
        self.whole_copy(true).image()
    }

    /// All bytes of the server's files.
    pub fn images(&self) -> Vec<Vec<u8>> {
        let numbers = self.memory.list().expect("segments can be listed");
        let segments = numbers.into_iter().map(|number| {
            let file = SegmentFiles::open(&self.memory, number).expect("just listed");
            let length = file.len().expect("the disk does not fail in reading");
            let mut bytes = vec![0; length as usize];
            file.read(0, &mut bytes)
                .expect("the disk does not fail in reading");
            bytes
        });
        segments.chain([self.memory.image()]).collect()
    }

    /// The database as it would be found if the power failed now.
    fn copy(&self, is_server: bool) -> Database {
        let copy = self.whole_copy(is_server);
        copy.open().expect("a copy can be opened")
    }

    fn whole_copy(&self, is_server: bool) -> MemoryDisk {
        let copy = self.memory.copy();
        if !is_server {
            return copy;
        }
        // What only the log contains comes into the tables, and of a backup the entries are rows.
        let files = copy.files().expect("a copy can be opened");
        let engine = Engine::new(files, [0; 32]).expect("the schema is ours");
        let backup = MemoryDisk::new();
        let database = backup.open().expect("it is empty");
        let rows = engine.snapshots().back_up_into(&database);
        rows.expect("a copy can be read");
        drop(database);
        backup
    }
}

/// The server's log on this disk.
impl SegmentFiles for Disk {
    fn list(&self) -> io::Result<Vec<u32>> {
        self.memory.list()
    }

    fn open(&self, number: u32) -> io::Result<Arc<dyn StorageBackend>> {
        Ok(Arc::new(
            self.track(SegmentFiles::open(&self.memory, number)?),
        ))
    }

    fn create(&self, number: u32) -> io::Result<Arc<dyn StorageBackend>> {
        let created = self.memory.create(number);
        self.failed.fetch_or(created.is_err(), Ordering::Relaxed);
        Ok(Arc::new(self.track(created?)))
    }

    fn remove(&self, number: u32) -> io::Result<()> {
        let removed = self.memory.remove(number);
        self.failed.fetch_or(removed.is_err(), Ordering::Relaxed);
        removed
    }

    fn segment_bytes(&self) -> u32 {
        self.memory.segment_bytes()
    }

    fn growth(&self) -> usize {
        self.memory.growth()
    }
}

/// The names of all accounts.
fn account_names(database: &Database) -> BTreeMap<u64, String> {
    let accounts = rows(database, ACCOUNTS).into_iter();
    let named = accounts.map(|(id, value)| {
        let row: AccountRow = row_of(&value);
        (id, row.0)
    });
    named.collect()
}

/// A row of the server's, which has a checksum of four bytes behind it.
fn row_of<'a, T: Deserialize<'a>>(value: &'a [u8]) -> T {
    let unsealed = &value[..value.len() - 4];
    rmp_serde::from_slice(unsealed).expect("rows are written so")
}

/// The conversation of two accounts, as the store numbers them: above 2^31, by the higher account, then by the lower.
fn pair_of(one: u64, other: u64) -> u64 {
    let (low, high) = (one.min(other), one.max(other));
    (1 << 31) + high * high.saturating_sub(1) / 2 + low
}

/// A table's rows; none if there is no such table yet.
fn rows<K>(database: &Database, table: TableDefinition<'_, K, &[u8]>) -> Vec<(K, Vec<u8>)>
where
    K: redb::Key + for<'a> redb::Value<SelfType<'a> = K> + 'static,
{
    let transaction = database.begin_read().expect("a copy can be read");
    let Ok(table) = transaction.open_table(table) else {
        return Vec::new();
    };
    let rows = table.iter().expect("a copy can be read");
    rows.map(|row| row.expect("a copy can be read"))
        .map(|(key, value)| (key.value(), value.value().to_vec()))
        .collect()
}
