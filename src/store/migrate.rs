//! Bringing a database forward, from the schema of an older program to this one's.
//!
//! Forward only: before a step the file is copied beside itself, and who wants to go back restores that copy. All
//! steps and the new version are one transaction, so that a crash leaves either the old schema or the new one. An
//! older program refuses the newer version by name.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use redb::{Database, Key, ReadableTable, Table};

use super::Files;
use super::conversations::{load, save};
use super::error::StoreError;
use super::guard::guard;
use super::meta::{self, SCHEMA, SCHEMA_VERSION};
use super::open::{DATABASE_FILE, OpenError, open, reopen, reopen_tables, sync_directory_of};
use super::record::{ConversationRecord, seal, seal_entry};
use super::tables::Tables;
use crate::protocol::ConversationId;

/// The oldest schema that is brought forward.
const OLDEST: u64 = 1;

/// How many rows are rewritten at a time, so that the memory which a migration takes does not grow with the
/// database. Chosen: some 100 KiB of rows.
const ROWS_AT_A_TIME: usize = 1000;

/// Opens the database in a data directory as [`open`] does, and brings it forward if an older program has written it;
/// then the copy that was made before is returned too. `unix_ms` is the time, which only names the copy.
///
/// # Errors
/// See [`OpenError`].
pub fn open_current(data_dir: &Path, unix_ms: u64) -> Result<(Files, Option<PathBuf>), OpenError> {
    let files = open(data_dir)?;
    let found = match guard(|| meta::schema_version(&files.database))? {
        Some(found) if (OLDEST..SCHEMA_VERSION).contains(&found) => found,
        // What is new, current, newer or foreign is the engine's to judge.
        _ => return Ok((files, None)),
    };
    // Closed in order, the file holds everything (before schema 3 there was no journal); and the copy needs no repair
    // when it is opened.
    drop(files);
    let file = data_dir.join(DATABASE_FILE);
    let copy = copy_name(&file, found, unix_ms);
    copy_file(&file, &copy).map_err(|cause| OpenError::NoCopy {
        path: copy.clone(),
        cause,
    })?;
    migrate(&reopen_tables(data_dir)?)?;
    Ok((reopen(data_dir)?, Some(copy)))
}

/// Brings an open database forward, without a copy: the steps that are missing, all of them or none.
///
/// # Errors
/// If the database cannot be read or written, or is damaged; then it is as it was.
pub fn migrate(database: &Database) -> Result<(), OpenError> {
    let Some(found) = guard(|| meta::schema_version(database))? else {
        return Ok(());
    };
    if !(OLDEST..SCHEMA_VERSION).contains(&found) {
        return Ok(());
    }
    guard(|| {
        let transaction = database.begin_write().map_err(StoreError::from)?;
        {
            let changed = Cell::new(false);
            // This makes the tables that are new.
            let mut tables = Tables::open(&transaction, &changed)?;
            if found < 2 {
                from_1_to_2(&mut tables)?;
            }
            // Schema 3 has a journal beside the tables, which an older program would not look at.
            tables
                .meta
                .insert(SCHEMA, SCHEMA_VERSION)
                .map_err(StoreError::from)?;
        }
        transaction.commit().map_err(StoreError::from)?;
        Ok(())
    })
}

/// Checksums behind all records, and how many bytes each log takes.
fn from_1_to_2(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    reseal(&mut tables.accounts, |_, record| seal(record))?;
    reseal(&mut tables.devices, |_, record| seal(record))?;
    reseal(&mut tables.conversations, |_, record| seal(record))?;
    reseal(&mut tables.members, |_, record| seal(record))?;
    reseal(&mut tables.log, |(conversation, entry), record| {
        seal_entry(conversation, entry, record)
    })?;
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

/// Puts a checksum behind each record of a table.
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

/// Another name in the same directory: the file's own and something behind it.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    file.with_file_name(name)
}

/// Copies a file for its owner only. Under the new name it is whole and durable, or what was there before stands.
pub(super) fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let temporary = beside(to, &format!(".new-{}", std::process::id()));
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    let copied = File::open(from)
        .and_then(|mut source| io::copy(&mut source, &mut target))
        .and_then(|_| target.sync_all())
        .and_then(|()| fs::rename(&temporary, to));
    if copied.is_err() {
        // Half a copy is of no use, and on a full disk it is in the way.
        let _ = fs::remove_file(&temporary);
    }
    copied?;
    sync_directory_of(to)
}
