//! Puts a backup in a database's place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use redb::ReadableDatabase as _;

use super::contents::{file_of, look_at_backup};
use super::{about, fill_tables, leave_cluster, mark_as_copy};
use crate::store::blobs::BlobDirectory;
use crate::store::catch_panic::guard;
use crate::store::check::{self, Looked, Report};
use crate::store::copied_files::{Source, are_elsewhere, kept, lose, write_file};
use crate::store::error::StoreError;
use crate::store::files::copier::Copier;
use crate::store::files::directory::prepare_directory;
use crate::store::files::new_file::{NewFile, beside};
use crate::store::files::open::{
    DATABASE_FILE, OpenError, blobs_of, old_journal_of, open_new, segments_of,
};
use crate::store::files::open_error::unreadable;
use crate::store::files::ownership::{OwnerError, require_trusted, require_trusted_in};
use crate::store::schema::tables::Snapshot;

/// What came of a restore.
#[derive(Debug)]
pub enum Restored {
    /// The backup is in its place.
    Done {
        /// Under which name the database is kept that it replaces.
        kept: Option<PathBuf>,
        /// How many attached files are gone, since the backup, which is of a cluster's server, does not have them.
        files_lost: usize,
    },
    /// The backup is damaged, and nothing has changed.
    Damaged(Report),
}

/// A directory that goes unless it is renamed.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // It is not there if it was renamed, or was never made; what is left is removed before the next one is made.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Puts a backup in the place of a data directory's database, if nothing is wrong with it. A database that is there is
/// replaced only if that is wanted, and kept under another name. A directory that is missing is made. The next server gives
/// it a new epoch, unless it is of a cluster: then it goes on with the log of that, or leaves it.
///
/// # Errors
/// If a database is there and not to be replaced, or in use, or a file cannot be read or written.
pub fn restore(
    backup: &Path,
    data_dir: &Path,
    day: &str,
    replaces: bool,
    leaves_cluster: bool,
) -> Result<Restored, OpenError> {
    let path = data_dir.join(DATABASE_FILE);
    let is_there = fs::symlink_metadata(&path).is_ok();
    if is_there && !replaces {
        return Err(OpenError::Occupied { path });
    }
    let file = file_of(backup)?;
    let copier = Copier::new(&file, data_dir)?;
    // Opened first: it may be root's, and without it no directory is made.
    let source = copier.open_first(&file)?;
    let (_, report) = look_at_backup(backup)?;
    if !report.is_sound() {
        return Ok(Restored::Damaged(report));
    }
    let looked = check::open_to_look(&file).map_err(|error| error.at(&file))?;
    copier.begin()?;
    require_trusted_backup(&file, &source)?;
    prepare_directory(data_dir, None)?;
    if is_there {
        // Refused while a server holds it; what is damaged may be replaced.
        if let Err(error @ OpenError::InUse { .. }) = check::open_to_look(&path) {
            return Err(error);
        }
    }
    let fresh = NewFile::beside(&path)?;
    let blobs = Unfinished(blobs_of(fresh.temporary_path()));
    let to = (&fresh, blobs.0.as_path());
    let files_lost = copy_all((&looked, &copier), &file, to, leaves_cluster)?;
    // The copy is checked too: the backup can have been changed in between.
    let report =
        check::check_copy(fresh.temporary_path()).map_err(|error| blame(error, &file, &path))?;
    if !report.is_sound() {
        return Ok(Restored::Damaged(report));
    }
    let kept = free_name(&path, day);
    put_in_place(fresh, &blobs.0, is_there, &path, &kept)?;
    let kept = is_there.then_some(kept);
    Ok(Restored::Done { kept, files_lost })
}

