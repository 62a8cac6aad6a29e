//! A backup that is a directory: the tables and entries in one file, and each attached file as a file of its own, so that
//! the next backup copies only those that are new.
//!
//! It is made under another name, made durable and checked, and only then has its own: a name without
//! [`UNFINISHED_SUFFIX`] is a whole backup.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::beside::{Beside, write_beside};
use super::{copy_failed, fill_tables, note_time};
use crate::store::blobs::BlobDirectory;
use crate::store::catch_panic::guard;
use crate::store::check;
use crate::store::copied_files::Source;
use crate::store::files::new_file::{NewFileError, beside, sync_directory_of};
use crate::store::files::open::{DATABASE_FILE, OpenError, blobs_of, open_empty};
use crate::store::files::open_error::cannot_make;
use crate::store::snapshots::Snapshots;

/// What follows the name of a backup that is not whole: one in the making, or one that is being removed.
pub const UNFINISHED_SUFFIX: &str = ".part";

/// How large a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupSize {
    /// Rows of tables, entries of logs among them.
    pub rows: u64,
    /// Attached files.
    pub files: u64,
    /// Attached files that are missing in it: they were deleted meanwhile, or are damaged.
    pub files_lost: u64,
    /// All of it, in bytes.
    pub bytes: u64,
    /// How much of that it does not share with the backup before it.
    pub new_bytes: u64,
}

/// Makes a backup that is a directory: nothing must have its name. Files that the backup of the same kind `earlier` has are not
/// copied. `unix_ms` is the time, in milliseconds since 1970 (UTC).
///
/// # Errors
/// If it cannot be written, or is not a sound database. Then nothing is left of it.
pub fn make_backup_directory(
    path: &Path,
    earlier: Option<&Path>,
    snapshots: &Snapshots,
    unix_ms: u64,
) -> Result<BackupSize, OpenError> {
    let unfinished = beside(path, UNFINISHED_SUFFIX);
    let made = DirBuilder::new().mode(0o700).create(&unfinished);
    made.map_err(|cause| cannot_make(&unfinished, cause))?;
    let size = write(&unfinished, earlier, snapshots, unix_ms).and_then(|size| {
        place(&unfinished, path)?;
        Ok(size)
    });
    if size.is_err() {
        // What cannot be removed now is, before the next one.
        let _ = fs::remove_dir_all(&unfinished);
    }
    size
}

fn write(
    directory: &Path,
    earlier: Option<&Path>,
    snapshots: &Snapshots,
    unix_ms: u64,
) -> Result<BackupSize, OpenError> {
    let database = directory.join(DATABASE_FILE);
    let failed = |cause: io::Error| NewFileError::io(&database, cause);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&database);
    let file = file.map_err(failed)?;
    let files = |directory: &Path| BlobDirectory::new(blobs_of(&directory.join(DATABASE_FILE)));
    let earlier = earlier.map(files);
    let written = guard(|| -> Result<_, OpenError> {
        let (snapshot, _pin) = snapshots.snapshot()?;
        let copy = open_empty(file)?;
        let rows = fill_tables(&snapshot, &copy).map_err(copy_failed)?;
        note_time(&copy, unix_ms).map_err(copy_failed)?;
        let from = Source {
            tables: &snapshot,
            files: snapshots.files(),
        };
        let beside = write_beside(&from, &copy, &files(directory), earlier.as_ref());
        Ok((rows, beside.map_err(copy_failed)?))
    });
    let (rows, beside) = written?;
    let report = check::check_tables(&database)?;
    if !report.is_sound() {
        let found = report.findings.len() as u64 + report.omitted;
        let path = database;
        return Err(OpenError::UnsoundCopy { path, found });
    }
    let table_bytes = fs::metadata(&database).map_err(failed)?.len();
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    sync(&database).map_err(failed)?;
    sync(directory).map_err(failed)?;
    let Beside {
        files,
        bytes,
        new_bytes,
        lost: files_lost,
    } = beside;
    Ok(BackupSize {
        rows,
        files,
        files_lost,
        bytes: table_bytes + bytes,
        new_bytes: table_bytes + new_bytes,
    })
}

/// Gives a whole backup its name.
fn place(unfinished: &PathBuf, path: &Path) -> Result<(), NewFileError> {
    let failed = |cause| NewFileError::io(path, cause);
    if fs::symlink_metadata(path).is_ok() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    fs::rename(unfinished, path).map_err(failed)?;
    sync_directory_of(path).map_err(failed)
}
