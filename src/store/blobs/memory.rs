//! Blobs in memory, for the simulator and for tests: they survive the process that is simulated, as files do.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::{BlobFile, BlobFiles, BlobKey, FoundBlob};

/// Each clone is the same ones.
#[derive(Debug, Clone, Default)]
pub struct MemoryBlobs {
    disk: Arc<Mutex<Disk>>,
    /// The parts are those that are being fetched.
    is_fetching: bool,
}

/// What stands under the name of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Whole,
    Part,
    /// A part that is being fetched.
    Fetched,
}

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<(BlobKey, Kind), MemoryBlob>,
    /// Nothing can be written.
    is_full: bool,
    /// What time it is, in milliseconds since 1970 (UTC).
    now_ms: u64,
}

#[derive(Debug, Clone, Default)]
struct MemoryBlob {
    content: Arc<Mutex<Content>>,
    disk: Arc<Mutex<Disk>>,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    /// When it was last written to, in milliseconds since 1970 (UTC).
    modified_ms: u64,
}

impl MemoryBlobs {
    /// The same whole blobs, and parts of their own, for what is fetched from elsewhere.
    #[must_use]
    pub fn fetching(&self) -> Self {
        let mut disk = lock(&self.disk);
        disk.files.retain(|(_, kind), _| *kind != Kind::Fetched);
        Self {
            disk: Arc::clone(&self.disk),
            is_fetching: true,
        }
    }

    /// Whether there is no room for anything from now on.
    pub fn set_full(&self, is_full: bool) {
        lock(&self.disk).is_full = is_full;
    }

    /// What is written from now on is as old as this moment, in milliseconds since 1970 (UTC). Until it is told for the first
    /// time, all is as old as can be.
    pub fn set_time(&self, now_ms: u64) {
        lock(&self.disk).now_ms = now_ms;
    }

    /// Changes what stands in a whole blob, or in a part: behind the server's back.
    ///
    /// # Panics
    /// If there is none.
    pub fn change(&self, key: &BlobKey, is_part: bool, change: impl FnOnce(&mut Vec<u8>)) {
        let kind = if is_part { Kind::Part } else { Kind::Whole };
        let file = self.find(key, kind);
        change(&mut lock(&file.expect("it is there").content).bytes);
    }

    fn find(&self, key: &BlobKey, kind: Kind) -> Option<MemoryBlob> {
        lock(&self.disk).files.get(&(*key, kind)).cloned()
    }

    const fn part(&self) -> Kind {
        if self.is_fetching {
            Kind::Fetched
        } else {
            Kind::Part
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl BlobFiles for MemoryBlobs {
    fn open_part(&self, key: &BlobKey) -> io::Result<Box<dyn BlobFile>> {
        let mut disk = lock(&self.disk);
        let modified_ms = disk.now_ms;
        let file = disk.files.entry((*key, self.part())).or_insert_with(|| {
            let bytes = Vec::new();
            MemoryBlob {
                content: Arc::new(Mutex::new(Content { bytes, modified_ms })),
                disk: Arc::clone(&self.disk),
            }
        });
        Ok(Box::new(file.clone()))
    }

    fn open(&self, key: &BlobKey) -> io::Result<Box<dyn BlobFile>> {
        let file = self.find(key, Kind::Whole);
        let file = file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Box::new(file))
    }

    fn complete(&self, key: &BlobKey) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        let part = disk.files.remove(&(*key, self.part()));
        let part = part.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        disk.files.insert((*key, Kind::Whole), part);
        Ok(())
    }

    fn remove(&self, key: &BlobKey) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        disk.files.remove(&(*key, self.part()));
        disk.files.remove(&(*key, Kind::Whole));
        Ok(())
    }

    fn list(&self, first: u8) -> io::Result<Vec<FoundBlob>> {
        let disk = lock(&self.disk);
        let files = disk.files.iter();
        let files =
            files.filter(|((key, kind), _)| key.root.0[0] == first && *kind != Kind::Fetched);
        let found = files.map(|((key, kind), file)| {
            let content = lock(&file.content);
            FoundBlob {
                key: *key,
                is_part: *kind == Kind::Part,
                stream_bytes: content.bytes.len() as u64,
                modified: SystemTime::UNIX_EPOCH + Duration::from_millis(content.modified_ms),
            }
        });
        Ok(found.collect())
    }
}

impl MemoryBlob {
    fn change(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let modified_ms = lock(&self.disk).now_ms;
        let mut content = lock(&self.content);
        content.modified_ms = modified_ms;
        change(&mut content.bytes);
    }
}

impl BlobFile for MemoryBlob {
    fn length(&self) -> io::Result<u64> {
        Ok(lock(&self.content).bytes.len() as u64)
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let content = lock(&self.content);
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = content.bytes.get(from..from.saturating_add(bytes.len()));
        let found = found.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        bytes.copy_from_slice(found);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if lock(&self.disk).is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let end = from + bytes.len();
        self.change(|file| {
            if file.len() < end {
                file.resize(end, 0);
            }
            file[from..end].copy_from_slice(bytes);
        });
        Ok(())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let length = usize::try_from(bytes).map_err(io::Error::other)?;
        self.change(|file| file.resize(length, 0));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
