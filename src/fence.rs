//! A fence around redb, which panics on some damaged pages.
//!
//! With single bytes of a small database flipped, redb 4.5 ended one time in six in a panic of its own B-tree
//! code instead of an error. A damaged file must not end the server without a word, so every call that walks a
//! database runs in here. (This needs `panic = "unwind"`, which is Rust's default.)

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::ops::{Deref, DerefMut};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;

use redb::Database;

thread_local! {
    static FENCE: Cell<Fence> = const { Cell::new(Fence::Outside) };
    /// File and line of the last panic inside.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Where a thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fence {
    Outside,
    Inside,
    /// What was called inside has panicked, and is being unwound.
    Unwinding,
}

/// redb gave up over a damaged page, in the middle of its work, at this place in its source.
#[derive(Debug, thiserror::Error)]
#[error("redb cannot read a damaged page of the database ({0})")]
pub struct Panicked(String);

impl Panicked {
    /// File and line in redb's source.
    pub(crate) fn place(&self) -> &str {
        &self.0
    }
}

type LastWords = Box<dyn FnOnce(&str) + Send>;

static LAST_WORDS: Mutex<Option<LastWords>> = Mutex::new(None);

/// How the program says why it must end at once, and leaves the terminal as it was.
pub(crate) fn set_last_words(say: impl FnOnce(&str) + Send + 'static) {
    *last_words() = Some(Box::new(say));
}

fn last_words() -> MutexGuard<'static, Option<LastWords>> {
    LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what walks a database.
///
/// Nothing half-changed may be seen after an error: a transaction dies with the panic, and the caller gives the database up.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    keep_quiet_inside();
    let (fence, place) = (FENCE.replace(Fence::Inside), PLACE.take());
    let done = catch_unwind(AssertUnwindSafe(work));
    FENCE.set(fence);
    let place = PLACE.replace(place);
    done.map_err(|_| Panicked(place))
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
        panic::set_hook(Box::new(move |panic| match FENCE.get() {
            Fence::Outside => outside(panic),
            Fence::Inside => {
                FENCE.set(Fence::Unwinding);
                PLACE.set(place(panic));
            }
            Fence::Unwinding => end(&PLACE.take()),
        }));
    });
}

/// Ends the program with a sentence. A second panic, in redb's own destructors, would abort it.
fn end(place: &str) -> ! {
    let text = format!("redb cannot continue: the database is damaged ({place})");
    tracing::error!("{text}");
    let say = last_words().take();
    match say {
        Some(say) => say(&text),
        // A panic in the hook would abort the program.
        None => drop(writeln!(std::io::stderr(), "udpchat: {text}")),
    }
    std::process::exit(1)
}

fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(String::new, |location| {
        let file = Path::new(location.file()).file_name().unwrap_or_default();
        format!("{}:{}", file.display(), location.line())
    })
}

/// A database that is closed inside the fence: redb writes to it even after a failure, and may panic again.
#[derive(Debug)]
pub struct FencedDatabase(Option<Database>);

const OPEN: &str = "it is taken out only when this is consumed or dropped";

impl FencedDatabase {
    /// The database alone, which its owner closes.
    #[must_use]
    pub fn into_inner(mut self) -> Database {
        self.0.take().expect(OPEN)
    }
}

impl From<Database> for FencedDatabase {
    fn from(database: Database) -> Self {
        Self(Some(database))
    }
}

impl Deref for FencedDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.0.as_ref().expect(OPEN)
    }
}

impl DerefMut for FencedDatabase {
    fn deref_mut(&mut self) -> &mut Database {
        self.0.as_mut().expect(OPEN)
    }
}

impl Drop for FencedDatabase {
    fn drop(&mut self) {
        if let Err(error) = catch(|| drop(self.0.take())) {
            tracing::error!(%error, "the failed database could not be closed in order");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_inside_prints_nothing_and_becomes_an_error_that_says_where() {
        // What redb had panicked with stood before the error, and told an operator nothing.
        let failed = catch(|| {
            catch(|| ()).unwrap();
            panic!("a damaged page");
        });
        // The hook that notes the place is the one that prints nothing.
        let text = failed.map(drop).unwrap_err().to_string();
        assert!(text.contains("(fence.rs:"), "{text}");
        assert_eq!(FENCE.get(), Fence::Outside);
    }
}
