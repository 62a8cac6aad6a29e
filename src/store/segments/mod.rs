//! The message log: what was done, and what was said, written once and durable before anybody is told.
//!
//! A commit of redb writes every page that it touches, and a group of appends touches a page or more for each. So a group
//! of requests is one record here, in one write and one sync: the entries that it adds to conversations, and what else it
//! does. The entries stay where they are; the tables only know where. Now and then (a checkpoint) the tables are committed
//! with what the records have done to them, and note up to which record they have it. After a crash the records after
//! that are replayed, in the same order: what a request does follows from it and the tables alone.
//!
//! The log is cut into *segments*, files of some 32 MiB, of which retention removes those that hold nothing any more.
//! Entries are what users write, so nothing here is found by its looks. Everything has a check that is keyed by a secret
//! of the database, by its segment's random salt, and by its place in the file (`layout`, `frame`). So neither what
//! somebody says nor what another database or a copy has left behind can be taken for a record or an entry. udpchat-store(7)
//! describes the bytes, with an example.
//!
//! # What a start finds
//!
//! | the segments | it means |
//! |---|---|
//! | none, or one is left out before another | *Missing* |
//! | only earlier ones than that which the tables know, or that one without the last record which they contain | *Older* |
//! | only later ones | the tables were put back: *Newer* |
//! | the header of another identity or number, or not the one that the tables know | *Foreign* |
//! | zeros where a record should begin, or a record whose commands or entries do not fit, and no later record | the end: torn by the crash, never called durable |
//! | the content of an entry of the very last record does not fit | likewise |
//! | the content of an entry of another record does not fit | that entry is damaged, or was deleted |
//! | anything else where a record should begin, or a later record after the end | *Damaged* |
//! | the file ends in a record or a header, or where the last one does and there is no next segment | *Truncated* |
//!
//! A loss is reported in the server's diagnostic log and by `udpchat status`, and the database gets a new epoch. What was
//! read before the loss is replayed all the same, and the log goes on in a new segment.
//!
//! What cannot be told: the last records, if they are damaged so that none after them is left whole, or overwritten with
//! zeros; and tables and segments put back together, which `generation` is for.

pub(in crate::store) mod batch;
pub(in crate::store) mod commands;
pub(in crate::store) mod erase;
pub(in crate::store) mod files;
mod frame;
mod layout;
pub(in crate::store) mod note;
mod reader;
mod reading;
pub(in crate::store) mod salvage;
pub(in crate::store) mod stored;
#[cfg(test)]
mod tests;
pub(in crate::store) mod varint;
pub(in crate::store) mod walk;

use std::io;
use std::sync::Arc;

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;

use crate::store::error::StoreError;
use crate::store::log_loss::LogLoss;
use crate::store::segments::note::Note;
use batch::Batch;
use files::{SegmentFile, SegmentFiles};
pub(in crate::store) use frame::Frame;
pub(in crate::store) use layout::Check;
use layout::{ALIGN, CHECK, FIRST, HEADER, Key, RecordHeader, SegmentHeader};
pub(in crate::store) use reader::{Pin, SegmentReader};
pub(in crate::store) use reading::RecordAt;
use reading::{Last, LogEnd};

/// What is compared at once, in bytes.
const PAGE: usize = 4096;

static ZEROS: [u8; 16 * PAGE] = [0; 16 * PAGE];

/// Where an entry stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Place {
    pub(in crate::store) segment: u32,
    /// In bytes from the segment's start.
    pub(in crate::store) offset: u32,
}

impl From<Place> for u64 {
    fn from(place: Place) -> Self {
        Self::from(place.segment) << 32 | Self::from(place.offset)
    }
}

impl From<u64> for Place {
    fn from(place: u64) -> Self {
        let low = u64::from(u32::MAX);
        let part = |number: u64| u32::try_from(number & low).expect("it was cut to 32 bits");
        Self {
            segment: part(place >> 32),
            offset: part(place),
        }
    }
}

/// The segment that is written to.
struct Current {
    number: u32,
    file: SegmentFile,
    key: Key,
    /// Where the next record begins.
    end: usize,
    /// How long the file is, durably.
    len: usize,
    /// By how much it grows.
    growth: usize,
}

/// The end of the log, to be written.
pub(in crate::store) struct Segments {
    files: Arc<dyn SegmentFiles>,
    reader: Arc<SegmentReader>,
    /// As the tables have it.
    note: Note,
    current: Option<Current>,
    /// No segment has a higher number.
    highest: u32,
    /// The number of the next record.
    next: u64,
    /// What the log ends with: the last record of the current segment, or its header, at its start.
    last: Option<(u32, Check)>,
    /// How many bytes of records there are, since the log was opened and what was found then; up to the note that was asked
    /// for last, and up to that which the tables have.
    written: u64,
    asked: u64,
    noted: u64,
    /// For the salts of segments.
    rng: ChaCha20Rng,
    /// Records are synced with the next checkpoint only: a log that several servers share has what they say.
    is_synced_late: bool,
}

