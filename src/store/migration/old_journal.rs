//! The journal of schema 6, to be read: the requests that its tables lack.
//!
//! A round of it begins with a header in one of two slots. Records follow from 8192 on, each at a multiple of 512: number
//! (8 bytes), length (4), the check of the payload (16), the check of these (16), the payload. Every check is a keyed BLAKE3
//! over the bytes and the place in the file. Nothing else is found in it, and it is never written to.
//!
//! | the tables | the file | it means |
//! |---|---|---|
//! | closed in order | missing, empty, or anything that is not later | nothing is lost: the tables contain everything |
//! | closed in order | later rounds, this one's header gone | tables put back: *Newer* |
//! | round R | no file, no byte, or zeros only | *Missing* |
//! | round R | only headers of rounds before R | *Older* |
//! | round R | only headers of rounds after R | tables put back: *Newer* |
//! | round R | headers of another identity or secret, or R with another salt | *Foreign* |
//! | round R | no header that can be read | *Damaged* |
//! | round R | header of R, the first record is one of R - 1 | a crash at a checkpoint: no record of R was called durable |
//! | round R | length no multiple of the growth, or a record that ends where the file does | *Truncated* |
//! | round R | a sector that is neither zeros nor a header where a record should begin | *Damaged* |
//! | round R | a record whose payload does not fit, or zeros, and none after it | the end: torn by the crash |
//! | round R | the same, and a later record begins at a sector after it | *Damaged* |

use serde::Deserialize;

use crate::store::log_loss::LogLoss;

/// Everything that is recognised begins at a multiple of this, in bytes.
const SECTOR: usize = 512;

/// Where the two headers stand, in bytes.
const SLOTS: [usize; 2] = [0, 4096];

/// Where the first record begins, in bytes.
const FIRST: usize = 8192;

/// The file grew by so much at a time, in bytes.
const GROWTH: usize = 256 * 1024;

/// How long it can have become, in bytes: a round had 32 MiB and one record more, which took up to 16 MiB, and as much was
/// kept ahead.
pub(super) const MAX_BYTES: u64 = 128 * 1024 * 1024;

const MAGIC: [u8; 16] = *b"udpchat journal\n";

/// The version of the layout.
const FORMAT: u32 = 1;

/// A check, in bytes.
const CHECK: usize = 16;

/// A record's header, in bytes.
const HEADER: usize = 8 + 4 + 2 * CHECK;

type Key = [u8; 32];
type Check = [u8; CHECK];

/// What the tables know of their journal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(in crate::store) struct OldNote {
    /// What the journal's keys are made from.
    pub(in crate::store) secret: [u8; 32],
    /// Which journal it is.
    pub(in crate::store) identity: [u8; 16],
    /// Counts the checkpoints: each began a round of the journal.
    pub(in crate::store) round: u64,
    /// Random bytes of this round.
    pub(in crate::store) salt: [u8; 32],
    /// The number of the last record that the tables contain.
    pub(in crate::store) applied: u64,
    /// Whether the tables contain everything, so that no journal is needed.
    pub(in crate::store) is_closed: bool,
}

/// What a journal's bytes say.
#[derive(Debug)]
pub(in crate::store) struct Reading<'b> {
    /// The payloads of the records that the tables do not contain, in order.
    pub(in crate::store) payloads: Vec<&'b [u8]>,
    /// Where the last of them ends.
    end: usize,
    pub(in crate::store) loss: Option<LogLoss>,
}

impl<'b> Reading<'b> {
    /// Reads a journal, by what the tables know of it. The work is linear in its length.
    pub(in crate::store) fn of(bytes: &'b [u8], note: &OldNote) -> Self {
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
    key: Key,
    note: &'n OldNote,
}

/// What stands where a record should begin.
enum Next<'b> {
    Record {
        payload: &'b [u8],
        next: usize,
    },
    /// The record that was under way at the crash, or nothing.
    End,
    Loss(LogLoss),
}

