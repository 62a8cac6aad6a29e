//! A disk in memory that forgets, as real ones do, what was not synced: for simulations and tests of crashes.
//!
//! redb runs on it unchanged. After [`MemoryDisk::crash`] every database that was open on the disk gets errors
//! only, as if its process were gone, and a new backend sees what a machine sees that comes up again.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{Database, DatabaseError, StorageBackend};

/// How much of a database on such a disk redb keeps in memory, in bytes. Chosen: the disk is memory already.
const CACHE_BYTES: usize = 1024 * 1024;

/// A disk in memory. Clones share its bytes.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// What a reader sees now.
    bytes: Vec<u8>,
    /// What has happened to `bytes` since the last sync, in order, with what is needed to undo it.
    unsynced: Vec<Change>,
    /// How many crashes there were: a backend made before the last one is dead.
    crashes: u64,
    /// How many writes, syncs and changes of length still succeed; none: all of them.
    successes: Option<u64>,
    syncs: u64,
}

#[derive(Debug)]
enum Change {
    Write {
        offset: usize,
        before: Vec<u8>,
        after: Vec<u8>,
    },
    Length {
        /// What was cut off, or nothing where the disk grew.
        cut: Vec<u8>,
        before: usize,
        after: usize,
    },
}

impl MemoryDisk {
    /// Turns a byte into another one, below whoever has the disk open.
    #[cfg(test)]
    pub(super) fn flip(&self, place: usize) {
        self.lock().bytes[place] ^= 0xff;
    }

    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A storage backend for redb.
    #[must_use]
    pub fn backend(&self) -> impl StorageBackend {
        Backend {
            state: Arc::clone(&self.state),
            life: self.lock().crashes,
        }
    }

    /// Opens the database on this disk, making it on an empty one.
    ///
    /// # Errors
    /// What redb says, such as an injected failure.
    pub fn open(&self) -> Result<Database, DatabaseError> {
        Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create_with_backend(self.backend())
    }

    /// The machine loses power: everything that was not synced is gone.
    pub fn crash(&self) {
        self.crash_keeping(|_| false);
    }

    /// Like [`MemoryDisk::crash`], but of the writes that were not synced those are kept for which `keep` says so
    /// (it is given their place in the order in which they were made): disks write in any order they like.
    pub fn crash_keeping(&self, mut keep: impl FnMut(usize) -> bool) {
        let mut state = self.lock();
        let lost = std::mem::take(&mut state.unsynced);
        for change in lost.iter().rev() {
            state.undo(change);
        }
        for (index, change) in lost.iter().enumerate() {
            if keep(index) {
                state.redo(change);
            }
        }
        state.crashes += 1;
        state.successes = None;
    }

    /// How many changes would be lost by a crash now.
    #[must_use]
    pub fn unsynced(&self) -> usize {
        self.lock().unsynced.len()
    }

    /// How often the disk was synced.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.lock().syncs
    }

    /// Lets so many more writes, syncs and changes of length succeed and all after them fail; `None` heals the
    /// disk.
    pub fn fail_after(&self, successes: Option<u64>) {
        self.lock().successes = successes;
    }

    /// The disk's bytes as a reader sees them now.
    #[must_use]
    pub fn image(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    /// A disk of its own with these bytes, all of them synced: a copy, or a backup restored.
    #[must_use]
    pub fn from_image(bytes: Vec<u8>) -> Self {
        let disk = Self::new();
        disk.lock().bytes = bytes;
        disk
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// No code panics while it holds the lock, and each change is made whole before the lock is given back.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn undo(&mut self, change: &Change) {
        match change {
            Change::Write { offset, before, .. } => self.place(*offset, before),
            Change::Length { cut, before, .. } => {
                self.bytes.resize(*before, 0);
                self.place(before - cut.len(), cut);
            }
        }
    }

    fn redo(&mut self, change: &Change) {
        match change {
            Change::Write { offset, after, .. } => self.place(*offset, after),
            Change::Length { after, .. } => self.bytes.resize(*after, 0),
        }
    }

    /// Puts bytes down, as far as the disk reaches.
    fn place(&mut self, offset: usize, data: &[u8]) {
        let end = self.bytes.len().min(offset.saturating_add(data.len()));
        if offset < end {
            self.bytes[offset..end].copy_from_slice(&data[..end - offset]);
        }
    }

    /// Counts a call that changes something, and fails it if its time has come.
    fn spend(&mut self) -> io::Result<()> {
        match &mut self.successes {
            None => Ok(()),
            Some(0) => Err(io::Error::other("an injected failure of the disk")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

#[derive(Debug)]
struct Backend {
    state: Arc<Mutex<State>>,
    life: u64,
}

impl Backend {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = lock(&self.state);
        if state.crashes == self.life {
            Ok(state)
        } else {
            Err(io::Error::other("the machine has crashed meanwhile"))
        }
    }
}

/// The part of the disk that a call is about.
fn span(offset: u64, length: usize, disk: usize) -> io::Result<std::ops::Range<usize>> {
    usize::try_from(offset)
        .ok()
        .and_then(|start| Some(start..start.checked_add(length)?))
        .filter(|span| span.end <= disk)
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state()?.bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state()?;
        let span = span(offset, out.len(), state.bytes.len())?;
        out.copy_from_slice(&state.bytes[span]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state()?;
        state.spend()?;
        let after = usize::try_from(len).map_err(|_| io::ErrorKind::StorageFull)?;
        let before = state.bytes.len();
        let cut = state.bytes[after.min(before)..].to_vec();
        state.bytes.resize(after, 0);
        state.unsynced.push(Change::Length { cut, before, after });
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state()?;
        state.spend()?;
        state.unsynced.clear();
        state.syncs += 1;
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state()?;
        state.spend()?;
        let end = usize::try_from(offset)
            .ok()
            .and_then(|start| start.checked_add(data.len()))
            .ok_or(io::ErrorKind::StorageFull)?;
        if end > state.bytes.len() {
            let before = state.bytes.len();
            state.bytes.resize(end, 0);
            state.unsynced.push(Change::Length {
                cut: Vec::new(),
                before,
                after: end,
            });
        }
        let span = span(offset, data.len(), state.bytes.len())?;
        let before = state.bytes[span.clone()].to_vec();
        state.bytes[span.clone()].copy_from_slice(data);
        state.unsynced.push(Change::Write {
            offset: span.start,
            before,
            after: data.to_vec(),
        });
        Ok(())
    }
}