/// What the log holds that the tables do not.
#[derive(Debug, Default)]
pub(in crate::store) struct Recovered<R = RecordAt> {
    /// Its records, or where they are, in order.
    pub(in crate::store) records: Vec<R>,
    /// Something that was durable is lost.
    pub(in crate::store) loss: Option<LogLoss>,
}

impl Segments {
    /// Opens the log of the database whose tables know this of it.
    pub(in crate::store) fn open(
        files: Arc<dyn SegmentFiles>,
        note: Note,
        rng: ChaCha20Rng,
    ) -> Result<(Self, Recovered), StoreError> {
        let reader = Arc::new(SegmentReader::new(Arc::clone(&files), &note));
        let mut log = Self {
            files,
            reader,
            current: None,
            highest: note.segment,
            next: note.applied + 1,
            last: note.last,
            note,
            written: 0,
            asked: 0,
            noted: 0,
            rng,
            is_synced_late: false,
        };
        let found = log.read()?;
        Ok((log, found))
    }

    /// Reads what the tables do not contain, and goes to its end.
    pub(in crate::store) fn read(&mut self) -> Result<Recovered, StoreError> {
        self.reader.forget_files();
        let LogEnd {
            records,
            last,
            end,
            unused,
            loss,
        } = LogEnd::of(&*self.files, &self.note)?;
        self.highest = self
            .files
            .list()?
            .last()
            .copied()
            .unwrap_or(0)
            .max(self.note.segment);
        self.next = self.note.applied + 1 + records.len() as u64;
        self.last = end;
        self.written = records.iter().map(RecordAt::len).sum();
        (self.asked, self.noted) = (0, 0);
        self.current = None;
        if loss.is_some() {
            // With a number left out, so that what was lost is missed again if the tables do not come to know of this.
            self.highest = self.highest.saturating_add(1);
        } else if self.files.may_write()
            && let Some(last) = last
        {
            // A number is left out only over a loss.
            for number in unused {
                self.files.remove(number)?;
            }
            self.highest = last.header.number;
            self.current = Some(Self::go_on(last, &self.note, self.files.growth())?);
        }
        Ok(Recovered { records, loss })
    }

    /// Goes on in a segment. What was read is written again: after a sync that failed, what a reading finds may never have
    /// reached the disk. Behind it only zeros are left.
    fn go_on(last: Last, note: &Note, growth: usize) -> Result<Current, StoreError> {
        let Last {
            header,
            key,
            file,
            bytes,
            end,
            from,
        } = last;
        file.write(0, &header.start(note))?;
        if from < end {
            file.write(from as u64, &bytes[from..end.min(bytes.len())])?;
        }
        let room = (end + ALIGN + growth).next_multiple_of(growth);
        // By pages: byte by byte it took a fifth of the simulator's time.
        let is_used = |page: &[u8]| *page != ZEROS[..page.len()];
        let used = bytes.chunks(PAGE).rposition(is_used);
        let used = used.map_or(0, |last| bytes.len().min((last + 1) * PAGE));
        for at in (end..used.min(room)).step_by(ZEROS.len()) {
            let len = ZEROS.len().min(used.min(room) - at);
            file.write(at as u64, &ZEROS[..len])?;
        }
        if bytes.len() > room {
            // Else power that fails could leave a record's start in a file that ends in it.
            file.sync_data()?;
        }
        if bytes.len() != room {
            file.set_len(room as u64)?;
        }
        file.sync_data()?;
        Ok(Current {
            number: header.number,
            file,
            key,
            end,
            len: room,
            growth,
        })
    }

    /// Begins the record of a group: where the entries that it adds come to be.
    ///
    /// # Errors
    /// If the next segment has to be made and cannot.
    pub(in crate::store) fn begin(&mut self, batch: &mut Batch) -> Result<(), StoreError> {
        let is_full = |current: &Current| current.end >= self.files.segment_bytes() as usize;
        if self.current.as_ref().is_none_or(is_full) {
            self.begin_segment()?;
        }
        let current = self.current.as_ref().ok_or(StoreError::Unreadable)?;
        batch.begin(current.number, current.end, current.key);
        Ok(())
    }

