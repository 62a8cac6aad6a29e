//! The fence around redb, with the store's errors: every call that walks a database runs in here.

pub use crate::fence::FencedDatabase;
use crate::fence::catch;
use crate::store::StoreError;

/// Runs what walks a database; a panic of redb becomes [`StoreError::Panicked`]. The records of a request are made again when it
/// is repeated.
pub(in crate::store) fn guard<T, E: From<StoreError>>(
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    catch(work).unwrap_or_else(|panicked| Err(StoreError::Panicked(panicked).into()))
}
