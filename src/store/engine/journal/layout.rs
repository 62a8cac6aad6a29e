//! The bytes of a journal's file: its two headers, the records' headers, and the keys of their checks.
//!
//! Every check is a keyed BLAKE3 over the bytes and the place in the file, so nothing verifies that was written
//! elsewhere, in an earlier round, or by anybody who does not have the database's secret.

use super::Note;

/// Everything that is recognised begins at a multiple of this, in bytes. Chosen: what a disk writes whole or not at
/// all, so that a header is never torn.
pub(super) const SECTOR: usize = 512;

/// Where the two headers stand, in bytes. Chosen: each on a page of its own, since some disks write no less at once.
pub(super) const SLOTS: [usize; 2] = [0, 4096];

/// Where the first record begins, in bytes.
pub(super) const FIRST: usize = 8192;

const MAGIC: [u8; 16] = *b"udpchat journal\n";

/// The version of this layout.
const FORMAT: u32 = 1;

/// A check, in bytes. Chosen: nobody finds one by chance.
const CHECK: usize = 16;

/// A record's header in bytes: number, length, the payload's check, the header's own.
pub(super) const HEADER: usize = 8 + 4 + 2 * CHECK;

type Key = [u8; 32];
type Check = [u8; CHECK];

/// Which header a round has.
pub(super) fn slot_of(round: u64) -> usize {
    SLOTS[usize::from(round % 2 == 1)]
}

/// The key of a round's records.
pub(super) fn round_key(note: &Note, round: u64, salt: &[u8; 32]) -> Key {
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
pub(super) enum Slot {
    /// The header of a round of this journal.
    Round(u64, [u8; 32]),
    /// A header, but not of this journal.
    Foreign,
    /// No header, or a damaged one.
    Nothing,
}

fn slot_fields(note: &Note, round: u64, salt: &[u8; 32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SECTOR);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&note.identity);
    bytes.extend_from_slice(&round.to_le_bytes());
    bytes.extend_from_slice(salt);
    bytes
}

fn slot_check(note: &Note, fields: &[u8]) -> Check {
    let key = blake3::derive_key("udpchat journal 1: header of the file", &note.secret);
    check(&key, &[fields])
}

/// The header of the file for a round.
pub(super) fn encode_slot(note: &Note) -> Vec<u8> {
    let mut bytes = slot_fields(note, note.round, &note.salt);
    let check = slot_check(note, &bytes);
    bytes.extend_from_slice(&check);
    bytes.resize(SECTOR, 0);
    bytes
}

/// Reads one of the two headers of a file.
pub(super) fn decode_slot(note: &Note, file: &[u8], at: usize) -> Slot {
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
    let is_whole = found[fields.len()..].starts_with(&slot_check(note, &fields));
    if is_whole && slot_of(round) == at {
        Slot::Round(round, *salt)
    } else {
        Slot::Nothing
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub(super) number: u64,
    /// The payload's length, in bytes.
    pub(super) len: u32,
    payload: Check,
}

impl RecordHeader {
    /// The header of the record that begins at this place.
    pub(super) fn of(key: &Key, at: usize, number: u64, payload: &[u8]) -> Option<Self> {
        let len = u32::try_from(payload.len()).ok()?;
        Some(Self {
            number,
            len,
            payload: payload_check(key, at, number, payload),
        })
    }

    /// Adds its bytes.
    pub(super) fn encode(&self, key: &Key, at: usize, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.len.to_le_bytes());
        bytes.extend_from_slice(&self.payload);
        bytes.extend_from_slice(&self.check(key, at));
    }

    /// Reads the header of the record that begins at this place, if one does.
    pub(super) fn decode(key: &Key, at: usize, bytes: &[u8]) -> Option<Self> {
        let (number, bytes) = bytes.split_first_chunk::<8>()?;
        let (len, bytes) = bytes.split_first_chunk::<4>()?;
        let (payload, bytes) = bytes.split_first_chunk::<CHECK>()?;
        let header = Self {
            number: u64::from_le_bytes(*number),
            len: u32::from_le_bytes(*len),
            payload: *payload,
        };
        bytes.starts_with(&header.check(key, at)).then_some(header)
    }

    fn check(&self, key: &Key, at: usize) -> Check {
        let (number, len) = (self.number.to_le_bytes(), self.len.to_le_bytes());
        check(key, &[b"header", &place(at), &number, &len, &self.payload])
    }

    /// Whether this is what was written behind the header.
    pub(super) fn fits(&self, key: &Key, at: usize, payload: &[u8]) -> bool {
        self.payload == payload_check(key, at, self.number, payload)
    }

    /// Where the next record begins behind one that begins at this place.
    pub(super) fn next(&self, at: usize) -> Option<usize> {
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