    fn begin_segment(&mut self) -> Result<(), StoreError> {
        let number = self.highest.checked_add(1).ok_or(StoreError::Unreadable)?;
        let before = self.last.map_or([0; CHECK], |(_, check)| check);
        let mut header = SegmentHeader {
            number,
            first_record: self.next,
            before,
            salt: [0; 32],
        };
        self.rng.fill_bytes(&mut header.salt);
        let file = self.files.create(number)?;
        let growth = self.files.growth();
        file.set_len(growth as u64)?;
        file.write(0, &header.start(&self.note))?;
        file.sync_data()?;
        if let Some(before) = &self.current {
            before.file.set_len(before.end as u64)?;
            if self.is_synced_late {
                before.file.sync_data()?;
            }
        }
        let key = header.key(&self.note);
        self.current = Some(Current {
            number,
            file,
            key,
            end: FIRST,
            len: growth,
            growth,
        });
        (self.highest, self.last) = (number, Some((0, header.own_check(&self.note))));
        Ok(())
    }

    /// Writes a record: the entries of a group, and its commands. It is durable when this returns, unless it is to be synced
    /// late; after a failure the log is to be opened again.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(in crate::store) fn append(
        &mut self,
        batch: &mut Batch,
        commands: &[u8],
    ) -> Result<(), StoreError> {
        let current = self.current.as_mut().ok_or(StoreError::Unreadable)?;
        let (key, at) = (current.key, current.end);
        let header = RecordHeader::of(&key, at, self.next, batch.entries(), commands);
        let header = header.ok_or(StoreError::Unreadable)?;
        let end = header.next(at).ok_or(StoreError::Unreadable)?;
        let bytes = batch.seal(&header.encode(&key, at), commands);
        current.grow(end)?;
        current.file.write(at as u64, bytes)?;
        if !self.is_synced_late {
            current.file.sync_data()?;
        }
        self.written += (end - at) as u64;
        current.end = end;
        self.next += 1;
        let place = u32::try_from(at).map_err(|_| StoreError::Unreadable)?;
        self.last = Some((place, header.own_check(&key, at)));
        Ok(())
    }

    /// From now on records are durable only once [`Segments::unsynced`] is synced.
    pub(in crate::store) const fn sync_late(&mut self) {
        self.is_synced_late = true;
    }

    /// What is to be synced before the tables may note what was written.
    pub(in crate::store) fn unsynced(&self) -> Option<SegmentFile> {
        let current = self.current.as_ref().filter(|_| self.is_synced_late)?;
        Some(Arc::clone(&current.file))
    }

    /// What the tables note with all that was done up to here.
    ///
    /// # Errors
    /// If the log has no segment to go on in, and cannot make one.
    pub(in crate::store) fn note(&mut self) -> Result<Note, StoreError> {
        if self.current.is_none() {
            self.begin_segment()?;
        }
        let current = self.current.as_ref().ok_or(StoreError::Unreadable)?;
        self.asked = self.written;
        Ok(Note {
            applied: self.next - 1,
            segment: current.number,
            offset: u32::try_from(current.end).map_err(|_| StoreError::Unreadable)?,
            last: self.last,
            ..self.note.clone()
        })
    }

    /// The tables have noted this, which was asked for last.
    pub(in crate::store) fn noted(&mut self, note: Note) {
        self.noted = self.asked;
        self.note = note;
    }

    /// Removes the segments before the one that the tables note, of which nothing is used any more. One that somebody may
    /// be reading stays until the next time.
    ///
    /// # Errors
    /// If it cannot be asked what is used, or a file cannot be removed.
    pub(in crate::store) fn remove_unused(
        &self,
        is_used: impl Fn(u32) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        if !self.files.may_write() || self.reader.is_pinned() {
            return Ok(());
        }
        let numbers = self.files.list()?;
        self.reader.forget_all_but(&numbers);
        for number in numbers {
            if self.is_closed(number) && !is_used(number)? {
                self.files.remove(number)?;
                self.reader.forget_file(number);
            }
        }
        Ok(())
    }

    /// Whether the log goes on in a later segment, and the tables note that.
    pub(in crate::store) const fn is_closed(&self, segment: u32) -> bool {
        segment < self.note.segment
    }

    /// How many bytes of records the log has that the tables do not contain.
    pub(in crate::store) const fn len_behind(&self) -> u64 {
        self.written - self.noted
    }

    pub(in crate::store) const fn reader(&self) -> &Arc<SegmentReader> {
        &self.reader
    }
}

impl Current {
    /// Makes room for a record that ends here, durably, and, durable with that record, for another one like it.
    fn grow(&mut self, end: usize) -> io::Result<()> {
        let needed = end + HEADER.max(ALIGN);
        if needed > self.len {
            self.len = needed.next_multiple_of(self.growth);
            self.file.set_len(self.len as u64)?;
            self.file.sync_data()?;
        }
        let ahead = self.growth.max(end - self.end);
        if needed + ahead > self.len {
            self.len = (needed + ahead).next_multiple_of(self.growth);
            self.file.set_len(self.len as u64)?;
        }
        Ok(())
    }
}
