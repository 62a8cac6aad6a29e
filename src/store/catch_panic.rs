//! A fence around redb, which panics on some damaged pages.
//!
//! With single bytes of a small database flipped, redb 4.5 ended one time in six in a panic of its own B-tree
//! code instead of an error. A damaged file must not end the server without a word, so every call that walks a
//! database runs in here. (This needs `panic = "unwind"`, which is Rust's default.)

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::Database;

use crate::store::StoreError;

/// Runs what walks a database; a panic of redb becomes [`StoreError::Unreadable`].
///
/// Nothing half-changed is seen afterwards: a transaction dies with the panic, the caller gives the database up,
/// and the records of a request are made anew when it is repeated.
pub(in crate::store) fn guard<T, E: From<StoreError>>(
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(StoreError::Unreadable.into()))
}

/// Closes a database after a failure: redb writes to it even then, and may panic again.
pub(in crate::store) fn give_up(database: Option<Arc<Database>>) {
    let closed: Result<(), StoreError> = guard(|| {
        drop(database);
        Ok(())
    });
    if let Err(error) = closed {
        tracing::error!(%error, "the failed database could not be closed in order");
    }
}
