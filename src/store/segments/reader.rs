//! Reading entries where they stand, on any thread.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::batch::ReplayedEntry;
use super::erase::is_erased;
use super::files::{SegmentFile, SegmentFiles};
use super::frame::{HEAD_MAX, Head};
use super::layout::{FIRST, HEADER, Key, SegmentHeader};
use super::{Place, RecordAt, commands, reading};
use crate::store::Write;
use crate::store::error::StoreError;
use crate::store::segments::note::Note;
use crate::store::segments::stored::{EntryKey, Stored};

/// How much is read of a segment at once, in bytes. Chosen: most entries are shorter.
const READ_BYTES: usize = 512;

/// How many segments are kept open. Chosen: as many as are read in turn, and few beside the files that a process may have.
const OPEN_MAX: usize = 64;

/// A segment to be read.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) file: SegmentFile,
    pub(super) key: Key,
}

/// The segments of a log, to be read.
#[derive(Debug)]
pub(in crate::store) struct SegmentReader {
    files: Arc<dyn SegmentFiles>,
    note: Note,
    opened: Mutex<BTreeMap<u32, Opened>>,
    /// Held by those who read from an older snapshot of the tables.
    pin: Arc<()>,
    /// Held while a content is overwritten.
    overwriting: Mutex<()>,
}

/// While this is held, no segment is removed.
#[derive(Debug, Clone)]
pub(in crate::store) struct Pin(#[expect(dead_code, reason = "it is counted")] Arc<()>);

impl SegmentReader {
    pub(super) fn new(files: Arc<dyn SegmentFiles>, note: &Note) -> Self {
        Self {
            files,
            note: note.clone(),
            opened: Mutex::default(),
            pin: Arc::default(),
            overwriting: Mutex::default(),
        }
    }

    /// Keeps every segment from being removed.
    pub(in crate::store) fn pin(&self) -> Pin {
        Pin(Arc::clone(&self.pin))
    }

    pub(super) fn is_pinned(&self) -> bool {
        Arc::strong_count(&self.pin) > 1
    }

    pub(super) fn forget_file(&self, number: u32) {
        self.opened().remove(&number);
    }

    /// Closes segments that are gone: one may have been opened while it was removed, and its space would not come back.
    pub(super) fn forget_all_but(&self, numbers: &[u32]) {
        self.opened()
            .retain(|number, _| numbers.binary_search(number).is_ok());
    }

    fn opened(&self) -> MutexGuard<'_, BTreeMap<u32, Opened>> {
        // Each change is one insertion or removal.
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While this is held, no content is being overwritten.
    pub(super) fn overwriting(&self) -> MutexGuard<'_, ()> {
        self.overwriting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The files may be other ones from here on.
    pub(super) fn forget_files(&self) {
        self.opened().clear();
    }

    pub(super) fn files(&self) -> &dyn SegmentFiles {
        &*self.files
    }

    pub(super) fn open(&self, number: u32) -> Result<Opened, StoreError> {
        if let Some(opened) = self.opened().get(&number) {
            return Ok(opened.clone());
        }
        let file = match self.files.open(number) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(damaged(number, "its file is missing"));
            }
            file => file?,
        };
        let mut start = [0; FIRST];
        if file.len()? < FIRST as u64 {
            return Err(damaged(number, "its file was cut short"));
        }
        file.read(0, &mut start)?;
        let header = SegmentHeader::decode(&self.note, number, &start)
            .map_err(|_| damaged(number, "its header is not what was written"))?;
        let opened = Opened {
            file,
            key: header.key(&self.note),
        };
        let mut all = self.opened();
        if all.len() >= OPEN_MAX {
            all.pop_first();
        }
        all.insert(number, opened.clone());
        Ok(opened)
    }

    /// Reads the entry at a place, which must be this one of this conversation.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it is not, or not what was written; else if the file cannot be read.
    pub(in crate::store) fn read(
        &self,
        place: Place,
        conversation: u64,
        entry: u64,
    ) -> Result<Stored, StoreError> {
        let stored = self.read_unchecked(place, conversation, entry)?;
        if stored.row().is_whole() {
            return Ok(stored);
        }
        // What is overwritten just now is read half.
        let overwriting = self.overwriting();
        let stored = self.read_unchecked(place, conversation, entry)?;
        drop(overwriting);
        if stored.row().is_whole() {
            return Ok(stored);
        }
        let Opened { key, .. } = self.open(place.segment)?;
        if is_erased(&key, stored.content_at(place).0, stored.row().content) {
            return Ok(stored.overwritten());
        }
        Err(broken(
            (conversation, entry),
            "its content does not have its digest",
        ))
    }

    /// The same, whose content may be damaged or overwritten.
    pub(in crate::store) fn read_unchecked(
        &self,
        place: Place,
        conversation: u64,
        entry: u64,
    ) -> Result<Stored, StoreError> {
        let broken = |reason: &str| broken((conversation, entry), reason);
        let Opened { file, key } = self.open(place.segment)?;
        let at = place.offset as usize;
        let len = usize::try_from(file.len()?).unwrap_or(usize::MAX);
        let there = len
            .checked_sub(at)
            .ok_or_else(|| broken("its segment was cut short"))?;
        let mut bytes = vec![0; READ_BYTES.max(HEAD_MAX).min(there)];
        file.read(at as u64, &mut bytes)?;
        let head = Head::decode(&key, at, &bytes);
        let head = head.ok_or_else(|| broken("what stands there is not an entry"))?;
        let read = bytes.len();
        if head.frame_len() > there {
            return Err(broken("its segment was cut short"));
        }
        bytes.resize(head.frame_len(), 0);
        if read < bytes.len() {
            file.read((at + read) as u64, &mut bytes[read..])?;
        }
        let frame = head.without_content();
        if (frame.conversation, frame.entry) != (conversation, entry) {
            return Err(broken("another entry stands there"));
        }
        Ok(head.stored(bytes))
    }

    /// What a record does, and the entries that it has.
    ///
    /// # Errors
    /// If it is no longer what was written, or cannot be read.
    pub(in crate::store) fn record(
        &self,
        record: &RecordAt,
    ) -> Result<(Vec<Option<Write>>, VecDeque<ReplayedEntry>), StoreError> {
        let Opened { file, key } = self.open(record.segment)?;
        let at = record.at + HEADER;
        let mut body = vec![0; record.header.body_len()];
        file.read(at as u64, &mut body)?;
        let (entries, encoded) = body.split_at(record.header.entries as usize);
        let writes = commands::decode(encoded)?;
        let heads = reading::heads(&key, at, entries);
        let heads = heads.ok_or_else(|| damaged(record.segment, "a record has changed"))?;
        let entry = |(from, head): (usize, Head)| {
            let offset = u32::try_from(at + from).map_err(|_| StoreError::Unreadable)?;
            let place = Place {
                segment: record.segment,
                offset,
            };
            let bytes = entries[from..][..head.frame_len()].to_vec();
            Ok(ReplayedEntry { place, head, bytes })
        };
        let entries = heads
            .into_iter()
            .map(entry)
            .collect::<Result<_, StoreError>>()?;
        Ok((writes, entries))
    }
}

fn broken((conversation, entry): EntryKey, reason: &str) -> StoreError {
    StoreError::Damaged {
        table: "log",
        place: format!("({conversation}, {entry})"),
        reason: reason.into(),
    }
}

fn damaged(segment: u32, reason: &str) -> StoreError {
    StoreError::Damaged {
        table: "log",
        place: format!("segment {segment}"),
        reason: reason.into(),
    }
}
