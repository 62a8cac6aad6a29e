//! What can go wrong inside the store, and how a request stops early.

use std::io;

use thiserror::Error;

use super::Refusal;

/// Why the database did not do what it was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The disk, or redb above it, failed. redb takes nothing more after that until it is opened again.
    #[error("the database failed: {0}")]
    Storage(Box<redb::Error>),
    /// A record is not what was once written there.
    #[error("`{table}` is damaged at {place}: {reason}")]
    Damaged {
        /// As the database calls it.
        table: &'static str,
        /// The row's key, as far as it is known.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// redb panicked.
    #[error(transparent)]
    Panicked(crate::fence::Panicked),
    /// What was written cannot be read back.
    #[error("the message log cannot be read back")]
    Unreadable,
    /// The message log was written by a later version: this program must not go on without what it cannot read there.
    #[error(
        "the message log has records of a newer version of udpchat ({0}): start that version or a later one"
    )]
    UnknownRecord(String),
    /// An earlier failure closed the database, and it has not been opened again yet.
    #[error("the database is closed after an earlier failure")]
    Closed,
}

const FOR_DAMAGE: &str = "; restore a backup, or try `udpchat store rescue FILE`";

impl StoreError {
    /// Whether the database cannot be used any more until it is opened again.
    pub(super) const fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::Storage(_) | Self::Panicked(_) | Self::Unreadable
        )
    }

    /// Whether something could not be written for want of room, which no reading needs.
    pub(super) fn is_out_of_space(&self) -> bool {
        let Self::Storage(error) = self else {
            return false;
        };
        matches!(&**error, redb::Error::Io(cause)
            if matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }

    /// Whether it may be one page that is at fault: others may be read still.
    pub(super) fn is_damaged_page(&self) -> bool {
        match self {
            Self::Storage(error) => matches!(**error, redb::Error::Corrupted(_)),
            Self::Panicked(_) | Self::Unreadable => true,
            Self::Damaged { .. } | Self::UnknownRecord(_) | Self::Closed => false,
        }
    }

    /// Whether something that was written is not there any more, as against a disk that fails.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. }) || self.is_damaged_page()
    }

    /// What can be done about it, as the end of a sentence; nothing where that is not known.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Storage(error) => match &**error {
                redb::Error::Io(cause) => advice(cause),
                _ if self.is_damage() => FOR_DAMAGE,
                _ => "",
            },
            _ if self.is_damage() => FOR_DAMAGE,
            _ => "",
        }
    }

    /// A row that another row speaks of is not there.
    pub(super) fn missing(table: &'static str) -> Self {
        Self::Damaged {
            table,
            place: "a row that others refer to".into(),
            reason: "it is missing".into(),
        }
    }
}

/// Turns damage of one row into its absence, and logs it, so that the rows beside it are still served.
pub(super) fn skip_damaged<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error @ StoreError::Damaged { .. }) => {
            tracing::error!(%error, "it is left out; `udpchat store check` says more");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Why a request ended without a reply.
#[derive(Debug)]
pub(super) enum Abort {
    /// The store refused it; it has written nothing.
    Refused(Refusal),
    /// The database failed; the whole transaction must be rolled back.
    Failed(StoreError),
}

impl From<Refusal> for Abort {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Abort {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<redb::StorageError> for Abort {
    fn from(error: redb::StorageError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        redb::StorageError::Io(error).into()
    }
}

macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                Self::Storage(Box::new(error.into()))
            }
        }
    )*};
}

from_redb!(
    StorageError,
    TableError,
    TransactionError,
    CommitError,
    DatabaseError
);

/// What can be done about an error of the file system, as the end of a sentence; nothing where that is not known.
#[must_use]
pub fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; free some space there",
        io::ErrorKind::QuotaExceeded => "; free some space, or have the quota raised",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; check its owner and the file system"
        }
        _ => match error.raw_os_error() {
            Some(nix::libc::EMFILE | nix::libc::ENFILE) => {
                "; raise the limit of open files (`ulimit -n`)"
            }
            _ => "",
        },
    }
}
