//! The journal: what was done since the tables' file was last brought up to date, durable before anybody is told.
//!
//! A commit of redb writes every page that it touches, and a group of appends touches a page or more for each. So the
//! engine keeps one transaction of redb open over many groups, writes the *requests* of each group here, one behind
//! the other in one write and one sync, and answers then. Now and then (a checkpoint) the transaction is committed,
//! and the journal begins another *round*, at its start. After a crash the requests that the tables do not know of are
//! made again, in the same order: what a request does follows from it and the tables alone.
//!
//! Requests hold what users write, so nothing here is found by its looks. Records begin at sectors; each has a header
//! with a check of its own and a check of its payload, both keyed by a secret of the database, a random salt of the
//! round and the place in the file (`layout`). The tables' commit notes the secret, the round with its salt, and the
//! last record that they contain (`schema::journal_note`). So neither what somebody says nor what an earlier round, another database
//! or a copy has left behind can be taken for a record, and the work of opening is one pass over the file.
//!
//! # A checkpoint
//!
//! 1. The header of the next round is written beside this one's, and synced.
//! 2. The tables commit, with the next round in their note. From now on the records of this round are of no use.
//! 3. They are overwritten with zeros, and that is synced. Records of the next round come only then.
//! 4. This round's header is overwritten, to be durable with the next record.
//!
//! Before a record is written, the file is as long as that needs, durably, and always by a sector more.
//!
//! # What a start finds
//!
//! | the tables | the file | it means |
//! |---|---|---|
//! | closed in order | missing, empty, or anything that is not later | nothing is lost: the tables contain everything |
//! | closed in order | later rounds, this one's header gone | tables put back: *Newer* |
//! | round R | no file, no byte, or zeros only | *Missing* |
//! | round R | only headers of rounds before R | *Older* |
//! | round R | only headers of rounds behind R | tables put back: *Newer* |
//! | round R | headers of another identity or secret, or R with another salt | *Foreign* |
//! | round R | no header that can be read | *Damaged* |
//! | round R | header of R and, prepared, of R + 1 | a crash between 1 and 2: R's records are read |
//! | round R | header of R, the first record is one of R - 1 | a crash between 2 and 3: no record of R was called durable |
//! | round R | header of R, zeros in the first sector | a crash between 3 and the first record, or while that was written |
//! | round R | length no multiple of the growth, or a record that ends where the file does | *Truncated* |
//! | round R | a sector that is neither zeros nor a header where a record should begin | *Damaged*: no disk tears a sector |
//! | round R | a record whose payload does not fit, or zeros, and none behind it | the end: torn by the crash, never called durable |
//! | round R | the same, and a later record begins at a sector behind it | *Damaged* |
//!
//! A loss is said in the log and by `udpchat status`, and the database gets a new epoch. What was read before the loss is
//! made again all the same. Until that is committed nothing but headers is written to the file, so that a crash in
//! between does not hide the loss; a crash right behind that commit may have it said twice.
//!
//! What cannot be told: the last records, if they are damaged so that none behind them is left whole (the very last one
//! looks torn), or overwritten with zeros, as in an older copy of the file from the same round; and both files put back
//! together, which `generation` is for.

mod layout;
mod reading;
#[cfg(test)]
mod tests;
pub(super) mod writes;

use rand_core::RngCore;
use redb::StorageBackend;

use crate::store::error::StoreError;
use crate::store::journal_loss::JournalLoss;
use crate::store::schema::journal_note::Note;
use layout::{FIRST, RecordHeader, SECTOR, encode_slot, round_key, slot_of};
use reading::Reading;

/// The file grows by so much at a time, in bytes, and so much ahead of what is written: a sync that need not note a new
/// length is cheaper.
const GROWTH: usize = 256 * 1024;

/// So much of the file is overwritten with zeros instead of cut off, in bytes: of blocks that it has already, a sync need
/// note nothing. Chosen: what a round takes, and the largest record.
const KEPT: usize = 48 * 1024 * 1024;

static ZEROS: [u8; GROWTH] = [0; GROWTH];

/// The file, and where the next record goes.
pub(in crate::store) struct Journal {
    file: Box<dyn StorageBackend>,
    note: Note,
    /// Of this round's records.
    key: [u8; 32],
    /// Where the next record begins.
    end: usize,
    /// Its number.
    next: u64,
    /// How long the file is, durably.
    len: usize,
    /// From where on it is known to be zeros.
    zeros: usize,
    record: Vec<u8>,
}

/// What a journal holds that the tables do not.
#[derive(Debug, Default)]
pub(in crate::store) struct Recovered {
    /// The requests of each record, in order.
    pub(in crate::store) records: Vec<Vec<u8>>,
    /// Something that was durable is lost.
    pub(in crate::store) loss: Option<JournalLoss>,
}

impl Journal {
    /// Opens the journal of the database whose tables know this of it.
    pub(in crate::store) fn open(
        file: Box<dyn StorageBackend>,
        note: Note,
    ) -> Result<(Self, Recovered), StoreError> {
        let mut journal = Self {
            file,
            key: round_key(&note, note.round, &note.salt),
            end: FIRST,
            next: note.applied + 1,
            len: 0,
            zeros: 0,
            record: Vec::new(),
            note,
        };
        let found = journal.read()?;
        Ok((journal, found))
    }

