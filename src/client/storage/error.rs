//! Why the database of a device cannot be used.

use thiserror::Error;

use super::SCHEMA;
use crate::fence::{Panicked, catch};

#[derive(Debug, Error)]
pub(in crate::client) enum StateError {
    /// The database said so.
    #[error("the database of this device failed: {0}")]
    Storage(Box<redb::Error>),
    /// A record is not what this program writes.
    #[error(
        "the database of this device is damaged (table {0}): name a new state directory with --state, or move this one \
         away"
    )]
    Damaged(&'static str),
    /// redb panicked.
    #[error(
        "the database of this device is damaged ({}): name a new state directory with --state, or move this one away",
        .0.place()
    )]
    Panicked(Panicked),
    /// It was written by a later version.
    #[error("the database of this device is of schema {0}, newer than this program's {SCHEMA}")]
    Newer(u64),
    /// It was written by a version whose tables are not read any longer.
    #[error(
        "the database of this device is of schema {0}, and this program reads only {SCHEMA}: name a new state directory \
         with --state, or move this one away"
    )]
    Older(u64),
}

/// Runs what walks the database.
pub(super) fn guard<T>(work: impl FnOnce() -> Result<T, StateError>) -> Result<T, StateError> {
    catch(work).unwrap_or_else(|panicked| Err(StateError::Panicked(panicked)))
}

impl<E: Into<redb::Error>> From<E> for StateError {
    fn from(error: E) -> Self {
        Self::Storage(Box::new(error.into()))
    }
}