impl<'b> Reader<'b, '_> {
    /// Why this is not the journal that the tables need, if it is not.
    fn other_journal(&self) -> Option<LogLoss> {
        let slots = SLOTS.map(|at| decode_slot(self.note, self.bytes, at));
        if slots.contains(&Slot::Round(self.note.round, self.note.salt)) {
            return None;
        }
        let rounds = slots.iter().filter_map(|slot| match slot {
            Slot::Round(round, _) => Some(*round),
            Slot::Foreign | Slot::Nothing => None,
        });
        match rounds.max() {
            // The round that comes next was prepared before the tables knew of it, but this one's header stayed until then.
            Some(round) if round > self.note.round => Some(LogLoss::Newer),
            _ if self.note.is_closed => None,
            Some(round) if round < self.note.round => Some(LogLoss::Older),
            // The same round, begun twice: by a database and by its copy.
            Some(_) => Some(LogLoss::Foreign),
            None if slots.contains(&Slot::Foreign) => Some(LogLoss::Foreign),
            None if is_zeros(self.bytes) => Some(LogLoss::Missing),
            None => Some(LogLoss::Damaged),
        }
    }

    fn read(&self, reading: &mut Reading<'b>) {
        let mut number = self.note.applied.saturating_add(1);
        let end = loop {
            match self.record(reading.end, number) {
                Next::Record { payload, next } => {
                    reading.payloads.push(payload);
                    reading.end = next;
                    number = number.saturating_add(1);
                }
                Next::End => break None,
                Next::Loss(loss) => break Some(loss),
            }
        };
        // The file grew before it was written to, by the same step each time.
        let is_cut = !self.bytes.len().is_multiple_of(GROWTH);
        reading.loss = if is_cut {
            Some(LogLoss::Truncated)
        } else if end.is_none() && self.has_later(reading.end, number) {
            Some(LogLoss::Damaged)
        } else {
            end
        };
    }

    fn sector(&self, at: usize) -> Option<&'b [u8]> {
        self.bytes.get(at..at.checked_add(SECTOR)?)
    }

    /// What stands at the end of what was read, where the record of this number should begin.
    fn record(&self, at: usize, number: u64) -> Next<'b> {
        // Behind every record there was room for the next one's header.
        let Some(sector) = self.sector(at) else {
            return Next::Loss(LogLoss::Truncated);
        };
        let Some(header) = RecordHeader::decode(&self.key, at, sector) else {
            // A sector that was never written to is zeros, and one that was is whole.
            let is_end = is_zeros(sector) || self.is_left_over(at, sector);
            return if is_end {
                Next::End
            } else {
                Next::Loss(LogLoss::Damaged)
            };
        };
        if header.number != number {
            return Next::Loss(LogLoss::Damaged);
        }
        let Some(next) = header.next(at).filter(|next| self.sector(*next).is_some()) else {
            return Next::Loss(LogLoss::Truncated);
        };
        let payload = &self.bytes[at + HEADER..];
        let payload = &payload[..payload.len().min(header.len as usize)];
        if header.payload == payload_check(&self.key, at, number, payload) {
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

    /// Whether a record begins after this place which is later than the one that should begin here: it was durable
    /// before that could be torn.
    fn has_later(&self, at: usize, number: u64) -> bool {
        let is_later = |at: usize| {
            let header = RecordHeader::decode(&self.key, at, &self.bytes[at..]);
            header.is_some_and(|header| header.number > number)
        };
        (at..self.bytes.len()).step_by(SECTOR).any(is_later)
    }
}

fn is_zeros(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Which header a round has.
fn slot_of(round: u64) -> usize {
    SLOTS[usize::from(round % 2 == 1)]
}

/// The key of a round's records.
fn round_key(note: &OldNote, round: u64, salt: &[u8; 32]) -> Key {
    let mut hasher = blake3::Hasher::new_derive_key("udpchat journal 1: records of a round");
    hasher.update(&note.secret);
    hasher.update(&note.identity);
    hasher.update(&round.to_le_bytes());
    hasher.update(salt);
    *hasher.finalize().as_bytes()
}

fn check(key: &Key, parts: &[&[u8]]) -> Check {
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in parts {
        hasher.update(part);
    }
    let mut check = [0; CHECK];
    check.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK]);
    check
}

/// What stands where a header of the file should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// The header of a round of this journal.
    Round(u64, [u8; 32]),
    /// A header, but not of this journal.
    Foreign,
    /// No header, or a damaged one.
    Nothing,
}

fn slot_fields(note: &OldNote, round: u64, salt: &[u8; 32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SECTOR);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&note.identity);
    bytes.extend_from_slice(&round.to_le_bytes());
    bytes.extend_from_slice(salt);
    bytes
}

/// Reads one of the two headers of a file.
fn decode_slot(note: &OldNote, file: &[u8], at: usize) -> Slot {
    const ROUND: usize = MAGIC.len() + 4 + 16;
    let Some(found) = file.get(at..at + SECTOR) else {
        return Slot::Nothing;
    };
    if !found.starts_with(&MAGIC) {
        return Slot::Nothing;
    }
    let (Some(round), Some(salt)) = (
        found[ROUND..]
            .first_chunk()
            .map(|bytes| u64::from_le_bytes(*bytes)),
        found[ROUND + 8..].first_chunk::<32>(),
    ) else {
        return Slot::Nothing;
    };
    let fields = slot_fields(note, round, salt);
    if !found.starts_with(&fields) {
        return Slot::Foreign;
    }
    let key = blake3::derive_key("udpchat journal 1: header of the file", &note.secret);
    let is_whole = found[fields.len()..].starts_with(&check(&key, &[&fields]));
    if is_whole && slot_of(round) == at {
        Slot::Round(round, *salt)
    } else {
        Slot::Nothing
    }
}

struct RecordHeader {
    number: u64,
    /// The payload's length, in bytes.
    len: u32,
    payload: Check,
}

impl RecordHeader {
    /// Reads the header of the record that begins at this place, if one does.
    fn decode(key: &Key, at: usize, bytes: &[u8]) -> Option<Self> {
        let (number, rest) = bytes.split_first_chunk::<8>()?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        let (payload, rest) = rest.split_first_chunk::<CHECK>()?;
        let own = check(key, &[b"header", &place(at), number, len, payload]);
        rest.starts_with(&own).then_some(Self {
            number: u64::from_le_bytes(*number),
            len: u32::from_le_bytes(*len),
            payload: *payload,
        })
    }

    /// Where the next record begins after one that begins at this place.
    fn next(&self, at: usize) -> Option<usize> {
        let len = usize::try_from(self.len).ok()?;
        at.checked_add(HEADER + len)?
            .checked_next_multiple_of(SECTOR)
    }
}

fn payload_check(key: &Key, at: usize, number: u64, payload: &[u8]) -> Check {
    check(
        key,
        &[b"record", &place(at), &number.to_le_bytes(), payload],
    )
}

fn place(at: usize) -> [u8; 8] {
    (at as u64).to_le_bytes()
}
