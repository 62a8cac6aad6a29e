//! The record of a group while it is made: the entries that its requests add, at the places where they come to be.
//!
//! When records are done again after a crash, the entries are there already: the batch says where, and in which order.

use std::collections::VecDeque;

use super::Place;
use super::frame::{ENTRY_CHECK, Frame, Head, encode};
use super::layout::{HEADER, Key};
use crate::protocol::ConversationId;
use crate::store::error::StoreError;
use crate::store::segments::stored::{EntryKey, LogRecord, Stored};

/// How much memory is kept from one record to the next, in bytes. Chosen: a busy server's groups fit.
const KEPT: usize = 256 * 1024;

/// The entries of the group under way.
#[derive(Debug, Default)]
pub(in crate::store) struct Batch {
    segment: u32,
    /// Where the record begins.
    start: usize,
    key: Key,
    /// Room for the record's header, and the entries.
    bytes: Vec<u8>,
    /// The checks of the entries.
    checks: Vec<u8>,
    /// The entries of a record that is done again.
    replayed: Option<VecDeque<ReplayedEntry>>,
    /// Entries become rows of the table `log`, and no part of a record.
    is_in_rows: bool,
}

/// An entry of a record that is done again.
#[derive(Debug)]
pub(in crate::store) struct ReplayedEntry {
    pub(super) place: Place,
    pub(super) head: Head,
    /// All of it as it stands, the content damaged or not.
    pub(super) bytes: Vec<u8>,
}

impl ReplayedEntry {
    /// Which entry it is, and where it stands.
    pub(in crate::store) const fn stands_at(&self) -> (EntryKey, Place) {
        (self.head.key(), self.place)
    }
}

impl Batch {
    pub(super) fn begin(&mut self, segment: u32, start: usize, key: Key) {
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
        self.bytes.clear();
        self.bytes.resize(HEADER, 0);
        self.checks.clear();
        (self.segment, self.start, self.key) = (segment, start, key);
        self.replayed = None;
        self.is_in_rows = false;
    }

    /// Has the entries of a record come again, in this order.
    pub(in crate::store) fn replay(&mut self, entries: VecDeque<ReplayedEntry>) {
        self.bytes.clear();
        self.checks.clear();
        self.replayed = Some(entries);
    }

    /// Has entries become rows of the table `log`, as in a copy, until a record is begun.
    pub(in crate::store) const fn keep_in_rows(&mut self) {
        self.is_in_rows = true;
    }

    /// Whether they do.
    pub(in crate::store) const fn is_in_rows(&self) -> bool {
        self.is_in_rows
    }

    /// Whether a record is done again: what stands in it was accepted then.
    pub(in crate::store) const fn is_replayed(&self) -> bool {
        self.replayed.is_some()
    }

    /// The next entry of a record that is done again.
    pub(in crate::store) fn next_replayed(&self) -> Option<Frame<'_>> {
        let entry = self.replayed.as_ref()?.front()?;
        entry.head.frame(&entry.bytes)
    }

    /// Passes over an entry of a record that is done again.
    pub(in crate::store) fn skip_replayed(&mut self) {
        if let Some(entries) = &mut self.replayed {
            entries.pop_front();
        }
    }

    /// The next entry of a record that is done again, if it is what stands in the place of this one, which was deleted.
    pub(in crate::store) fn next_deleted(&self, key: EntryKey) -> Option<LogRecord<'static>> {
        let entry = self.replayed.as_ref()?.front()?;
        let row = entry.head.without_content().row;
        (entry.head.is_at(key) && row.deleted.is_some()).then_some(row)
    }

    /// The next entry of a record that is done again, if it is what is left of one that was deleted with this one, to which
    /// it refers.
    pub(in crate::store) fn next_deleted_of(
        &self,
        (conversation, entry): EntryKey,
    ) -> Option<EntryKey> {
        let frame = self.next_replayed()?;
        let refers_to = frame.row.relation.map(|relation| relation.refers_to.0);
        let is_of_it = frame.conversation == conversation && refers_to == Some(entry);
        (is_of_it && frame.row.deleted.is_some()).then_some((conversation, frame.entry))
    }

    /// Whether the next entry of a record that is done again is what is left of a deleted one of this conversation.
    pub(in crate::store) fn is_deletion_next(&self, conversation: ConversationId) -> bool {
        self.next_replayed().is_some_and(|frame| {
            frame.conversation == conversation.0 && frame.row.deleted.is_some()
        })
    }

    /// How many entries of a record have not come again.
    pub(in crate::store) fn left(&self) -> usize {
        self.replayed.as_ref().map_or(0, VecDeque::len)
    }

    /// Adds an entry to the record.
    ///
    /// # Errors
    /// If a record is done again, and another entry stands there.
    pub(in crate::store) fn add(&mut self, frame: &Frame<'_>) -> Result<Place, StoreError> {
        if let Some(entries) = &mut self.replayed {
            let entry = entries.pop_front().filter(|entry| entry.head.is_of(frame));
            let entry = entry.ok_or_else(|| StoreError::Damaged {
                table: "log",
                place: format!("conversation {}, entry {}", frame.conversation, frame.entry),
                reason: "the record has another entry".into(),
            })?;
            return Ok(entry.place);
        }
        if self.segment == 0 {
            // Whoever adds entries has begun a record.
            return Err(StoreError::Closed);
        }
        let at = self.start + self.bytes.len();
        let check = encode(&self.key, at, frame, &mut self.bytes);
        self.checks.extend_from_slice(&check);
        let offset = u32::try_from(at).map_err(|_| StoreError::Unreadable)?;
        Ok(Place {
            segment: self.segment,
            offset,
        })
    }

    /// An entry of the group under way, which is not in the file yet.
    pub(in crate::store) fn get(&self, place: Place) -> Option<Stored> {
        let from = (place.offset as usize).checked_sub(self.start)?;
        if place.segment != self.segment || self.replayed.is_some() || from < HEADER {
            return None;
        }
        let bytes = self.bytes.get(from..)?;
        let head = Head::decode(&self.key, place.offset as usize, bytes)?;
        Some(head.stored(bytes.get(..head.frame_len())?.to_vec()))
    }

    /// How many bytes of entries it has, and their checks.
    pub(super) fn entries(&self) -> (usize, &[u8]) {
        debug_assert!(self.checks.len().is_multiple_of(ENTRY_CHECK));
        (self.bytes.len() - HEADER, &self.checks)
    }

    /// The whole record.
    pub(super) fn seal(&mut self, header: &[u8; HEADER], commands: &[u8]) -> &[u8] {
        self.bytes[..HEADER].copy_from_slice(header);
        self.bytes.extend_from_slice(commands);
        &self.bytes
    }
}
