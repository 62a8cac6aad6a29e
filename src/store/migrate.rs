//! Bringing a database forward, from the schema of an older program to this one's.
//!
//! Forward only: before a step the file is copied beside itself, and who wants to go back restores that copy. All
//! steps and the new version are one transaction, so that a crash leaves either the old schema or the new one. An
//! older program refuses the newer version by name.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use redb::{
    Database, Key, ReadableTable, StorageBackend, Table, TableDefinition, TableError,
    WriteTransaction,
};

use super::Files;
use super::conversations::{load, save};
use super::error::StoreError;
use super::guard::guard;
use super::journal::Note;
use super::meta::{self, SCHEMA_VERSION};
use super::names;
use super::new_file::{NewFile, beside};
use super::open::{DATABASE_FILE, OpenError, open, reopen, reopen_tables};
use super::record::ConversationRecord;
use super::seal::{self, Place, Sealed, seal_entry};
use super::tables::{State, Tables};
use super::usage;
use crate::protocol::ConversationId;

/// The oldest schema that is brought forward.
const OLDEST: u64 = 1;

/// How many rows are rewritten at a time, so that the memory which a migration takes does not grow with the
/// database. Chosen: some 100 KiB of rows.
const ROWS_AT_A_TIME: usize = 1000;

/// Opens the database in a data directory as [`open`] does, and brings it forward if an older program has written it;
/// then the copy that was made before is returned too. `unix_ms` is the time, which only names the copy; `seed` is for
/// secrets that are new.
///
/// # Errors
/// See [`OpenError`].
pub fn open_current(
    data_dir: &Path,
    unix_ms: u64,
    seed: [u8; 32],
) -> Result<(Files, Option<PathBuf>), OpenError> {
    let files = open(data_dir)?;
    let found = match guard(|| meta::schema_version(&files.database))? {
        Some(found) if (OLDEST..SCHEMA_VERSION).contains(&found) => found,
        // What is new, current, newer or foreign is the engine's to judge.
        _ => return Ok((files, None)),
    };
    let first = first_record_3(&*files.journal)?;
    // Closed, the file needs no repair when its copy is opened.
    drop(files);
    let file = data_dir.join(DATABASE_FILE);
    let copy = copy_name(&file, found, unix_ms);
    copy_file(&file, &copy)?;
    migrate_with(&reopen_tables(data_dir)?, first, seed)?;
    Ok((reopen(data_dir)?, Some(copy)))
}

/// The number of the first record of a journal as schema 3 has it; zero in an empty one.
///
/// Its records are not made again: what a user has written may look like one of them.
fn first_record_3(journal: &dyn StorageBackend) -> Result<u64, OpenError> {
    let mut number = [0; 8];
    if journal.len().map_err(StoreError::from)? >= number.len() as u64 {
        journal.read(0, &mut number).map_err(StoreError::from)?;
    }
    Ok(u64::from_le_bytes(number))
}

/// Brings an open database forward that has no journal, without a copy: the steps that are missing, all of them or
/// none. `seed` is for secrets that are new.
///
/// # Errors
/// If the database cannot be read or written, or is damaged; then it is as it was.
pub fn migrate(database: &Database, seed: [u8; 32]) -> Result<(), OpenError> {
    migrate_with(database, 0, seed)
}

fn migrate_with(database: &Database, first_record: u64, seed: [u8; 32]) -> Result<(), OpenError> {
    let Some(found) = guard(|| meta::schema_version(database))? else {
        return Ok(());
    };
    if !(OLDEST..SCHEMA_VERSION).contains(&found) {
        return Ok(());
    }
    guard(|| {
        let transaction = database.begin_write().map_err(StoreError::from)?;
        let mut rng = ChaCha20Rng::from_seed(seed);
        forward(&transaction, found, first_record, &mut rng)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(())
    })
}

/// All steps from the schema that was found. Tables that are new are made by opening them.
fn forward(
    transaction: &WriteTransaction,
    found: u64,
    first_record: u64,
    rng: &mut ChaCha20Rng,
) -> Result<(), StoreError> {
    if found < 3 {
        to_schema_3(transaction, found)?;
    }
    let state = State::default();
    let mut tables = Tables::open(transaction, &state)?;
    // Before schema 4 it was not counted what accounts have written.
    usage::recount(&mut tables)?;
    note_journal(&mut tables, first_record, rng)?;
    // What looks alike is by another rule than in schema 3.
    names::put_skeletons(&mut tables)?;
    meta::note_schema(&mut tables)
}