/// Fills a new database, and the directory of its files. Returns how many of those are gone.
fn copy_all(
    (looked, copier): (&Looked, &Copier),
    backup: &Path,
    (fresh, blobs): (&NewFile, &Path),
    leaves_cluster: bool,
) -> Result<usize, OpenError> {
    let done = guard(|| -> Result<usize, OpenError> {
        let tables = looked.snapshot()?;
        let copy = open_new(fresh)?;
        // Both are open: only files of the backup's log are opened meanwhile.
        copier.open(|| fill_tables(&tables, &copy))?;
        // A backup may be a plain copy of a file: now it says itself that it is one.
        mark_as_copy(&copy)?;
        if leaves_cluster {
            leave_cluster(&copy)?;
        }
        let files = BlobDirectory::new(blobs_of(backup));
        let from = Source {
            tables: &tables,
            files: Some(&files),
        };
        let to = BlobDirectory::new(blobs.into());
        let own = Snapshot::open(&copy.begin_read().map_err(StoreError::from)?, None)?;
        let mut elsewhere = Vec::new();
        for blob in kept(&own)? {
            // What was opened can be read by whoever has it.
            let Some((tree, content)) = copier.open(|| from.whole(&blob)) else {
                if are_elsewhere(&tables)? {
                    elsewhere.push(blob);
                    continue;
                }
                let reason = "an attached file in it cannot be read".into();
                let path = backup.into();
                return Err(OpenError::Damaged { path, reason });
            };
            write_file(&blob, &tree, content, &to).map_err(|cause| OpenError::NotWritable {
                path: blobs.into(),
                cause,
            })?;
        }
        drop(own);
        lose(&copy, &elsewhere)?;
        Ok(if leaves_cluster { elsewhere.len() } else { 0 })
    });
    done.map_err(|error| blame(error, backup, fresh.path()))
}

/// Adds the path that an error is about: the backup, unless there was no room for what is written.
fn blame(error: OpenError, backup: &Path, database: &Path) -> OpenError {
    match error {
        OpenError::Store(cause) if cause.is_out_of_space() => OpenError::Store(cause).at(database),
        other => about(other, backup),
    }
}

/// Gives a database its name, and what had that name another.
fn put_in_place(
    fresh: NewFile,
    blobs: &Path,
    is_there: bool,
    path: &Path,
    kept: &Path,
) -> Result<(), OpenError> {
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
    // With the database's name comes all of it.
    let placed = match fs::rename(blobs, blobs_of(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => fresh.place().map_err(OpenError::from),
    };
    if let Err(error) = placed {
        let _ = fs::remove_dir_all(blobs_of(path));
        // Better the one that was there than none; if this fails too, the error says where to look.
        let _ = fs::rename(kept, path);
        for file_of in [segments_of, blobs_of, old_journal_of] {
            let _ = fs::rename(file_of(kept), file_of(path));
        }
        return Err(error);
    }
    Ok(())
}

/// Refuses a backup that others than its user and root can have written: the server's keys are in it, and whoever chooses
/// it chooses them.
fn require_trusted_backup(path: &Path, file: &File) -> Result<(), OpenError> {
    let metadata = file.metadata().map_err(|cause| unreadable(path, cause))?;
    Ok(require_trusted(path, &metadata)?)
}

/// Why a restore into a directory would refuse a backup that root can read, if it would: that others can have written it, or
/// that root does not read it for another user. Root acts as the owner of the directory afterwards.
///
/// # Errors
/// If it cannot be read.
pub fn refusal_of_backup(backup: &Path, data_dir: &Path) -> Result<Option<OwnerError>, OpenError> {
    let file = file_of(backup)?;
    let metadata = fs::metadata(&file).map_err(|cause| unreadable(&file, cause))?;
    if let Err(refusal) = require_trusted_in(data_dir, &file, &metadata) {
        return Ok(Some(refusal));
    }
    match Copier::new(&file, data_dir)?.open_first(&file) {
        Ok(_) => Ok(None),
        Err(OpenError::Owner(refusal)) => Ok(Some(refusal)),
        Err(error) => Err(error),
    }
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
