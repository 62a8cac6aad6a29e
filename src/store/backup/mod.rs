//! Copies of a database: made while it is in use, and put back.

mod beside;
mod contents;
mod directory;
mod restore;

use crate::store::ops::log::copies;
use crate::store::ops::usage;
use crate::store::snapshots::Snapshots;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use redb::{Database, WriteTransaction};

use super::files::new_file::{Existing, NewFile};
use super::files::open::{OpenError, blobs_of, open_empty};
use crate::store::ReplicaState;
use crate::store::blobs::{BlobDirectory, BlobFiles};
use crate::store::catch_panic::guard;
use crate::store::check;
use crate::store::check::Looked;
use crate::store::copied_files::{self, Source};
use crate::store::error::{StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::places::{PlaceCursor, PlacesRecord};
use crate::store::schema::records::{ErasingRecord, LogRow, SegmentRecord};
use crate::store::schema::table::{Bulk, ReadTable as _};
use crate::store::schema::tables::{ReadTables as _, Snapshot, update};
use crate::store::segments::stored::EntryKey;

pub use contents::{BackupContents, look_at_backup};
pub use directory::{BackupSize, UNFINISHED_SUFFIX, make_backup_directory};
pub use restore::{Restored, refusal_of_backup, restore};

/// Makes a backup: `write` fills a file, here or in another process, which has its name once nothing is wrong with it. Returns
/// how many rows it has. A backup is one file, whatever a database consists of.
///
/// # Errors
/// What `write` says, or if the file cannot be made or is not a sound database. Then nothing is left of it.
pub fn make_backup<E: From<OpenError>>(
    path: &Path,
    existing: Existing,
    write: impl FnOnce(File) -> Result<u64, E>,
) -> Result<u64, E> {
    let new = NewFile::at(path, existing).map_err(OpenError::from)?;
    let rows = write(new.handle().map_err(OpenError::from)?)?;
    let report = check::check_copy(new.temporary_path()).map_err(|error| about(error, path))?;
    if !report.is_sound() {
        let found = report.findings.len() as u64 + report.omitted;
        let path = path.into();
        return Err(OpenError::UnsoundCopy { path, found }.into());
    }
    new.place_where(existing).map_err(OpenError::from)?;
    Ok(rows)
}

/// Writes a snapshot into an empty file, with the time, in milliseconds since 1970 (UTC); returns how many rows it has.
fn write(
    snapshot: &Snapshot,
    files: Option<&dyn BlobFiles>,
    file: File,
    unix_ms: u64,
) -> Result<u64, OpenError> {
    let copy = open_empty(file)?;
    let rows = fill(snapshot, files, &copy).map_err(copy_failed)?;
    note_time(&copy, unix_ms).map_err(copy_failed)?;
    Ok(rows)
}

/// Has a copy say when it was made.
fn note_time(copy: &Database, unix_ms: u64) -> Result<(), StoreError> {
    update(copy, |tables| {
        meta::note_copied(tables, unix_ms);
        Ok(())
    })
}

/// Why a copy could not be made.
fn copy_failed(cause: StoreError) -> OpenError {
    match cause {
        cause if cause.is_damage() => cause.into(),
        // Reading can fail too, but a disk that is full is the copy's.
        cause => OpenError::Copy { cause },
    }
}

/// Fills an empty database with a snapshot, marked as a copy; returns how many rows it has. Its entries are rows too, so that
/// a copy is one file, and so are the contents of these files.
pub(in crate::store) fn fill(
    snapshot: &Snapshot,
    files: Option<&dyn BlobFiles>,
    copy: &Database,
) -> Result<u64, StoreError> {
    let rows = fill_tables(snapshot, copy)?;
    let from = Source {
        tables: snapshot,
        files,
    };
    Ok(rows + copied_files::copy_into(&from, copy)?.rows)
}

/// The same without the contents of files.
fn fill_tables(snapshot: &Snapshot, copy: &Database) -> Result<u64, StoreError> {
    let transaction = copy.begin_write()?;
    meta::note_schema(&transaction)?;
    let rows = snapshot.copy_to(&transaction, &["blobs"])?;
    let (entries, deleted) = entries_into_rows(snapshot, &transaction)?;
    transaction.commit()?;
    finish(copy, &deleted)?;
    Ok(rows + entries)
}

/// Makes a copy of a database that was looked at with its log, in its own place.
///
/// # Errors
/// If it cannot be written.
pub(in crate::store) fn make_copy(looked: &Looked) -> Result<(), StoreError> {
    guard(|| {
        let snapshot = looked.snapshot()?;
        let transaction = looked.database.begin_write()?;
        let (_, deleted) = entries_into_rows(&snapshot, &transaction)?;
        transaction.commit()?;
        finish(&looked.database, &deleted)
    })
}

/// Has a copy be one, in which these entries were deleted while it was made.
fn finish(copy: &Database, deleted: &[EntryKey]) -> Result<(), StoreError> {
    update(copy, |tables| {
        meta::mark_as_copy(tables);
        copies::delete_with(tables, deleted)
    })
}

/// Has the tables of a copy hold the entries themselves; returns how many there are, and those that were deleted while it was
/// made. One that is damaged is left out, as far as its conversation is known.
fn entries_into_rows(
    snapshot: &Snapshot,
    transaction: &WriteTransaction,
) -> Result<(u64, Vec<EntryKey>), StoreError> {
    Bulk::<EntryKey, PlacesRecord>::open("places", transaction)?.clear()?;
    Bulk::<u64, SegmentRecord>::open("segments", transaction)?.clear()?;
    // They name places in segments that the copy does not have.
    Bulk::<(u64, u64), ErasingRecord>::open("erasing", transaction)?.clear()?;
    let mut log = Bulk::open("log", transaction)?;
    let mut cursor = PlaceCursor::default();
    let mut entries = 0;
    let mut freed = BTreeMap::new();
    let mut deleted = Vec::new();
    for row in snapshot.conversations().rows()? {
        let (id, record) = row?;
        let Some(mut record) = skip_damaged(record)? else {
            continue;
        };
        let bytes = record.bytes;
        for entry in record.log_start.saturating_add(1)..=record.head {
            let key = (id, entry);
            if let Some(stored) = skip_damaged(snapshot.entry_at(&mut cursor, key))?.flatten() {
                let row = stored.row();
                log.insert(&key, &LogRow::new(entry, &row))?;
                entries += 1;
                let less = stored.overwritten_bytes();
                if less > 0 {
                    deleted.push(key);
                    record.bytes = record.bytes.saturating_sub(less);
                    for account in BTreeSet::from([usage::author(&row), usage::ALL]) {
                        *freed.entry(account.0).or_default() += less;
                    }
                }
            }
        }
        if record.bytes != bytes {
            Bulk::open("conversations", transaction)?.insert(&id, &record)?;
        }
    }
    free(snapshot, transaction, &freed)?;
    Ok((entries, deleted))
}

/// Counts less for accounts in a copy: what was overwritten while the copy was made.
fn free(
    snapshot: &Snapshot,
    transaction: &WriteTransaction,
    freed: &BTreeMap<u64, u64>,
) -> Result<(), StoreError> {
    let mut usage = Bulk::open("usage", transaction)?;
    for (account, bytes) in freed {
        if let Some(before) = skip_damaged(snapshot.usage().get(account))?.flatten() {
            usage.insert(account, &before.saturating_sub(*bytes))?;
        }
    }
    Ok(())
}

/// Copies a database file that no server holds into an empty file, as [`Snapshots::back_up`] copies a running one. The database is
/// not written to.
///
/// # Errors
/// See [`OpenError`].
pub fn copy_file(database: &Path, copy: File, unix_ms: u64) -> Result<u64, OpenError> {
    let looked = check::open_to_look(database)?;
    let files = BlobDirectory::new(blobs_of(database));
    guard(|| write(&looked.snapshot()?, Some(&files), copy, unix_ms))
}

/// An error of the copy that is checked, as one of the backup.
pub(super) fn about(error: OpenError, backup: &Path) -> OpenError {
    let path = backup.to_owned();
    match error {
        OpenError::Truncated { bytes, .. } => OpenError::Truncated { path, bytes },
        OpenError::NotADatabase { .. } => OpenError::NotADatabase { path },
        OpenError::Damaged { reason, .. } => OpenError::Damaged { path, reason },
        OpenError::Io { cause, .. } => OpenError::Io { path, cause },
        other => other.at(backup),
    }
}

/// Has a database say of itself that it is a copy, as one that is put back does: whoever begins a service of it gives
/// it a new epoch.
///
/// # Errors
/// If it cannot be written.
pub fn mark_as_copy(database: &Database) -> Result<(), StoreError> {
    guard(|| {
        update(database, |tables| {
            meta::mark_as_copy(tables);
            Ok(())
        })
    })
}

/// Takes a copy out of the cluster of which it is, if it is of one.
pub(super) fn leave_cluster(database: &Database) -> Result<(), StoreError> {
    update(database, |tables| {
        ReplicaState::remove(tables);
        Ok(())
    })
}

impl Snapshots {
    /// Copies everything, as it stands now, into an empty file, with the time, in milliseconds since 1970 (UTC); returns how many
    /// rows that were.
    ///
    /// # Errors
    /// If the file is not empty, or one of the two cannot be read or written.
    pub fn back_up(&self, copy: File, unix_ms: u64) -> Result<u64, OpenError> {
        guard(|| -> Result<_, OpenError> {
            let (snapshot, _pin) = self.snapshot()?;
            write(&snapshot, self.files(), copy, unix_ms)
        })
    }

    /// The same into a database that is open and empty.
    ///
    /// # Errors
    /// If one of the two cannot be read or written.
    pub fn back_up_into(&self, copy: &Database) -> Result<u64, StoreError> {
        guard(|| {
            let (snapshot, _pin) = self.snapshot()?;
            fill(&snapshot, self.files(), copy)
        })
    }
}
