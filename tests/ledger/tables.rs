//! What stands in the databases of processes that are dead: read from beside, so that whoever is started next finds
//! the files as the kill left them.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_bytes::ByteBuf;
use tempfile::TempDir;
use udpchat::protocol::{Attachment, Digest, EntryKind, ServerMessage, open};
use udpchat::store::{self, DATABASE_FILE, Engine};

use crate::markers::{Marker, marker_of};
use crate::support::databases_under;

/// A conversation and an entry of it.
pub type EntryKey = (u64, u64);

const LOG: TableDefinition<'_, EntryKey, &[u8]> = TableDefinition::new("log");
const HISTORY: TableDefinition<'_, EntryKey, &[u8]> = TableDefinition::new("history");
const OUTBOX: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("outbox");
const AWAITED: TableDefinition<'_, EntryKey, &[u8]> = TableDefinition::new("awaited");

/// A row of the server's log.
#[derive(Deserialize)]
struct LogRow {
    _prev: u64,
    _author: u64,
    _device: u64,
    _number: u64,
    _time_ms: u64,
    digest: Digest,
    content: ByteBuf,
    #[serde(default)]
    _deleted: IgnoredAny,
    #[serde(default)]
    _relation: IgnoredAny,
}

/// A row of a device's history.
#[derive(Deserialize)]
struct HistoryRow {
    _author: u64,
    _time_ms: u64,
    content: ByteBuf,
    digest: Digest,
    _prev: IgnoredAny,
    _author_name: IgnoredAny,
    #[serde(default)]
    _deleted: IgnoredAny,
    #[serde(default)]
    _was_amendment: IgnoredAny,
}

/// A row of a device's outbox.
#[derive(Deserialize)]
struct OutboxRow {
    _target: String,
    text: String,
    _numbered: IgnoredAny,
    refused: bool,
    #[serde(default)]
    _kind: IgnoredAny,
    #[serde(default)]
    _refers_to: IgnoredAny,
    #[serde(default)]
    _typed_ms: IgnoredAny,
    #[serde(default)]
    _key: IgnoredAny,
    #[serde(default)]
    _file: IgnoredAny,
}

/// Where each text stands, and under which digest. The reading of it has seen that none stands twice, and that each
/// has its digest.
pub type Entries = BTreeMap<Marker, (EntryKey, Digest)>;

/// What a device had made durable.
#[derive(Default)]
pub struct Device {
    pub history: Entries,
    /// What is yet to be stored, refused lines left out.
    pub outbox: Vec<Marker>,
    /// How many of its messages wait for receipts.
    pub awaited: usize,
}

/// What a dead server had stored: in the log, which the store itself puts into the rows of a backup of a copy.
pub fn server_log(data: &Path) -> Entries {
    let beside = TempDir::new().expect("a directory");
    let private = Permissions::from_mode(0o700);
    std::fs::set_permissions(beside.path(), private).expect("it is ours");
    copy_files(data, beside.path());
    let log = format!("{DATABASE_FILE}.segments");
    if data.join(&log).is_dir() {
        std::fs::create_dir(beside.path().join(&log)).expect("it is ours");
        let private = Permissions::from_mode(0o700);
        std::fs::set_permissions(beside.path().join(&log), private).expect("it is ours");
        copy_files(&data.join(&log), &beside.path().join(&log));
    }
    let file = beside.path().join(DATABASE_FILE);
    // Its making may have been cut short.
    if std::fs::metadata(&file).map_or(0, |metadata| metadata.len()) == 0 {
        return Entries::new();
    }
    let (files, _) =
        store::open_current(beside.path(), 0, [0; 32]).expect("a store opens after a kill");
    let engine = Engine::new(files, [0; 32]).expect("a store opens after a kill");
    let database = Database::create(beside.path().join("backup")).expect("there is room");
    let result = engine.snapshots().back_up_into(&database);
    result.expect("it can be read");
    let rows = rows(&database, LOG).into_iter().map(|(key, bytes)| {
        let row: LogRow = rmp_serde::from_slice(&bytes).expect("a row of the log");
        (key, row.content, row.digest)
    });
    entries(rows, "the server's log")
}

fn copy_files(from: &Path, to: &Path) {
    for item in std::fs::read_dir(from).into_iter().flatten() {
        let path = item.expect("a directory can be read").path();
        if path.is_file() {
            let name = path.file_name().expect("it was listed");
            std::fs::copy(&path, to.join(name)).expect("a file can be copied");
        }
    }
}

/// What a dead client had made durable.
pub fn device(state: &Path, whose: &str) -> Device {
    let mut found = databases_under(state);
    // A client that is alone takes no second device; it may not have come so far as to have one.
    assert!(found.len() < 2, "one client made two devices: {found:?}");
    let Some(database) = found.pop().and_then(|path| copy(&path)) else {
        return Device::default();
    };
    let history = rows(&database, HISTORY).into_iter().map(|(key, bytes)| {
        let row: HistoryRow = rmp_serde::from_slice(&bytes).expect("a row of the history");
        (key, row.content, row.digest)
    });
    let outbox = rows(&database, OUTBOX)
        .into_iter()
        .filter_map(|(_, bytes)| {
            let row: OutboxRow = rmp_serde::from_slice(&bytes).expect("a row of the outbox");
            let marker = marker_of(&row.text).expect("everything typed is marked");
            (!row.refused).then_some(marker)
        });
    Device {
        history: entries(history, whose),
        outbox: outbox.collect(),
        awaited: rows(&database, AWAITED).len(),
    }
}

fn entries(rows: impl Iterator<Item = (EntryKey, ByteBuf, Digest)>, whose: &str) -> Entries {
    let mut entries = Entries::new();
    for (key, content, digest) in rows {
        let message: ServerMessage = open(&content, &digest)
            .unwrap_or_else(|error| panic!("{whose}: {key:?} does not open: {error}"));
        let file = || message.body_of::<Attachment>(EntryKind::File);
        let text = message.text().map(|text| text.text);
        if let Some(text) = text.or_else(|| Some(file()?.text)) {
            let marker = marker_of(&text).expect("everything said is marked");
            let before = entries.insert(marker, (key, digest));
            assert_eq!(before, None, "{whose}: {marker:?} stands twice");
        }
    }
    entries
}

/// Opens a copy of a database, as a crash left it; nothing if there is none, or its making was cut short.
fn copy(path: &Path) -> Option<Database> {
    let copy = path.with_extension("copy");
    std::fs::copy(path, &copy).ok().filter(|bytes| *bytes > 0)?;
    let database = Database::open(&copy);
    // The open file stays readable.
    std::fs::remove_file(&copy).expect("it was just made");
    match database {
        Ok(database) => Some(database),
        Err(error) => panic!("{} cannot be opened after a kill: {error}", path.display()),
    }
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
