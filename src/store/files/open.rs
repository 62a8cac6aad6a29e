//! Opening a database file, with an answer for everything that can be wrong with it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Database, DatabaseError, StorageBackend, StorageError};
use thiserror::Error;

use super::leftovers::remove_leftovers;
use super::new_file::{NewFile, NewFileError, beside, sync_directory_of};
use super::ownership::{OTHERS, OwnerError, require_own};
use super::rollback::GENERATION_FILE;
use crate::store::StoreError;
use crate::store::catch_panic::guard;
use crate::store::error::advice;

/// The database's file in the server's data directory.
pub const DATABASE_FILE: &str = "udpchat.redb";

/// What follows the database's name in that of its journal.
const JOURNAL_SUFFIX: &str = ".journal";

/// How much of a database redb keeps in memory, in bytes; its own default is 1 GiB. Chosen: all of a small
/// server's, all that a checkpoint changes of a large one's, and little beside the rest of it.
const CACHE_BYTES: usize = 128 * 1024 * 1024;

/// What a redb file begins with (redb's design document, "File format").
const MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";

/// The files of a store.
#[derive(Debug)]
pub struct Files {
    /// The tables.
    pub database: Database,
    /// The journal; a new one is empty.
    pub journal: Box<dyn StorageBackend>,
}

/// Why a database could not be opened. Each text says what to do about it.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The directory cannot be made.
    #[error("cannot make the directory {path}: {cause}")]
    MakeDirectory {
        /// Which.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Something else has the directory's name.
    #[error("{path} is not a directory: name another with --data, or move it away")]
    NotADirectory {
        /// Which.
        path: PathBuf,
    },
    /// The directory is open to others.
    #[error("the directory {path} is open to other users (mode {mode:o}): run `chmod 700 {path}`")]
    DirectoryExposed {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is open to others.
    #[error("the database {path} is open to other users (mode {mode:o}): run `chmod 600 {path}`")]
    FileExposed {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to another user.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// This user may not write there.
    #[error("cannot write to {path}: {cause}{}", advice(cause))]
    NotWritable {
        /// Which.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Another process holds the database.
    #[error("the database {path} is in use by another process: stop that one first")]
    InUse {
        /// Which.
        path: PathBuf,
    },
    /// There is no database, but what belongs to one.
    #[error(
        "the database {path} is gone, but not {}: restore a backup with `udpchat store restore FILE`, or remove the remaining files to start empty",
        .left.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and ")
    )]
    Gone {
        /// The database.
        path: PathBuf,
        /// The files of it that are still there.
        left: Vec<PathBuf>,
    },
    /// The file is empty or ends before the database does.
    #[error("the database {path} is truncated ({bytes} bytes are left): restore it from a backup")]
    Truncated {
        /// Which.
        path: PathBuf,
        /// The file's length.
        bytes: u64,
    },
    /// The file never was a database.
    #[error("{path} is not a udpchat database: move it away, or name another place")]
    NotADatabase {
        /// Which.
        path: PathBuf,
    },
    /// The database's own checks failed.
    #[error(
        "the database {path} is damaged ({reason}): restore it from a backup; if there is none, try `udpchat store rescue \
         FILE`"
    )]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What redb says.
        reason: String,
    },
    /// redb cannot open the file, or nothing in it.
    #[error(
        "the database {path} is damaged so that nothing can be read of it ({reason}): restore it from a backup"
    )]
    BeyondRescue {
        /// Which.
        path: PathBuf,
        /// What redb says.
        reason: String,
    },
    /// Any other failure of the file system.
    #[error("cannot open the database {path}: {cause}{}", advice(cause))]
    Io {
        /// Which.
        path: PathBuf,
        /// What failed.
        cause: io::Error,
    },
    /// The database was written by a newer udpchat.
    #[error(
        "the database has schema {found}, and this udpchat knows only up to {known}: use a newer one"
    )]
    NewerSchema {
        /// The database's schema.
        found: u64,
        /// The newest that this program knows.
        known: u64,
    },
    /// The database was written by an older udpchat, and was not migrated: see `open_current`.
    #[error(
        "the database has schema {found}, and this udpchat reads only {known}: use the udpchat that wrote it, or start \
         with a new data directory"
    )]
    OlderSchema {
        /// The database's schema.
        found: u64,
        /// The one that this program reads.
        known: u64,
    },
    /// The copy that is made before a database is migrated could not be made.
    #[error("cannot migrate the database without a copy: {0}")]
    NoCopy(NewFileError),
    /// A file that is made beside it could not be made.
    #[error(transparent)]
    NewFile(#[from] NewFileError),
    /// A file that is read could not be.
    #[error("cannot read {path}: {cause}{}", advice(cause))]
    NotReadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// A redb database, but not of a udpchat server.
    #[error("the database is not one of a udpchat server: name another place")]
    Foreign,
    /// Another database was found where the one was that failed.
    #[error("the database is not the one that was open before: restart the server")]
    Replaced,
    /// A file of the store failed while it was used.
    #[error("{path}: {cause}{}", cause.advice())]
    Failed {
        /// Which.
        path: PathBuf,
        /// What failed.
        cause: StoreError,
    },
    /// The database opened and then failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// The same, with the database's path where it does not have one.
    #[must_use]
    pub fn at(self, path: &Path) -> Self {
        match self {
            Self::Store(cause) => Self::Failed {
                path: path.into(),
                cause,
            },
            other => other,
        }
    }
}

