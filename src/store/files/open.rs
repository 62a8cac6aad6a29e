//! Opening a database file, with an answer for everything that can be wrong with it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{Database, DatabaseError, StorageError};

use super::cow_overlay;
use super::directory::{prepare_directory, require_nothing_left};
use super::leftovers::remove_leftovers;
use super::new_file::{NewFile, NewFileError, beside};
pub use super::open_error::OpenError;
pub(in crate::store) use super::open_error::from_redb;
use super::open_error::{from_io, unreadable};
use super::ownership::{OTHERS, require_own};
use super::regular::open_regular;
use crate::store::StoreError;
use crate::store::catch_panic::{FencedDatabase, guard};
use crate::store::segments::files::{SegmentDirectory, SegmentFiles};

/// The database's file in the server's data directory.
pub const DATABASE_FILE: &str = "udpchat.redb";

/// What follows the database's name in that of its log's directory.
const SEGMENTS_SUFFIX: &str = ".segments";

/// What follows it in that of the directory of its blobs.
const BLOBS_SUFFIX: &str = ".files";

/// How much of a database redb keeps in memory, in bytes; its own default is 1 GiB. Chosen: all of a small
/// server's, all that a checkpoint changes of a large one's, and little beside the rest of it.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// What a redb file begins with (redb's design document, "File format").
const MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";

/// The files of a store.
#[derive(Debug)]
pub struct Files {
    /// The tables.
    pub database: FencedDatabase,
    /// The log.
    pub segments: Arc<dyn SegmentFiles>,
}

/// Opens the database in a data directory and its log, making both where nothing is left of an earlier one.
///
/// # Errors
/// See [`OpenError`]; [`OpenError::NewerSchema`] and [`OpenError::Foreign`] come from `Engine::new`.
pub fn open(data_dir: &Path) -> Result<Files, OpenError> {
    prepare_directory(data_dir, None)?;
    let path = data_dir.join(DATABASE_FILE);
    if is_missing(&path) {
        require_nothing_left(&path)?;
    }
    let database = open_file(&path)?.into();
    with_segments(database, &path)
}

