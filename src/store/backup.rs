//! Copies of a database: made while it is in use, and put back.

use crate::store::ops::log::copies;
use crate::store::ops::usage;
use crate::store::snapshots::Snapshots;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use redb::{Database, WriteTransaction};

use super::files::directory::prepare_directory;
use super::files::new_file::{Existing, NewFile, beside};
use super::files::open::{
    DATABASE_FILE, OpenError, blobs_of, old_journal_of, open_empty, open_file, open_new,
    open_to_read, segments_of,
};
use super::files::open_error::unreadable;
use super::files::ownership::{act_as_owner, require_trusted};
use crate::store::blobs::{BlobDirectory, BlobFiles};
use crate::store::catch_panic::{FencedDatabase, guard};
use crate::store::check;
use crate::store::check::{Looked, Report};
use crate::store::copied_files::{self, Source};
use crate::store::error::{StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::places::{PlaceCursor, PlacesRecord};
use crate::store::schema::records::{ErasingRecord, LogRow, SegmentRecord};
use crate::store::schema::table::{Bulk, ReadTable as _};
use crate::store::schema::tables::{ReadTables as _, Snapshot, update};
use crate::store::segments::stored::EntryKey;

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

/// Writes a snapshot into an empty file; returns how many rows it has.
fn write(snapshot: &Snapshot, files: Option<&dyn BlobFiles>, file: File) -> Result<u64, OpenError> {
    let copy = open_empty(file)?;
    fill(snapshot, files, &copy).map_err(|cause| match cause {
        cause if cause.is_damage() => cause.into(),
        // Reading can fail too, but a disk that is full is the copy's.
        cause => OpenError::Copy { cause },
    })
}

/// Fills an empty database with a snapshot, marked as a copy; returns how many rows it has. Its entries are rows too, so that
/// a copy is one file, and so are the contents of these files.
pub(in crate::store) fn fill(
    snapshot: &Snapshot,
    files: Option<&dyn BlobFiles>,
    copy: &Database,
) -> Result<u64, StoreError> {
    let transaction = copy.begin_write()?;
    meta::note_schema(&transaction)?;
    let rows = snapshot.copy_to(&transaction, &["blobs"])?;
    let (entries, deleted) = entries_into_rows(snapshot, &transaction)?;
    transaction.commit()?;
    finish(copy, &deleted)?;
    let from = Source {
        tables: snapshot,
        files,
    };
    Ok(rows + entries + copied_files::copy_into(&from, copy)?.rows)
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
pub fn copy_file(database: &Path, copy: File) -> Result<u64, OpenError> {
    let looked = check::open_to_look(database)?;
    let files = BlobDirectory::new(blobs_of(database));
    guard(|| write(&looked.snapshot()?, Some(&files), copy))
}

/// Puts a backup in the place of a data directory's database, if nothing is wrong with it; the one that was there is
/// kept under the name returned. A directory that is missing is made. The next server gives it a new epoch.
///
/// # Errors
/// If the database is in use, or a file cannot be read or written. `Ok(Err(report))` if the backup is damaged: then
/// nothing has changed.
pub fn restore(
    backup: &Path,
    data_dir: &Path,
    day: &str,
) -> Result<Result<Option<PathBuf>, Report>, OpenError> {
    // Opened first: it may be root's, and without it no directory is made.
    let source = open_to_read(backup)?;
    // A server's own database needs its log, which a copy would lack.
    let looked = check::open_to_look(backup).map_err(|error| error.at(backup))?;
    if let Some(loss) = looked.loss {
        let path = backup.into();
        return Err(OpenError::LacksLog { path, loss });
    }
    let has_log = fs::symlink_metadata(segments_of(backup)).is_ok();
    act_as_owner(data_dir)?;
    require_trusted_backup(backup, &source)?;
    prepare_directory(data_dir, None)?;
    let path = data_dir.join(DATABASE_FILE);
    let is_there = fs::symlink_metadata(&path).is_ok();
    if is_there {
        // Refused while a server holds it; what is damaged may be replaced.
        if let Err(error @ OpenError::InUse { .. }) = check::open_to_look(&path) {
            return Err(error);
        }
    }
    let mut fresh = NewFile::beside(&path)?;
    if has_log || looked.is_migrated {
        let copy = open_new(&fresh)?;
        let files = BlobDirectory::new(blobs_of(backup));
        guard(|| fill(&looked.snapshot()?, Some(&files), &copy))
            .map_err(|error: StoreError| OpenError::from(error).at(backup))?;
    } else {
        fresh.fill(source)?;
    }
    // The copy is checked, and not the backup: that one can have been changed in between.
    let report = check::check_copy(fresh.temporary_path()).map_err(|error| about(error, backup))?;
    if !report.is_sound() {
        return Ok(Err(report));
    }
    // A backup may be a plain copy of a file: now it says itself that it is one.
    mark_as_copy(&FencedDatabase::from(open_file(fresh.temporary_path())?))?;
    let kept = free_name(&path, day);
    put_in_place(fresh, is_there, &path, &kept)?;
    Ok(Ok(is_there.then_some(kept)))
}

/// Gives a database its name, and what had that name another.
fn put_in_place(fresh: NewFile, is_there: bool, path: &Path, kept: &Path) -> Result<(), OpenError> {
    let failed = |cause| OpenError::NotWritable {
        path: path.into(),
        cause,
    };
    if is_there {
        fs::rename(path, kept).map_err(failed)?;
    }
    // It may be all that is left of the database.
    for file_of in [segments_of, blobs_of, old_journal_of] {
        match fs::rename(file_of(path), file_of(kept)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    if let Err(error) = fresh.place() {
        // Better the one that was there than none; if this fails too, the error says where to look.
        let _ = fs::rename(kept, path);
        for file_of in [segments_of, blobs_of, old_journal_of] {
            let _ = fs::rename(file_of(kept), file_of(path));
        }
        return Err(error.into());
    }
    Ok(())
}

/// Refuses a backup that others than its user and root can have written: the server's keys are in it, and whoever chooses
/// it chooses them.
fn require_trusted_backup(path: &Path, file: &File) -> Result<(), OpenError> {
    let metadata = file.metadata().map_err(|cause| unreadable(path, cause))?;
    Ok(require_trusted(path, &metadata)?)
}

/// An error of the copy that is checked, as one of the backup.
fn about(error: OpenError, backup: &Path) -> OpenError {
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

/// A name for the database that is replaced, which nothing has yet.
fn free_name(path: &Path, day: &str) -> PathBuf {
    let first = beside(path, &format!(".replaced.{day}"));
    let others = (2_u32..).map(|number| beside(path, &format!(".replaced.{day}.{number}")));
    std::iter::once(first)
        .chain(others)
        .find(|name| fs::symlink_metadata(name).is_err())
        .expect("a directory does not hold four billion files")
}

impl Snapshots {
    /// Copies everything, as it stands now, into an empty file; returns how many rows that were.
    ///
    /// # Errors
    /// If the file is not empty, or one of the two cannot be read or written.
    pub fn back_up(&self, copy: File) -> Result<u64, OpenError> {
        guard(|| -> Result<_, OpenError> {
            let (snapshot, _pin) = self.snapshot()?;
            write(&snapshot, self.files(), copy)
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