    /// Reads what the tables do not contain, and goes to its end.
    ///
    /// It is written anew: after a sync that failed, what a reading finds may never have reached the disk.
    pub(in crate::store) fn read(&mut self) -> Result<Recovered, StoreError> {
        self.len = usize::try_from(self.file.len()?).map_err(|_| StoreError::Unreadable)?;
        let mut bytes = vec![0; self.len];
        self.file.read(0, &mut bytes)?;
        let reading = Reading::of(&bytes, &self.note);
        let records: Vec<_> = reading
            .payloads
            .iter()
            .map(|payload| payload.to_vec())
            .collect();
        let (end, loss) = (reading.end, reading.loss);
        self.end = end;
        self.next = self.note.applied + 1 + records.len() as u64;
        self.zeros = zeros_from(&bytes);
        if loss.is_none() {
            if self.note.is_closed {
                // Whatever was there: the next round is told from this one by its header.
                self.write_header(&self.note.clone())?;
            } else {
                self.file.write(0, &bytes[..end])?;
            }
            self.clear()?;
        }
        Ok(Recovered { records, loss })
    }

    /// Leaves nothing behind the end but room for what comes.
    fn clear(&mut self) -> Result<(), StoreError> {
        let needed = room_behind(self.end + SECTOR, GROWTH);
        let room = needed.max(self.len.min(KEPT).next_multiple_of(GROWTH));
        if self.len != room {
            self.file.set_len(room as u64)?;
        }
        for from in (self.end..self.zeros.min(room)).step_by(GROWTH) {
            let len = GROWTH.min(self.zeros.min(room) - from);
            self.file.write(from as u64, &ZEROS[..len])?;
        }
        self.file.sync_data()?;
        (self.len, self.zeros) = (room, self.end);
        Ok(())
    }

    /// Writes a record; it is durable when this returns. After a failure the journal is to be opened again.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(in crate::store) fn append(&mut self, payload: &[u8]) -> Result<(), StoreError> {
        let header = RecordHeader::of(&self.key, self.end, self.next, payload);
        let header = header.ok_or(StoreError::Unreadable)?;
        let end = header.next(self.end).ok_or(StoreError::Unreadable)?;
        self.record.clear();
        header.encode(&self.key, self.end, &mut self.record);
        self.record.extend_from_slice(payload);
        self.grow(end)?;
        self.file.write(self.end as u64, &self.record)?;
        self.file.sync_data()?;
        (self.end, self.zeros) = (end, end);
        self.next += 1;
        Ok(())
    }

    /// Makes room for a record that ends here, durably, and, durable with that record, for another one like it.
    fn grow(&mut self, end: usize) -> Result<(), StoreError> {
        let needed = end + SECTOR;
        if needed > self.len {
            self.len = needed.next_multiple_of(GROWTH);
            self.file.set_len(self.len as u64)?;
            self.file.sync_data()?;
        }
        let ahead = GROWTH.max(end - self.end);
        if needed + ahead > self.len {
            self.len = room_behind(needed, ahead);
            self.file.set_len(self.len as u64)?;
        }
        Ok(())
    }

    /// Prepares the next round: the note that the tables commit with all that was done, before [`Journal::begin`].
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(in crate::store) fn prepare(&mut self, rng: &mut impl RngCore) -> Result<Note, StoreError> {
        let mut note = Note {
            round: self.note.round + 1,
            applied: self.next - 1,
            is_closed: false,
            ..self.note.clone()
        };
        rng.fill_bytes(&mut note.salt);
        self.write_header(&note)?;
        self.file.sync_data()?;
        Ok(note)
    }

    fn write_header(&mut self, note: &Note) -> Result<(), StoreError> {
        if self.len < FIRST {
            self.file.set_len(FIRST as u64)?;
            self.len = FIRST;
        }
        let at = slot_of(note.round) as u64;
        Ok(self.file.write(at, &encode_slot(note))?)
    }

    /// Begins the round that the tables have noted.
    ///
    /// # Errors
    /// If the file cannot be written; then it is to be opened again.
    pub(in crate::store) fn begin(&mut self, note: Note) -> Result<(), StoreError> {
        let before = slot_of(self.note.round);
        self.key = round_key(&note, note.round, &note.salt);
        self.note = note;
        self.end = FIRST;
        self.clear()?;
        // Not before that is durable: what an earlier round has left is known by its header.
        Ok(self.file.write(before as u64, &[0; SECTOR])?)
    }

    /// The note of tables that contain everything and need no journal.
    pub(in crate::store) fn closed(&self) -> Note {
        Note {
            applied: self.next - 1,
            is_closed: true,
            ..self.note.clone()
        }
    }

    /// How many bytes a reading would go through.
    pub(in crate::store) const fn len(&self) -> u64 {
        self.end as u64
    }

    /// The number of the last record.
    pub(in crate::store) const fn last(&self) -> u64 {
        self.next - 1
    }
}

/// From where on there are only zeros. By pages, which are compared in a moment.
fn zeros_from(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some(before) = rest.strip_suffix(&[0; 4096]) {
        rest = before;
    }
    let last = rest.iter().rposition(|byte| *byte != 0);
    last.map_or(0, |last| last + 1)
}

/// The length of a file that has room behind what it needs.
const fn room_behind(needed: usize, ahead: usize) -> usize {
    (needed + ahead).next_multiple_of(GROWTH)
}