/// Whether nothing has this name.
pub(in crate::store) fn is_missing(path: &Path) -> bool {
    let metadata = fs::symlink_metadata(path);
    metadata.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// The journal that a database of schema 6 has.
pub(in crate::store) fn old_journal_of(path: &Path) -> PathBuf {
    beside(path, ".journal")
}

/// The directory of a database's log.
#[must_use]
pub fn segments_of(path: &Path) -> PathBuf {
    beside(path, SEGMENTS_SUFFIX)
}

/// The directory of a database's blobs.
#[must_use]
pub fn blobs_of(path: &Path) -> PathBuf {
    beside(path, BLOBS_SUFFIX)
}

fn with_segments(database: FencedDatabase, path: &Path) -> Result<Files, OpenError> {
    let segments = segments_of(path);
    match fs::symlink_metadata(&segments) {
        Ok(metadata) => require_owner_only(&segments, &metadata)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(from_io(&segments, cause)),
    }
    let segments = Arc::new(SegmentDirectory::new(&segments));
    Ok(Files { database, segments })
}

/// The log of a database file, to be read.
pub(in crate::store) fn look_at_segments(path: &Path) -> Arc<dyn SegmentFiles> {
    Arc::new(SegmentDirectory::look(&segments_of(path)))
}

/// Opens a single database file, making it with mode 0600 if it is not there. Its directory must exist.
///
/// # Errors
/// See [`OpenError`].
pub fn open_file(path: &Path) -> Result<Database, OpenError> {
    remove_leftovers(path);
    if is_missing(path) {
        make_file(path)?;
    }
    Ok(reopen_file(path)?.into_inner())
}

/// Opens the database in a data directory again after a failure. Unlike [`open`] it makes nothing: a disk that is
/// not mounted any more must not be taken for a server without accounts.
///
/// # Errors
/// See [`OpenError`].
pub fn reopen(data_dir: &Path) -> Result<Files, OpenError> {
    let path = data_dir.join(DATABASE_FILE);
    with_segments(reopen_file(&path)?, &path)
}

/// Opens a database file to read it, without its log; what is written to it stays in memory. While somebody looks at it, no
/// server can open it.
pub(in crate::store) fn look(path: &Path) -> Result<FencedDatabase, OpenError> {
    let mut file = open_to_read(path)?;
    let bytes = check_start(path, &mut file)?;
    let opened = guard(|| Ok(cow_overlay::look(file)));
    let opened = opened.map_err(|error: StoreError| damaged(path, &error))?;
    let database = opened.map_err(|error| from_redb(path, bytes, error))?;
    Ok(database.into())
}

/// Opens a regular file to read it. A named pipe would be waited for.
pub(in crate::store) fn open_to_read(path: &Path) -> Result<File, OpenError> {
    match open_regular(path) {
        Err(cause) if cause.kind() == io::ErrorKind::Other => {
            Err(OpenError::NotADatabase { path: path.into() })
        }
        opened => opened.map_err(|cause| unreadable(path, cause)),
    }
}

/// Opens only the tables' file again.
pub(in crate::store) fn reopen_tables(data_dir: &Path) -> Result<FencedDatabase, OpenError> {
    reopen_file(&data_dir.join(DATABASE_FILE))
}

fn reopen_file(path: &Path) -> Result<FencedDatabase, OpenError> {
    let mut file = open_existing(path).map_err(|cause| from_io(path, cause))?;
    let bytes = check_file(path, &mut file)?;
    let opened = guard(|| Ok(open_database(file)));
    let opened = opened.map_err(|error: StoreError| damaged(path, &error))?;
    let database = opened.map_err(|error| from_redb(path, bytes, error))?;
    Ok(database.into())
}

fn damaged(path: &Path, error: &StoreError) -> OpenError {
    OpenError::Damaged {
        path: path.into(),
        reason: error.to_string(),
    }
}

fn open_existing(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Makes a database under another name and only then gives it its own, so that a crash in between leaves nothing
/// that looks like a truncated database, and whoever else makes it at the same moment wins or loses whole.
fn make_file(path: &Path) -> Result<(), OpenError> {
    let new = NewFile::beside(path)?;
    drop(open_new(&new)?);
    match new.place() {
        Err(NewFileError::Exists { .. } | NewFileError::Taken { .. }) => Ok(()),
        placed => Ok(placed?),
    }
}

/// Makes a database of a file in the making. It must be closed before that gets its name.
pub(in crate::store) fn open_new(new: &NewFile) -> Result<FencedDatabase, OpenError> {
    match open_database(new.handle()?) {
        Err(DatabaseError::Storage(StorageError::Io(cause))) => {
            Err(NewFileError::io(new.path(), cause).into())
        }
        opened => Ok(opened
            .map_err(|error| from_redb(new.path(), 0, error))?
            .into()),
    }
}

/// Makes a database of an empty file that another process may have opened.
pub(in crate::store) fn open_empty(file: File) -> Result<FencedDatabase, OpenError> {
    let metadata = file.metadata().map_err(StoreError::from)?;
    if !metadata.is_file() || metadata.len() != 0 {
        return Err(OpenError::NotEmpty);
    }
    let database = open_database(file).map_err(|error| OpenError::Copy {
        cause: error.into(),
    });
    Ok(database?.into())
}

/// Checks who may read a file, and whose it is. Returns its length.
fn check_owner_only(path: &Path, file: &mut File) -> Result<u64, OpenError> {
    let failed = |cause| from_io(path, cause);
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(OpenError::NotADatabase { path: path.into() });
    }
    require_owner_only(path, &metadata)?;
    Ok(metadata.len())
}

fn require_owner_only(path: &Path, metadata: &Metadata) -> Result<(), OpenError> {
    require_own(path, metadata)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(OpenError::FileExposed {
            path: path.into(),
            mode,
        });
    }
    Ok(())
}

/// Checks what redb does not: who may read the file, and whether it is a database at all. Returns its length.
fn check_file(path: &Path, file: &mut File) -> Result<u64, OpenError> {
    check_owner_only(path, file)?;
    check_start(path, file)
}

/// Checks whether a file is a database at all. Returns its length.
fn check_start(path: &Path, file: &mut File) -> Result<u64, OpenError> {
    let failed = |cause| from_io(path, cause);
    let bytes = file.metadata().map_err(failed)?.len();
    let mut start = Vec::new();
    file.take(MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(failed)?;
    file.rewind().map_err(failed)?;
    if start == MAGIC {
        Ok(bytes)
    } else if MAGIC.starts_with(&start) {
        Err(OpenError::Truncated {
            path: path.into(),
            bytes,
        })
    } else {
        Err(OpenError::NotADatabase { path: path.into() })
    }
}

fn open_database(file: File) -> Result<Database, DatabaseError> {
    Database::builder()
        .set_cache_size(CACHE_BYTES)
        .create_with_backend(FileBackend::new(file)?)
}
