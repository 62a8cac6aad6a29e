//! An entry of a log: what is known of it, and as it was read, wherever it stands.

use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use super::Place;
use crate::protocol::{DeviceId, Digest};
use crate::store::Relation;

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
    /// What it is to another entry of its log.
    pub(in crate::store) relation: Option<Relation>,
    /// If this is what stands in the place of an entry that was deleted: it has that one's digest, and no content.
    pub(in crate::store) deleted: Option<Deletion>,
}

/// Who deleted an entry, and when. Zeros: it was deleted while a copy was made, and more is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Deletion {
    pub(in crate::store) by: u64,
    pub(in crate::store) time_ms: u64,
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
            relation: None,
            deleted: None,
        }
    }

    /// Whether it stands for a lost entry.
    pub(in crate::store) fn is_lost(&self) -> bool {
        self.digest == Digest::default() && self.content.is_empty()
    }

    /// Whether its content is what its author wrote, or what is left of that.
    pub(in crate::store) fn is_whole(&self) -> bool {
        let has_none = self.is_lost() || self.deleted.is_some();
        has_none || Digest::of(self.content) == self.digest
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

    /// What is left of it when its content is gone.
    pub(in crate::store) fn without_content(&self, deletion: Deletion) -> Self {
        let head = LogRecord {
            deleted: Some(deletion),
            ..self.head
        };
        Self::new(head, Vec::new(), 0)
    }

    /// The same entry, whose content was found to be overwritten. The tables that are read are older than that: they do
    /// not tell who deleted it, and count the content still.
    pub(super) fn overwritten(self) -> Self {
        let head = LogRecord {
            deleted: Some(Deletion::default()),
            ..self.head
        };
        Self { head, ..self }
    }

    /// Of an entry whose content was found to be overwritten, how much of it the tables that are read count still, in bytes.
    pub(in crate::store) fn overwritten_bytes(&self) -> u64 {
        (self.bytes.len() - self.content - self.row().content.len()) as u64
    }

    /// What the tables that are read count for it, in bytes.
    pub(in crate::store) fn counted_bytes(&self) -> u64 {
        self.row().counted_bytes() + self.overwritten_bytes()
    }

    /// Where the content of the entry that stands at this place begins in its segment, and how long it is, in bytes.
    pub(in crate::store) fn content_at(&self, place: Place) -> (u64, u64) {
        let len = self.bytes.len() - self.content;
        (u64::from(place.offset) + self.content as u64, len as u64)
    }

    /// The entry.
    pub(in crate::store) fn row(&self) -> LogRecord<'_> {
        if self.head.deleted.is_some() {
            return self.head;
        }
        LogRecord {
            content: Bytes::new(&self.bytes[self.content..]),
            ..self.head
        }
    }
}
