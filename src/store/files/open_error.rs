//! Why a database could not be opened, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use redb::{DatabaseError, StorageError};
use thiserror::Error;

use super::new_file::NewFileError;
use super::ownership::OwnerError;
use crate::store::error::advice;
use crate::store::{LogLoss, StoreError};

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
    /// There is no database, nor anything of one.
    #[error(
        "there is no database in {directory}: name the server's directory with --data DIR, or make one with `udpchat serve`"
    )]
    NoDatabase {
        /// Where it would be.
        directory: PathBuf,
    },
    /// A link on the way leads nowhere, perhaps to a disk that is not mounted.
    #[error(
        "{path} is a symbolic link to {target}, which is not there: mount or make that, or remove the link"
    )]
    DanglingLink {
        /// Which.
        path: PathBuf,
        /// Where to.
        target: PathBuf,
    },
    /// Something else has the directory's name.
    #[error("{path} is not a directory: name another with --data, or move it away")]
    NotADirectory {
        /// Which.
        path: PathBuf,
    },
    /// The directory is open to others and was left so.
    #[error(
        "the directory {path} is open to other users (mode {mode:o}) and cannot be made private: check what is in it, then run \
         `chmod 700 {path}`; systemd needs StateDirectoryMode=0700"
    )]
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
    /// A database is where a backup would be put.
    #[error(
        "{path} is a database already: name an empty directory with --data DIR, or have it moved aside with --replace"
    )]
    Occupied {
        /// The database.
        path: PathBuf,
    },
    /// A backup was not finished.
    #[error("{path} is a backup that was never finished: name another one")]
    Unfinished {
        /// Which.
        path: PathBuf,
    },
    /// A backup was copied without its files.
    #[error("{path} lacks its attached files: restore it with {path}.files beside it")]
    LacksFiles {
        /// Which.
        path: PathBuf,
    },
    /// The file is empty or ends before the database does.
    #[error("the database {path} is truncated ({bytes} bytes are left): restore it from a backup")]
    Truncated {
        /// Which.
        path: PathBuf,
        /// The file's length.
        bytes: u64,
    },
    /// The file is a server's database, and what only its message log had is lost.
    #[error(
        "{path} is the database of a server that was not stopped, and lacks its message log: {loss}. Restore it with \
         {path}.segments beside it, or `udpchat store rescue` what is left"
    )]
    LacksLog {
        /// Which.
        path: PathBuf,
        /// What is wrong with the message log.
        loss: LogLoss,
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
    /// The database was written by an older udpchat, and is damaged so that it cannot be migrated.
    #[error(
        "the database was written by an older udpchat and cannot be migrated, since it is damaged ({reason}): restore it \
         from a backup; if there is none, try `udpchat store rescue FILE` with the udpchat that wrote it"
    )]
    OlderDamaged {
        /// What is wrong with it.
        reason: String,
    },
    /// The copy that is made before a database is migrated could not be made.
    #[error("cannot migrate the database without a copy: {0}")]
    NoCopy(NewFileError),
    /// A file that is made beside it could not be made.
    #[error(transparent)]
    NewFile(#[from] NewFileError),
    /// A copy could not be written.
    #[error("{cause}{}", cause.advice())]
    Copy {
        /// Why not.
        cause: StoreError,
    },
    /// The file into which a copy is to be written holds something.
    #[error("the file for the copy is not an empty file")]
    NotEmpty,
    /// A copy is not what it should be.
    #[error(
        "the backup {path} would be damaged ({found} findings) and was not made: see `udpchat store check`; \
         `udpchat store rescue` copies what can be read"
    )]
    UnsoundCopy {
        /// The name that it would have.
        path: PathBuf,
        /// How much is wrong with it.
        found: u64,
    },
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

    /// What the file system says, where that is the reason.
    #[must_use]
    pub const fn cause(&self) -> Option<&io::Error> {
        match self {
            Self::MakeDirectory { cause, .. }
            | Self::NotWritable { cause, .. }
            | Self::NotReadable { cause, .. }
            | Self::Io { cause, .. } => Some(cause),
            Self::NewFile(error) | Self::NoCopy(error) => error.cause(),
            _ => None,
        }
    }
}

pub(super) fn from_io(path: &Path, cause: io::Error) -> OpenError {
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

/// A link on the way to a path that leads nowhere, if there is one.
pub(super) fn dangling_link(path: &Path) -> Option<OpenError> {
    let is_dangling = |part: &&Path| part.is_symlink() && !part.exists();
    let path = path.ancestors().find(is_dangling)?;
    let target = std::fs::read_link(path).ok()?;
    let path = path.into();
    Some(OpenError::DanglingLink { path, target })
}

pub(in crate::store) fn cannot_make(path: &Path, cause: io::Error) -> OpenError {
    if let Some(dangling) = dangling_link(path) {
        return dangling;
    }
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
pub(super) fn not_a_directory(path: &Path) -> OpenError {
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

/// That a file or directory cannot be read.
pub(in crate::store) fn unreadable(path: &Path, cause: io::Error) -> OpenError {
    let path = path.into();
    OpenError::NotReadable { path, cause }
}
