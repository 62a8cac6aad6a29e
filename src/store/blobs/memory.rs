//! Blobs in memory, for the simulator and for tests: they survive the process that is simulated, as files do.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::{BlobFile, BlobFiles, BlobKey, FoundBlob};

/// Each clone is the same ones.
#[derive(Debug, Clone, Default)]
pub struct MemoryBlobs {
    disk: Arc<Mutex<Disk>>,
}

#[derive(Debug, Default)]
struct Disk {
    /// By whether they are parts.
    files: BTreeMap<(BlobKey, bool), MemoryBlob>,
    /// Nothing can be written.
    is_full: bool,
}

#[derive(Debug, Clone, Default)]
struct MemoryBlob {
    bytes: Arc<Mutex<Vec<u8>>>,
    disk: Arc<Mutex<Disk>>,
}

impl MemoryBlobs {
    /// Whether there is no room for anything from now on.
    pub fn set_full(&self, is_full: bool) {
        lock(&self.disk).is_full = is_full;
    }

    /// Changes what stands in a whole blob, or in a part: behind the server's back.
    ///
    /// # Panics
    /// If there is none.
    pub fn change(&self, key: &BlobKey, is_part: bool, change: impl FnOnce(&mut Vec<u8>)) {
        let file = lock(&self.disk).files.get(&(*key, is_part)).cloned();
        change(&mut lock(&file.expect("it is there").bytes));
    }

    fn find(&self, key: &BlobKey, is_part: bool) -> Option<MemoryBlob> {
        lock(&self.disk).files.get(&(*key, is_part)).cloned()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl BlobFiles for MemoryBlobs {
    fn open_part(&self, key: &BlobKey) -> io::Result<Box<dyn BlobFile>> {
        let mut disk = lock(&self.disk);
        let file = disk
            .files
            .entry((*key, true))
            .or_insert_with(|| MemoryBlob {
                bytes: Arc::default(),
                disk: Arc::clone(&self.disk),
            });
        Ok(Box::new(file.clone()))
    }

    fn open(&self, key: &BlobKey) -> io::Result<Box<dyn BlobFile>> {
        let file = self.find(key, false);
        let file = file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Box::new(file))
    }

    fn complete(&self, key: &BlobKey) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        let part = disk.files.remove(&(*key, true));
        let part = part.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        disk.files.insert((*key, false), part);
        Ok(())
    }

    fn remove(&self, key: &BlobKey) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        disk.files.remove(&(*key, true));
        disk.files.remove(&(*key, false));
        Ok(())
    }

    fn list(&self, first: u8) -> io::Result<Vec<FoundBlob>> {
        let disk = lock(&self.disk);
        let files = disk.files.iter();
        let files = files.filter(|((key, _), _)| key.root.0[0] == first);
        let found = files.map(|((key, is_part), file)| FoundBlob {
            key: *key,
            is_part: *is_part,
            stream_bytes: lock(&file.bytes).len() as u64,
            // Nobody knows, so that it is old enough for everything.
            modified: SystemTime::UNIX_EPOCH,
        });
        Ok(found.collect())
    }
}

impl BlobFile for MemoryBlob {
    fn length(&self) -> io::Result<u64> {
        Ok(lock(&self.bytes).len() as u64)
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let file = lock(&self.bytes);
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = file.get(from..from.saturating_add(bytes.len()));
        let found = found.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        bytes.copy_from_slice(found);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if lock(&self.disk).is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut file = lock(&self.bytes);
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let end = from + bytes.len();
        if file.len() < end {
            file.resize(end, 0);
        }
        file[from..end].copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let length = usize::try_from(bytes).map_err(io::Error::other)?;
        lock(&self.bytes).resize(length, 0);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
