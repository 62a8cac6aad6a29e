//! Reading a journal: its records, where they end, and whether something is lost.
//!
//! One pass over the file's bytes. Whatever they are, the work is linear in the file's length.

use super::layout::{
    FIRST, HEADER, RecordHeader, SECTOR, SLOTS, Slot, decode_slot, round_key, slot_of,
};
use super::{GROWTH, JournalLoss, Note, zeros_from};

/// What a journal's bytes say.
#[derive(Debug)]
pub(super) struct Reading<'b> {
    /// The payloads of the records that the tables do not contain, in order.
    pub(super) payloads: Vec<&'b [u8]>,
    /// Where the last of them ends, and the next one would begin.
    pub(super) end: usize,
    pub(super) loss: Option<JournalLoss>,
}

impl<'b> Reading<'b> {
    /// Reads a journal, by what the tables know of it.
    pub(super) fn of(bytes: &'b [u8], note: &Note) -> Self {
        let reader = Reader {
            bytes,
            key: round_key(note, note.round, &note.salt),
            note,
        };
        let mut reading = Self {
            payloads: Vec::new(),
            end: FIRST,
            loss: reader.other_journal(),
        };
        if reading.loss.is_none() && !note.is_closed {
            reader.read(&mut reading);
        }
        reading
    }
}

struct Reader<'b, 'n> {
    bytes: &'b [u8],
    key: [u8; 32],
    note: &'n Note,
}

/// What stands where a record should begin.
enum Next<'b> {
    Record {
        payload: &'b [u8],
        next: usize,
    },
    /// The record that was under way at the crash, or nothing.
    End,
    Loss(JournalLoss),
}

impl<'b> Reader<'b, '_> {
    /// Why this is not the journal that the tables need, if it is not.
    fn other_journal(&self) -> Option<JournalLoss> {
        let slots = SLOTS.map(|at| decode_slot(self.note, self.bytes, at));
        if slots.contains(&Slot::Round(self.note.round, self.note.salt)) {
            return None;
        }
        let rounds = slots.iter().filter_map(|slot| match slot {
            Slot::Round(round, _) => Some(*round),
            Slot::Foreign | Slot::Nothing => None,
        });
        match rounds.max() {
            // The round that comes next is prepared before the tables know of it, but this one's header stays until then.
            Some(round) if round > self.note.round => Some(JournalLoss::Newer),
            _ if self.note.is_closed => None,
            Some(round) if round < self.note.round => Some(JournalLoss::Older),
            // The same round, begun twice: by a database and by its copy.
            Some(_) => Some(JournalLoss::Foreign),
            None if slots.contains(&Slot::Foreign) => Some(JournalLoss::Foreign),
            None if zeros_from(self.bytes) == 0 => Some(JournalLoss::Missing),
            None => Some(JournalLoss::Damaged),
        }
    }

    fn read(&self, reading: &mut Reading<'b>) {
        let mut number = self.note.applied + 1;
        let end = loop {
            match self.record(reading.end, number) {
                Next::Record { payload, next } => {
                    reading.payloads.push(payload);
                    reading.end = next;
                    number += 1;
                }
                Next::End => break None,
                Next::Loss(loss) => break Some(loss),
            }
        };
        // The file grows before it is written to, by the same step each time.
        let is_cut = !self.bytes.len().is_multiple_of(GROWTH);
        reading.loss = if is_cut {
            Some(JournalLoss::Truncated)
        } else if end.is_none() && self.has_later(reading.end, number) {
            Some(JournalLoss::Damaged)
        } else {
            end
        };
    }

    fn sector(&self, at: usize) -> Option<&'b [u8]> {
        self.bytes.get(at..at.checked_add(SECTOR)?)
    }

    /// What stands at the end of what was read, where the record of this number should begin.
    fn record(&self, at: usize, number: u64) -> Next<'b> {
        // Behind every record there is room for the next one's header.
        let Some(sector) = self.sector(at) else {
            return Next::Loss(JournalLoss::Truncated);
        };
        let Some(header) = RecordHeader::decode(&self.key, at, sector) else {
            // A sector that was never written to is zeros, and one that was is whole.
            let is_end = zeros_from(sector) == 0 || self.is_left_over(at, sector);
            return if is_end {
                Next::End
            } else {
                Next::Loss(JournalLoss::Damaged)
            };
        };
        if header.number != number {
            return Next::Loss(JournalLoss::Damaged);
        }
        let Some(next) = header.next(at).filter(|next| self.sector(*next).is_some()) else {
            return Next::Loss(JournalLoss::Truncated);
        };
        let payload = &self.bytes[at + HEADER..];
        let payload = &payload[..payload.len().min(header.len as usize)];
        if header.fits(&self.key, at, payload) {
            Next::Record { payload, next }
        } else {
            Next::End
        }
    }

    /// Whether this is the first record of the round before, of which nothing was cut off yet when the power failed.
    fn is_left_over(&self, at: usize, sector: &[u8]) -> bool {
        let before = self.note.round.wrapping_sub(1);
        let Slot::Round(round, salt) = decode_slot(self.note, self.bytes, slot_of(before)) else {
            return false;
        };
        let key = round_key(self.note, round, &salt);
        at == FIRST && round == before && RecordHeader::decode(&key, at, sector).is_some()
    }

    /// Whether a record begins behind this place which is later than the one that should begin here: it was durable
    /// before that could be torn. Records begin at sectors only, and nothing but this round's server makes their checks.
    fn has_later(&self, at: usize, number: u64) -> bool {
        let is_later = |at: usize| {
            let header = RecordHeader::decode(&self.key, at, &self.bytes[at..]);
            header.is_some_and(|header| header.number > number)
        };
        (at..self.bytes.len()).step_by(SECTOR).any(is_later)
    }
}