/// From schema 3: the journal has records that no content can be taken for, and the tables say of themselves whether
/// they need it. What is in a journal of schema 3 that its server did not bring into the tables is lost: then they need
/// one that is not there, which the next start says.
fn note_journal(
    tables: &mut Tables<'_>,
    first_record: u64,
    rng: &mut ChaCha20Rng,
) -> Result<(), StoreError> {
    let applied = meta::take_journal_3(tables)?;
    let note = Note {
        applied,
        is_closed: first_record <= applied,
        ..Note::new(rng)
    };
    note.save(tables)
}

/// From schema 1: how many bytes each log takes, and check values behind all records. From schema 2: those count the
/// key and the table too, and stand behind every other row as well.
///
/// A row that was damaged before stays damaged: what its old check value does not fit gets no new one.
fn to_schema_3(transaction: &WriteTransaction, found: u64) -> Result<(), StoreError> {
    for name in NUMBERS.into_iter().chain(PRESENCES).chain([SENT]) {
        set_aside(transaction, name)?;
    }
    let state = State::default();
    {
        // This makes the tables that are new.
        let mut tables = Tables::open(transaction, &state)?;
        let sealed = Before { schema: found };
        reseal(&mut tables.accounts, |id, row| {
            sealed.record("accounts", id, row)
        })?;
        reseal(&mut tables.devices, |key, row| {
            sealed.record("devices", key, row)
        })?;
        reseal(&mut tables.members, |key, row| {
            sealed.record("members", key, row)
        })?;
        reseal(&mut tables.rooms, |id, row| sealed.record("rooms", id, row))?;
        reseal(&mut tables.retention, |id, row| {
            sealed.record("retention", id, row)
        })?;
        reseal(&mut tables.conversations, |id, row| {
            sealed.record("conversations", id, row)
        })?;
        if found == 1 {
            reseal(&mut tables.log, |(conversation, entry), record| {
                seal_entry(conversation, entry, record)
            })?;
            count_bytes(&mut tables)?;
        }
        numbers(transaction, "pairs", &mut tables.pairs)?;
        numbers(transaction, "rooms_of", &mut tables.rooms_of)?;
        numbers(transaction, "senders", &mut tables.senders)?;
        presences(transaction, "joined", &mut tables.joined)?;
        presences(transaction, "invited", &mut tables.invited)?;
        sealed_names(transaction, &mut tables)?;
        sent(transaction, &mut tables)?;
        secrets(&mut tables)?;
        meta::seal_all(&mut tables)?;
    }
    Ok(())
}

/// Tables whose rows are numbers, which stood there without check values.
const NUMBERS: [&str; 4] = ["names", "pairs", "rooms_of", "senders"];

/// Tables whose rows only are there.
const PRESENCES: [&str; 2] = ["joined", "invited"];

/// The table of what was stored under which number.
const SENT: &str = "sent";

/// What a table is called while its rows move into the one that takes its place.
fn aside(name: &str) -> String {
    format!("{name} before schema 3")
}

