//! A fence around redb, which panics on some damaged pages.
//!
//! With single bytes of a small database flipped, redb 4.5 ended one time in six in a panic of its own B-tree
//! code instead of an error. A damaged file must not end the server without a word, so every call that walks a
//! database runs in here. (This needs `panic = "unwind"`, which is Rust's default.)

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Once};
use std::thread;

use redb::Database;

use crate::store::StoreError;

thread_local! {
    /// Whether this thread is inside the fence.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
    /// File and line of the last panic in there.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs what walks a database; a panic of redb becomes [`StoreError::Panicked`].
///
/// Nothing half-changed is seen afterwards: a transaction dies with the panic, the caller gives the database up,
/// and the records of a request are made anew when it is repeated.
pub(in crate::store) fn guard<T, E: From<StoreError>>(
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    keep_quiet_inside();
    let was_inside = IS_INSIDE.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_INSIDE.set(was_inside);
    done.unwrap_or_else(|_| Err(StoreError::Panicked(PLACE.take()).into()))
}

/// Has a panic in here print nothing, since an error follows that says what it means.
fn keep_quiet_inside() {
    static ONCE: Once = Once::new();
    // A thread that panics may not change the hook.
    if thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let outside = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if IS_INSIDE.get() {
                PLACE.set(place(panic));
            } else {
                outside(panic);
            }
        }));
    });
}

fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(String::new, |location| {
        let file = Path::new(location.file()).file_name().unwrap_or_default();
        format!("{}:{}", file.display(), location.line())
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_inside_prints_nothing_and_becomes_an_error_that_says_where() {
        // What redb had panicked with stood before the error, and told an operator nothing.
        let failed: Result<(), StoreError> = guard(|| {
            let _: Result<(), StoreError> = guard(|| Ok(()));
            panic!("a damaged page");
        });
        // The hook that notes the place is the one that prints nothing.
        let text = failed.unwrap_err().to_string();
        assert!(text.contains("(catch_panic.rs:"), "{text}");
        assert!(!IS_INSIDE.get());
    }
}