/// Opens the database in a data directory and its journal, making both where nothing is left of an earlier one.
///
/// # Errors
/// See [`OpenError`]; [`OpenError::NewerSchema`] and [`OpenError::Foreign`] come from `Engine::new`.
pub fn open(data_dir: &Path) -> Result<Files, OpenError> {
    prepare_directory(data_dir)?;
    let path = data_dir.join(DATABASE_FILE);
    // Looked for first: whoever makes a database makes these behind it.
    let mut left = vec![journal_of(&path), data_dir.join(GENERATION_FILE)];
    left.retain(|path| fs::symlink_metadata(path).is_ok());
    if !left.is_empty() && is_missing(&path) {
        return Err(OpenError::Gone { path, left });
    }
    let database = open_file(&path)?;
    let journal = journal_of(&path);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&journal)
        .and_then(|file| sync_directory_of(&journal).map(|()| file))
        .map_err(|cause| from_io(&journal, cause))?;
    with_journal(database, &journal, file)
}

fn is_missing(path: &Path) -> bool {
    let metadata = fs::symlink_metadata(path);
    metadata.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// The journal of a database file.
pub(in crate::store) fn journal_of(path: &Path) -> PathBuf {
    beside(path, JOURNAL_SUFFIX)
}

fn with_journal(database: Database, path: &Path, mut file: File) -> Result<Files, OpenError> {
    check_owner_only(path, &mut file)?;
    let backend = FileBackend::new(file).map_err(|error| from_redb(path, 0, error))?;
    Ok(Files {
        database,
        journal: Box::new(backend),
    })
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
    reopen_file(path)
}

/// Opens the database in a data directory again after a failure. Unlike [`open`] it makes nothing: a disk that is
/// not mounted any more must not be taken for a server without accounts.
///
/// # Errors
/// See [`OpenError`].
pub fn reopen(data_dir: &Path) -> Result<Files, OpenError> {
    let path = data_dir.join(DATABASE_FILE);
    let database = reopen_file(&path)?;
    let journal = journal_of(&path);
    let file = open_existing(&journal).map_err(|cause| from_io(&journal, cause))?;
    with_journal(database, &journal, file)
}

/// Opens only the tables' file again.
pub(in crate::store) fn reopen_tables(data_dir: &Path) -> Result<Database, OpenError> {
    reopen_file(&data_dir.join(DATABASE_FILE))
}

fn reopen_file(path: &Path) -> Result<Database, OpenError> {
    let mut file = open_existing(path).map_err(|cause| from_io(path, cause))?;
    let bytes = check_file(path, &mut file)?;
    let opened =
        guard(|| Ok(open_database(file))).map_err(|error: StoreError| OpenError::Damaged {
            path: path.into(),
            reason: error.to_string(),
        })?;
    opened.map_err(|error| from_redb(path, bytes, error))
}

/// Makes a data directory that is not there, and refuses one that is not its user's alone.
pub(in crate::store) fn prepare_directory(path: &Path) -> Result<(), OpenError> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(|cause| cannot_make(path, cause))?;
            fs::metadata(path)
        }
        result => result,
    }
    .map_err(|cause| from_io(path, cause))?;
    if !metadata.is_dir() {
        return Err(OpenError::NotADirectory { path: path.into() });
    }
    require_own(path, &metadata)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(OpenError::DirectoryExposed {
            path: path.into(),
            mode,
        });
    }
    Ok(())
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
        Err(NewFileError::Taken { .. }) => Ok(()),
        placed => Ok(placed?),
    }
}

/// Makes a database of a file in the making. It must be closed before that gets its name.
pub(in crate::store) fn open_new(new: &NewFile) -> Result<Database, OpenError> {
    open_database(new.handle()?).map_err(|error| from_redb(new.path(), 0, error))
}

/// Checks who may read a file, and whose it is. Returns its length.
fn check_owner_only(path: &Path, file: &mut File) -> Result<u64, OpenError> {
    let failed = |cause| from_io(path, cause);
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(OpenError::NotADatabase { path: path.into() });
    }
    require_own(path, &metadata)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(OpenError::FileExposed {
            path: path.into(),
            mode,
        });
    }
    Ok(metadata.len())
}

/// Checks what redb does not: who may read the file, and whether it is a database at all. Returns its length.
fn check_file(path: &Path, file: &mut File) -> Result<u64, OpenError> {
    let failed = |cause| from_io(path, cause);
    let bytes = check_owner_only(path, file)?;
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

fn from_io(path: &Path, cause: io::Error) -> OpenError {
    match cause.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            let path = path.into();
            OpenError::NotWritable { path, cause }
        }
        io::ErrorKind::IsADirectory => OpenError::NotADatabase { path: path.into() },
        io::ErrorKind::NotADirectory => not_a_directory(path),
        _ => {
            let path = path.into();
            OpenError::Io { path, cause }
        }
    }
}

fn cannot_make(path: &Path, cause: io::Error) -> OpenError {
    match cause.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => from_io(path, cause),
        io::ErrorKind::NotADirectory => not_a_directory(path),
        _ => {
            let path = path.into();
            OpenError::MakeDirectory { path, cause }
        }
    }
}

/// Names the part of the path that is something else than a directory.
fn not_a_directory(path: &Path) -> OpenError {
    let obstacle = path.ancestors().find(|part| part.exists()).unwrap_or(path);
    OpenError::NotADirectory {
        path: obstacle.into(),
    }
}

pub(in crate::store) fn from_redb(path: &Path, bytes: u64, error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            OpenError::InUse { path: path.into() }
        }
        DatabaseError::Storage(StorageError::Io(cause))
            if cause.kind() == io::ErrorKind::UnexpectedEof =>
        {
            OpenError::Truncated {
                path: path.into(),
                bytes,
            }
        }
        DatabaseError::Storage(StorageError::Io(cause)) => from_io(path, cause),
        other => OpenError::Damaged {
            path: path.into(),
            reason: other.to_string(),
        },
    }
}
