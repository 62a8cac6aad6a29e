//! A database file that is opened without being written to: what redb writes stays in memory.
//!
//! redb repairs what it opens after a crash, and marks a file as open; whoever only looks at a file (perhaps the last
//! copy there is) must leave it as it is.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, Database, DatabaseError, StorageBackend};

/// How much is kept in memory around a write, in bytes: redb's page.
const BLOCK: usize = 4096;

/// How much of the database redb keeps in memory beside that, in bytes. Chosen: it is walked once.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Opens a database file to look at it.
///
/// # Errors
/// What redb says: it is held by a writer, or damaged beyond repair.
pub(in crate::store) fn look(file: File) -> Result<Database, DatabaseError> {
    let file = FileBackend::new(file)?;
    let len = file.len()?;
    let overlay = Overlay {
        file,
        file_len: len,
        changes: Mutex::new(Changes {
            len,
            blocks: BTreeMap::new(),
        }),
    };
    Database::builder()
        .set_cache_size(CACHE_BYTES)
        .create_with_backend(overlay)
}

#[derive(Debug)]
struct Overlay {
    file: FileBackend,
    file_len: u64,
    changes: Mutex<Changes>,
}

#[derive(Debug)]
struct Changes {
    len: u64,
    /// By the block's place in the file.
    blocks: BTreeMap<u64, Box<[u8; BLOCK]>>,
}

impl Overlay {
    /// No code panics while it holds the lock.
    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads from the file alone; after its end are zeros.
    fn read_file(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = usize::try_from(self.file_len.saturating_sub(offset))
            .unwrap_or(usize::MAX)
            .min(out.len());
        let (inside, behind) = out.split_at_mut(there);
        behind.fill(0);
        if inside.is_empty() {
            return Ok(());
        }
        self.file.read(offset, inside)
    }
}

/// The parts of a span, block by block: the block, where the part begins in it, and the part of the span.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == length {
            return None;
        }
        let place = offset + done as u64;
        let block = place / BLOCK as u64;
        let inside = usize::try_from(place % BLOCK as u64).expect("a block is smaller than memory");
        let end = length.min(done + BLOCK - inside);
        let part = done..end;
        done = end;
        Some((block, inside, part))
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.changes().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let changes = self.changes();
        if offset
            .checked_add(out.len() as u64)
            .is_none_or(|end| end > changes.len)
        {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read_file(offset, out)?;
        for (block, inside, part) in parts(offset, out.len()) {
            if let Some(bytes) = changes.blocks.get(&block) {
                let length = part.len();
                out[part].copy_from_slice(&bytes[inside..inside + length]);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut changes = self.changes();
        // What is cut off and grows back is zeros, which the file alone would not say.
        for block in len / BLOCK as u64..self.file_len.div_ceil(BLOCK as u64) {
            let mut bytes = Box::new([0; BLOCK]);
            let start = block * BLOCK as u64;
            if start < len {
                self.read_file(start, &mut *bytes)?;
                let kept = usize::try_from(len - start).expect("less than a block");
                bytes[kept..].fill(0);
            }
            changes.blocks.insert(block, bytes);
        }
        changes.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut changes = self.changes();
        for (block, inside, part) in parts(offset, data.len()) {
            let length = part.len();
            let bytes = match changes.blocks.entry(block) {
                Entry::Occupied(there) => there.into_mut(),
                Entry::Vacant(place) => {
                    let mut bytes = Box::new([0; BLOCK]);
                    self.read_file(block * BLOCK as u64, &mut *bytes)?;
                    place.insert(bytes)
                }
            };
            bytes[inside..inside + length].copy_from_slice(&data[part]);
        }
        changes.len = changes.len.max(offset + data.len() as u64);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    // A reader's locks: several may look at a file, and none while a writer holds it.
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}
