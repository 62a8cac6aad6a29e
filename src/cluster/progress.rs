//! How far a server is with its cluster's log, for whoever watches it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Written by the threads that follow the log, read by others.
#[derive(Debug, Default)]
pub struct Progress {
    applied: AtomicU64,
    lag: AtomicU64,
    leader: Mutex<Option<String>>,
    /// One more than there are; 0 if that is not known.
    file_bytes: AtomicU64,
}

impl Progress {
    /// The last position that was applied.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied.load(Ordering::Relaxed)
    }

    /// How many records are known to be in the log that were not applied.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.lag.load(Ordering::Relaxed)
    }

    /// The server of the log that leads the others, as far as that is known.
    #[must_use]
    pub fn leader(&self) -> Option<String> {
        let leader = self.leader.lock().unwrap_or_else(PoisonError::into_inner);
        leader.clone()
    }

    /// How many bytes each copy of the stream of attached files takes, as far as that is known.
    #[must_use]
    pub fn file_bytes(&self) -> Option<u64> {
        self.file_bytes.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Each copy of the stream of attached files takes so many bytes.
    pub fn note_file_bytes(&self, bytes: u64) {
        let noted = bytes.saturating_add(1);
        self.file_bytes.store(noted, Ordering::Relaxed);
    }

    /// So far the log was applied, and so much of it is known not to be.
    pub fn note(&self, applied: u64, lag: u64) {
        self.applied.store(applied, Ordering::Relaxed);
        self.lag.store(lag, Ordering::Relaxed);
    }

    /// This server of the log leads the others.
    pub fn note_leader(&self, leader: Option<&str>) {
        let mut noted = self.leader.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.as_deref() != leader {
            *noted = leader.map(str::to_owned);
        }
    }
}
