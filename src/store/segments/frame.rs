//! An entry as it stands in a segment: header, check, content.
//!
//! | what | bytes |
//! |---|---|
//! | the kind: 1 an entry, 2 what stands in the place of a deleted one; 3 and 4 the same that refer to another entry | 1 |
//! | conversation, entry, author, device, number, time in milliseconds since 1970 (UTC) | a varint each |
//! | the author's digest over the content | 32 |
//! | how long the content is | a varint |
//! | of a deleted entry: who deleted it, and when | a varint each |
//! | of one that refers to another: the kind in its header, and to which | a varint each |
//! | the check of these, keyed, over their place too | 8 |
//! | the content | as long as that |
//!
//! The check does not cover the content: the digest does, and the content of an entry that is deleted can be overwritten
//! where it stands.

use serde_bytes::Bytes;

use super::layout::{Key, check, place};
use super::varint;
use crate::protocol::{Digest, EntryId, EntryKind};
use crate::store::Relation;
use crate::store::segments::stored::{Deletion, LogRecord, Stored};

/// What an entry begins with.
const ENTRY: u8 = 1;

/// What stands in the place of a deleted entry begins with.
const DELETED: u8 = 2;

/// The same of entries that refer to another one.
const RELATED: u8 = 3;
const RELATED_DELETED: u8 = 4;

/// The check of an entry, in bytes. Chosen: who does not know the key cannot try one without the server, and would need
/// 2^63 entries.
pub(super) const ENTRY_CHECK: usize = 8;

/// How long everything but the content can be at most, in bytes.
pub(super) const HEAD_MAX: usize = 1 + 11 * 10 + 32 + ENTRY_CHECK;

/// An entry and where it belongs.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Frame<'b> {
    pub(in crate::store) conversation: u64,
    pub(in crate::store) entry: u64,
    pub(in crate::store) row: LogRecord<'b>,
}

/// What is known of an entry from all but its content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    conversation: u64,
    entry: u64,
    author: u64,
    device: u64,
    number: u64,
    time_ms: u64,
    digest: Digest,
    relation: Option<Relation>,
    deleted: Option<Deletion>,
    /// How long the content is, in bytes.
    content: usize,
    /// How long everything before it is.
    len: usize,
    pub(super) check: [u8; ENTRY_CHECK],
}

impl Head {
    /// Which entry of which conversation it is.
    pub(super) const fn key(&self) -> (u64, u64) {
        (self.conversation, self.entry)
    }

    pub(super) fn is_at(&self, key: (u64, u64)) -> bool {
        self.key() == key
    }

    /// Where its content begins, in bytes from its start.
    pub(super) const fn content_at(&self) -> usize {
        self.len
    }

    /// How long that is, in bytes.
    pub(super) const fn content_len(&self) -> usize {
        self.content
    }

    /// How long the entry is, in bytes.
    pub(super) const fn frame_len(&self) -> usize {
        self.len + self.content
    }

    /// Reads what stands at the front of these bytes, which begin at this place of a segment.
    pub(super) fn decode(key: &Key, at: usize, bytes: &[u8]) -> Option<Self> {
        let head = Self::decode_unchecked(bytes)?;
        let fields = &bytes[..head.len - ENTRY_CHECK];
        (head.check == entry_check(key, at, fields)).then_some(head)
    }

