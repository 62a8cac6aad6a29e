//! A file of a disk, which tells what of it has become durable, and that something has not.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

use crate::entries::{Marker, next_marker};

/// A disk's backend that looks at what is written.
#[derive(Debug)]
pub(super) struct TrackedFile {
    inner: Arc<dyn StorageBackend>,
    durable: Arc<Mutex<BTreeSet<Marker>>>,
    failed: Arc<AtomicBool>,
    written: Mutex<Vec<Marker>>,
}

impl TrackedFile {
    pub(super) fn new(
        inner: Arc<dyn StorageBackend>,
        durable: Arc<Mutex<BTreeSet<Marker>>>,
        failed: Arc<AtomicBool>,
    ) -> Self {
        Self {
            inner,
            durable,
            failed,
            written: Mutex::default(),
        }
    }

    fn note<T>(&self, done: io::Result<T>) -> io::Result<T> {
        if done.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        done
    }
}

impl StorageBackend for TrackedFile {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.note(self.inner.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.note(self.inner.sync_data())?;
        let written = std::mem::take(&mut *self.written.lock().unwrap());
        self.durable.lock().unwrap().extend(written);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note(self.inner.write(offset, data))?;
        let mut written = self.written.lock().unwrap();
        let mut from = 0;
        while let Some((marker, next)) = next_marker(data, from) {
            written.push(marker);
            from = next;
        }
        Ok(())
    }
}
