//! Copies of a database: made while it is in use, and put back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase};

use super::check::{self, Report};
use super::error::StoreError;
use super::guard::guard;
use super::meta;
use super::migrate::{beside, copy_file};
use super::open::{DATABASE_FILE, OpenError, journal_of, open_file, sync_directory_of};
use super::tables::{self, Snapshot, State, Tables};

/// Writes a snapshot into a database of its own, under another name until it is whole; returns how many rows it has.
pub(super) fn write(snapshot: &Snapshot, path: &Path) -> Result<u64, OpenError> {
    let failed = |cause| OpenError::NoCopy {
        path: path.into(),
        cause,
    };
    if fs::symlink_metadata(path).is_ok() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    let temporary = beside(path, ".part");
    let written = open_file(&temporary).and_then(|copy| Ok(fill(snapshot, &copy)?));
    let placed = written.and_then(|rows| {
        fs::rename(&temporary, path)
            .and_then(|()| sync_directory_of(path))
            .map_err(failed)?;
        Ok(rows)
    });
    if placed.is_err() {
        // Half a copy is of no use, and on a full disk it is in the way.
        let _ = fs::remove_file(&temporary);
    }
    placed
}

/// Fills an empty database with a snapshot, marked as a copy; returns how many rows it has.
pub(super) fn fill(snapshot: &Snapshot, copy: &Database) -> Result<u64, StoreError> {
    let transaction = copy.begin_write()?;
    let rows = {
        let state = State::default();
        let mut tables = Tables::open(&transaction, &state)?;
        let rows = tables::copy(snapshot, &mut tables)?;
        meta::mark_as_copy(&mut tables)?;
        rows
    };
    transaction.commit()?;
    Ok(rows)
}

/// Copies a database file that no server holds into a database of its own, as a running one's
/// [`Snapshots::back_up`](super::Snapshots::back_up) does. The file is not written to.
///
/// # Errors
/// See [`OpenError`].
pub fn back_up_file(file: &Path, path: &Path) -> Result<u64, OpenError> {
    let (database, _) = check::open_to_look(file)?;
    guard(|| {
        let transaction = database.begin_read().map_err(StoreError::from)?;
        write(&Snapshot::open(&transaction)?, path)
    })
}

/// Puts a backup in the place of a data directory's database, if nothing is wrong with it; the one that was there is
/// kept under the name returned. The next server gives it a new epoch.
///
/// # Errors
/// If the database is in use, or a file cannot be read or written. `Ok(Err(report))` if the backup is damaged: then
/// nothing has changed.
pub fn restore(
    backup: &Path,
    data_dir: &Path,
    day: &str,
) -> Result<Result<Option<PathBuf>, Report>, OpenError> {
    let report = check::check_file(backup)?;
    if !report.is_sound() {
        return Ok(Err(report));
    }
    let path = data_dir.join(DATABASE_FILE);
    let failed = |cause| OpenError::NoCopy {
        path: path.clone(),
        cause,
    };
    let is_there = fs::symlink_metadata(&path).is_ok();
    if is_there {
        // Refused while a server holds it; what is damaged may be replaced.
        if let Err(error @ OpenError::InUse { .. }) = check::open_to_look(&path) {
            return Err(error);
        }
    }
    let fresh = beside(&path, ".restored");
    copy_file(backup, &fresh).map_err(failed)?;
    mark(&fresh)?;
    let kept = if is_there {
        let kept = free_name(&path, day);
        fs::rename(&path, &kept).map_err(failed)?;
        match fs::rename(journal_of(&path), journal_of(&kept)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        Some(kept)
    } else {
        None
    };
    fs::rename(&fresh, &path)
        .and_then(|()| sync_directory_of(&path))
        .map_err(failed)?;
    Ok(Ok(kept))
}

/// A backup may be a plain copy of a file: now it says itself that it is one.
fn mark(path: &Path) -> Result<(), OpenError> {
    Ok(mark_as_copy(&open_file(path)?)?)
}

/// Has a database say of itself that it is a copy, as one that is put back does: whoever begins a service of it gives
/// it a new epoch.
///
/// # Errors
/// If it cannot be written.
pub fn mark_as_copy(database: &Database) -> Result<(), StoreError> {
    guard(|| {
        let transaction = database.begin_write()?;
        {
            let state = State::default();
            meta::mark_as_copy(&mut Tables::open(&transaction, &state)?)?;
        }
        transaction.commit()?;
        Ok(())
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
