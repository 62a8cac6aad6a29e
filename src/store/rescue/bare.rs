//! A database file that is opened as it is: without a repair, without locks, without a byte being written.
//!
//! redb opens a file read-only without repairing it when another process may be writing to it; that it was not closed
//! in order is one bit of its header (redb's design document, "God byte"), which is read here as if it were not set.

use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{
    BackendError, Builder, ConcurrencyMode, DatabaseError, ReadOnlyDatabase, StorageBackend,
};

/// How much of the database redb keeps in memory, in bytes. Chosen: it is walked once.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Where in the file redb keeps its flags.
const FLAGS: u64 = 9;

/// The flag that says which of two commits is the last one.
const PRIMARY: u8 = 1;

/// The flags that keep redb from opening a file without a repair: that it was not closed in order, that the last commit
/// must be whole, that it may not have been flushed.
const DUE: u8 = 2 | 4 | 8;

/// Which commit is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Commit {
    Last,
    BeforeLast,
}

/// Opens a file as it stood after a commit.
///
/// # Errors
/// What redb says: its header is damaged.
pub(super) fn open(path: &Path, commit: Commit) -> Result<ReadOnlyDatabase, DatabaseError> {
    let file = FileBackend::new(File::open(path)?)?;
    Builder::new()
        .set_cache_size(CACHE_BYTES)
        .set_concurrency_mode(ConcurrencyMode::SingleWriter)
        .open_read_only_with_backend(Bare { file, commit })
}

#[derive(Debug)]
struct Bare {
    file: FileBackend,
    commit: Commit,
}

fn refused() -> io::Error {
    io::ErrorKind::ReadOnlyFilesystem.into()
}

impl StorageBackend for Bare {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)?;
        let flags = FLAGS
            .checked_sub(offset)
            .and_then(|place| usize::try_from(place).ok())
            .and_then(|place| out.get_mut(place));
        if let Some(flags) = flags {
            *flags &= !DUE;
            if self.commit == Commit::BeforeLast {
                *flags ^= PRIMARY;
            }
        }
        Ok(())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(refused())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(refused())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    // Whether anybody holds the file was asked before.
    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn try_lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn query_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(false)
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }
}