/// Renames a table, if it is there: one of another type takes its name.
fn set_aside(transaction: &WriteTransaction, name: &str) -> Result<(), StoreError> {
    let to = aside(name);
    let to = TableDefinition::<u64, u64>::new(&to);
    let renamed = match name {
        "names" => transaction.rename_table(TableDefinition::<(u8, &str), u64>::new(name), to),
        SENT => transaction.rename_table(OldSent::new(name), to),
        name if PRESENCES.contains(&name) => {
            transaction.rename_table(TableDefinition::<(u64, u64), ()>::new(name), to)
        }
        name => transaction.rename_table(TableDefinition::<(u64, u64), u64>::new(name), to),
    };
    match renamed {
        Ok(()) | Err(TableError::TableDoesNotExist(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

type OldSent<'n> = TableDefinition<'n, (u64, u64, u64), (u64, [u8; 32], u64)>;

/// The records of an older schema.
struct Before {
    schema: u64,
}

impl Before {
    /// A record with the check value of this schema; a damaged one as it is.
    fn record(&self, table: &str, place: impl Place, mut row: Vec<u8>) -> Vec<u8> {
        if self.schema > 1 {
            let Some((record, sum)) = row.split_last_chunk() else {
                return row;
            };
            if crc32fast::hash(record) != u32::from_le_bytes(*sum) {
                return row;
            }
            row.truncate(record.len());
        }
        seal::seal(table, place, row)
    }
}

/// Notes in each conversation's record what its log takes.
fn count_bytes(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let mut sizes = BTreeMap::<u64, u64>::new();
    for row in tables.log.iter()? {
        let (key, value) = row?;
        *sizes.entry(key.value().0).or_default() += value.value().len() as u64;
    }
    for (id, bytes) in sizes {
        // Entries without their conversation are for `check` to name.
        if let Some(record) = load(tables, ConversationId(id))? {
            save(
                tables,
                ConversationId(id),
                &ConversationRecord { bytes, ..record },
            )?;
        }
    }
    Ok(())
}

fn numbers(
    transaction: &WriteTransaction,
    name: &'static str,
    to: &mut Table<'_, (u64, u64), Sealed>,
) -> Result<(), StoreError> {
    let aside = aside(name);
    let from = TableDefinition::<(u64, u64), u64>::new(&aside);
    for row in transaction.open_table(from)?.iter()? {
        let (key, value) = row?;
        let key = key.value();
        to.insert(key, seal::number(name, key, value.value()))?;
    }
    transaction.delete_table(from)?;
    Ok(())
}

fn presences(
    transaction: &WriteTransaction,
    name: &'static str,
    to: &mut Table<'_, (u64, u64), u32>,
) -> Result<(), StoreError> {
    let aside = aside(name);
    let from = TableDefinition::<(u64, u64), ()>::new(&aside);
    for row in transaction.open_table(from)?.iter()? {
        let key = row?.0.value();
        to.insert(key, seal::presence(name, key))?;
    }
    transaction.delete_table(from)?;
    Ok(())
}

fn sealed_names(transaction: &WriteTransaction, to: &mut Tables<'_>) -> Result<(), StoreError> {
    let aside = aside("names");
    let from = TableDefinition::<(u8, &str), u64>::new(&aside);
    for row in transaction.open_table(from)?.iter()? {
        let (key, id) = row?;
        let key = key.value();
        to.names
            .insert(key, seal::number("names", key, id.value()))?;
    }
    transaction.delete_table(from)?;
    Ok(())
}

fn sent(transaction: &WriteTransaction, to: &mut Tables<'_>) -> Result<(), StoreError> {
    let aside = aside(SENT);
    let from = OldSent::new(&aside);
    for row in transaction.open_table(from)?.iter()? {
        let (key, value) = row?;
        let (key, (number, digest, entry)) = (key.value(), value.value());
        to.sent
            .insert(key, seal::sent(key, number, digest, entry))?;
    }
    transaction.delete_table(from)?;
    Ok(())
}

fn secrets(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let mut found = Vec::new();
    for row in tables.secrets.iter()? {
        let (name, secret) = row?;
        found.push((name.value().to_owned(), secret.value().to_vec()));
    }
    for (name, secret) in found {
        let sealed = seal::seal(meta::SECRETS, &*name, secret);
        tables.secrets.insert(&*name, &*sealed)?;
    }
    Ok(())
}

/// Gives each record of a table another check value.
fn reseal<K>(
    table: &mut Table<'_, K, &'static [u8]>,
    seal: impl Fn(K, Vec<u8>) -> Vec<u8>,
) -> Result<(), StoreError>
where
    K: for<'a> Key<SelfType<'a> = K> + Copy + 'static,
{
    let mut last = Bound::Unbounded;
    loop {
        let mut rows = Vec::new();
        for row in table
            .range::<K>((last, Bound::Unbounded))?
            .take(ROWS_AT_A_TIME)
        {
            let (key, value) = row?;
            rows.push((key.value(), value.value().to_vec()));
        }
        let Some((key, _)) = rows.last() else {
            return Ok(());
        };
        last = Bound::Excluded(*key);
        for (key, record) in rows {
            table.insert(key, &*seal(key, record))?;
        }
    }
}

/// The name of the copy of a database: its schema and the day (UTC).
fn copy_name(file: &Path, schema: u64, unix_ms: u64) -> PathBuf {
    let day = i64::try_from(unix_ms)
        .ok()
        .and_then(|time_ms| Timestamp::from_millisecond(time_ms).ok())
        .unwrap_or_default()
        .strftime("%Y-%m-%d");
    beside(file, &format!(".schema-{schema}.{day}"))
}

/// Copies a file for its owner only. Under the new name it is whole and durable, or what was there before stands.
fn copy_file(from: &Path, to: &Path) -> Result<(), OpenError> {
    let source = File::open(from).map_err(|cause| OpenError::NotReadable {
        path: from.into(),
        cause,
    })?;
    let mut copy = NewFile::beside(to).map_err(OpenError::NoCopy)?;
    copy.fill(source).map_err(OpenError::NoCopy)?;
    copy.replace().map_err(OpenError::NoCopy)
}