    /// The same without a key: for what a table says stands here.
    pub(super) fn decode_unchecked(bytes: &[u8]) -> Option<Self> {
        let (kind, mut rest) = bytes.split_first()?;
        if !matches!(*kind, ENTRY | DELETED | RELATED | RELATED_DELETED) {
            return None;
        }
        let mut number = || varint::take(&mut rest);
        let (conversation, entry, author) = (number()?, number()?, number()?);
        let (device, seq, time_ms) = (number()?, number()?, number()?);
        let (digest, mut rest) = rest.split_first_chunk::<32>()?;
        let content = usize::try_from(varint::take(&mut rest)?).ok()?;
        let deleted = if matches!(*kind, DELETED | RELATED_DELETED) {
            let (by, time_ms) = (varint::take(&mut rest)?, varint::take(&mut rest)?);
            Some(Deletion { by, time_ms })
        } else {
            None
        };
        let relation = if matches!(*kind, RELATED | RELATED_DELETED) {
            let kind = u8::try_from(varint::take(&mut rest)?).ok()?;
            Some(Relation {
                kind: EntryKind::from_number(kind),
                refers_to: EntryId(varint::take(&mut rest)?),
            })
        } else {
            None
        };
        let (check, rest) = rest.split_first_chunk::<ENTRY_CHECK>()?;
        Some(Self {
            conversation,
            entry,
            author,
            device,
            number: seq,
            time_ms,
            digest: Digest(*digest),
            relation,
            deleted,
            content: u32::try_from(content).ok()? as usize,
            len: bytes.len() - rest.len(),
            check: *check,
        })
    }

    /// The entry without its content.
    pub(super) fn without_content(&self) -> Frame<'static> {
        Frame {
            conversation: self.conversation,
            entry: self.entry,
            row: LogRecord {
                author: self.author,
                device: self.device,
                number: self.number,
                time_ms: self.time_ms,
                digest: self.digest,
                content: Bytes::new(&[]),
                relation: self.relation,
                deleted: self.deleted,
            },
        }
    }

    /// Whether it is the head of this entry, whose content may not be known.
    pub(super) fn is_of(&self, frame: &Frame<'_>) -> bool {
        let Frame {
            conversation,
            entry,
            row,
        } = frame;
        (self.conversation, self.entry) == (*conversation, *entry)
            && (self.author, self.device) == (row.author, row.device)
            && (self.number, self.time_ms) == (row.number, row.time_ms)
            && (self.digest, self.relation) == (row.digest, row.relation)
            && self.deleted == row.deleted
    }

    /// The entry, whose bytes these are.
    pub(super) fn stored(&self, bytes: Vec<u8>) -> Stored {
        Stored::new(self.without_content().row, bytes, self.len)
    }

    /// The entry, whose bytes these are.
    pub(super) fn frame<'b>(&self, bytes: &'b [u8]) -> Option<Frame<'b>> {
        let frame = self.without_content();
        let row = LogRecord {
            content: Bytes::new(bytes.get(self.len..self.frame_len())?),
            ..frame.row
        };
        Some(Frame { row, ..frame })
    }
}

/// Adds an entry, which comes to be at this place of a segment; returns its check.
pub(super) fn encode(
    key: &Key,
    at: usize,
    frame: &Frame<'_>,
    bytes: &mut Vec<u8>,
) -> [u8; ENTRY_CHECK] {
    let from = bytes.len();
    let Frame {
        conversation,
        entry,
        row,
    } = frame;
    bytes.push(match (row.relation, row.deleted) {
        (None, None) => ENTRY,
        (None, Some(_)) => DELETED,
        (Some(_), None) => RELATED,
        (Some(_), Some(_)) => RELATED_DELETED,
    });
    for number in [
        *conversation,
        *entry,
        row.author,
        row.device,
        row.number,
        row.time_ms,
    ] {
        varint::put(bytes, number);
    }
    bytes.extend_from_slice(&row.digest.0);
    varint::put(bytes, row.content.len() as u64);
    if let Some(Deletion { by, time_ms }) = row.deleted {
        varint::put(bytes, by);
        varint::put(bytes, time_ms);
    }
    if let Some(Relation { kind, refers_to }) = row.relation {
        varint::put(bytes, kind.number().into());
        varint::put(bytes, refers_to.0);
    }
    let check = entry_check(key, at, &bytes[from..]);
    bytes.extend_from_slice(&check);
    bytes.extend_from_slice(row.content);
    check
}

fn entry_check(key: &Key, at: usize, fields: &[u8]) -> [u8; ENTRY_CHECK] {
    let whole = check(key, &[b"entry", &place(at), fields]);
    let mut part = [0; ENTRY_CHECK];
    part.copy_from_slice(&whole[..ENTRY_CHECK]);
    part
}
