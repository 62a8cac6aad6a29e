//! An entry of a log: what is known of it, and as it was read, wherever it stands.

use serde_bytes::Bytes;

use crate::protocol::{DeviceId, Digest};

/// Which entry of which conversation.
pub(in crate::store) type EntryKey = (u64, u64);

/// An entry of a log, borrowed from where it stands.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct LogRecord<'a> {
    pub(in crate::store) author: u64,
    pub(in crate::store) device: u64,
    pub(in crate::store) number: u64,
    pub(in crate::store) time_ms: u64,
    pub(in crate::store) digest: Digest,
    pub(in crate::store) content: &'a Bytes,
}

/// What an entry counts against quotas and limits beside its content, in bytes. Chosen: about what the rest of it takes.
const ENTRY_BYTES: u64 = 64;

impl LogRecord<'_> {
    /// What it counts against quotas and limits, in bytes.
    pub(in crate::store) fn counted_bytes(&self) -> u64 {
        self.content.len() as u64 + ENTRY_BYTES
    }

    /// What stands in a log in the place of an entry that an operator's salvage could not read: it looks as a damaged one
    /// does when it is read, and is no finding any more.
    pub(in crate::store) fn lost(time_ms: u64) -> LogRecord<'static> {
        LogRecord {
            author: 0,
            device: DeviceId::SERVER.0,
            number: 0,
            time_ms,
            digest: Digest::default(),
            content: Bytes::new(&[]),
        }
    }

    /// Whether it stands for a lost entry.
    pub(in crate::store) fn is_lost(&self) -> bool {
        self.digest == Digest::default() && self.content.is_empty()
    }

    /// Whether its content is what its author wrote.
    pub(in crate::store) fn is_whole(&self) -> bool {
        self.is_lost() || Digest::of(self.content) == self.digest
    }
}

/// An entry that was read.
#[derive(Debug)]
pub(in crate::store) struct Stored {
    /// Everything but the content.
    head: LogRecord<'static>,
    bytes: Vec<u8>,
    /// Where the content begins in these.
    content: usize,
}

impl Stored {
    /// The entry with this head, whose content begins so far in these bytes.
    pub(in crate::store) const fn new(
        head: LogRecord<'static>,
        bytes: Vec<u8>,
        content: usize,
    ) -> Self {
        Self {
            head,
            bytes,
            content,
        }
    }

    /// The entry.
    pub(in crate::store) fn row(&self) -> LogRecord<'_> {
        LogRecord {
            content: Bytes::new(&self.bytes[self.content..]),
            ..self.head
        }
    }
}
