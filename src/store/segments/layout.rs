//! The bytes of a segment's header and of the records' headers, and the keys of their checks.
//!
//! Every check is a keyed BLAKE3 over the bytes and the place in the file, so nothing verifies that was written elsewhere,
//! in another segment, or by anybody who does not have the database's secret.
//!
//! # A segment
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 16 | `udpchat segment\n` |
//! | 16 | 4 | the version of this layout, 1 |
//! | 20 | 16 | the log's identity |
//! | 36 | 4 | the segment's number |
//! | 40 | 8 | the number of its first record |
//! | 48 | 16 | what it goes on behind: the check of the record before its first, or of the header before it |
//! | 64 | 32 | the salt of its key, random |
//! | 96 | 16 | the check of these |
//! | 4096 | 112 | all of these once more, for where the first page is damaged |
//! | 8192 | | records, each at a multiple of 64 |
//!
//! Numbers are little-endian. The file grows by 256 KiB at a time and ends with zeros until the next segment begins.
//!
//! # A record
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 8 | its number: one more than that of the record before it |
//! | 8 | 4 | how many bytes of entries it has |
//! | 12 | 4 | how many bytes of commands follow them |
//! | 16 | 16 | the check of the commands and of the entries' checks |
//! | 32 | 16 | the check of these |
//! | 48 | | entries (`frame`), then commands (`commands`) |

use crate::store::segments::note::Note;

/// Records begin at multiples of this, in bytes. Chosen: a record's header fits, so that none crosses a sector of a disk
/// (512 bytes), which writes a sector whole or not at all.
pub(super) const ALIGN: usize = 64;

/// Where the header stands, in bytes. Chosen: each in a page of its own, since some disks write no less at once, and
/// without a header nothing of a segment can be read.
pub(super) const HEADERS: [usize; 2] = [0, 4096];

/// Where the first record begins, in bytes.
pub(super) const FIRST: usize = 8192;

/// A record's header in bytes.
pub(super) const HEADER: usize = 8 + 4 + 4 + 2 * CHECK;

const _: () = assert!(HEADER <= ALIGN && 512 % ALIGN == 0 && FIRST.is_multiple_of(ALIGN));

const MAGIC: [u8; 16] = *b"udpchat segment\n";

/// The version of this layout.
const FORMAT: u32 = 1;

/// A check, in bytes. Chosen: nobody finds one by chance.
pub(super) const CHECK: usize = 16;

/// The part of a segment's header that is checked, in bytes.
const FIELDS: usize = 16 + 4 + 16 + 4 + 8 + CHECK + 32;

pub(super) type Key = [u8; 32];
pub(in crate::store) type Check = [u8; CHECK];

pub(super) fn check(key: &Key, parts: &[&[u8]]) -> Check {
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in parts {
        hasher.update(part);
    }
    let mut check = [0; CHECK];
    check.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK]);
    check
}

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) number: u32,
    /// The number of its first record.
    pub(super) first_record: u64,
    /// The check of what the log ends with before it: of two lives of a database, which both go on with the same numbers,
    /// each knows its own segments.
    pub(super) before: Check,
    pub(super) salt: [u8; 32],
}

/// Why the header of a segment is not one of this log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// It is zeros.
    Empty,
    /// The file ends in it.
    Cut,
    /// It is the header of another log, or of another segment of this one.
    Foreign,
    Damaged,
}

impl SegmentHeader {
    /// The key of what the segment holds.
    pub(super) fn key(&self, note: &Note) -> Key {
        let mut hasher = blake3::Hasher::new_derive_key("udpchat segment 1: records and entries");
        hasher.update(&note.secret);
        hasher.update(&note.identity);
        hasher.update(&self.number.to_le_bytes());
        hasher.update(&self.salt);
        *hasher.finalize().as_bytes()
    }

    fn fields(&self, note: &Note) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIELDS + CHECK);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&note.identity);
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.first_record.to_le_bytes());
        bytes.extend_from_slice(&self.before);
        bytes.extend_from_slice(&self.salt);
        bytes
    }

    fn check(note: &Note, fields: &[u8]) -> Check {
        let key = blake3::derive_key("udpchat segment 1: header", &note.secret);
        check(&key, &[fields])
    }

    pub(super) fn encode(&self, note: &Note) -> Vec<u8> {
        let mut bytes = self.fields(note);
        let check = Self::check(note, &bytes);
        bytes.extend_from_slice(&check);
        bytes
    }

    /// The check by which a note knows it again.
    pub(super) fn own_check(&self, note: &Note) -> Check {
        Self::check(note, &self.fields(note))
    }

    /// What a segment begins with.
    pub(super) fn start(&self, note: &Note) -> Vec<u8> {
        let header = self.encode(note);
        let mut bytes = vec![0; HEADERS[1]];
        bytes[..header.len()].copy_from_slice(&header);
        bytes.extend_from_slice(&header);
        bytes
    }

    /// Reads the header of the segment of this number, wherever it is whole.
    pub(super) fn decode(note: &Note, number: u32, file: &[u8]) -> Result<Self, NoHeader> {
        let first = Self::decode_one(note, number, file);
        first.or_else(|missing| {
            let rest = file.get(HEADERS[1]..).unwrap_or_default();
            Self::decode_one(note, number, rest).map_err(|_| missing)
        })
    }

    fn decode_one(note: &Note, number: u32, file: &[u8]) -> Result<Self, NoHeader> {
        let found = file.get(..FIELDS + CHECK);
        if found.unwrap_or(file).iter().all(|byte| *byte == 0) {
            return Err(NoHeader::Empty);
        }
        let found = found.ok_or(NoHeader::Cut)?;
        let (fields, found_check) = found.split_at(FIELDS);
        let first_record = fields[40..]
            .first_chunk()
            .map(|bytes| u64::from_le_bytes(*bytes));
        let before = fields[48..].first_chunk::<CHECK>();
        let salt = fields[64..].first_chunk::<32>();
        let (Some(first_record), Some(before), Some(salt)) = (first_record, before, salt) else {
            return Err(NoHeader::Damaged);
        };
        let header = Self {
            number,
            first_record,
            before: *before,
            salt: *salt,
        };
        if !fields.starts_with(&MAGIC) {
            return Err(NoHeader::Damaged);
        }
        if fields != header.fields(note) {
            return Err(NoHeader::Foreign);
        }
        if found_check != Self::check(note, fields) {
            return Err(NoHeader::Damaged);
        }
        Ok(header)
    }
}

/// What stands before the entries and the commands of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub(super) number: u64,
    /// How many bytes of entries it has.
    pub(super) entries: u32,
    /// How many bytes of commands follow them.
    pub(super) commands: u32,
    body: Check,
}

impl RecordHeader {
    /// The header of the record that begins at this place. `checks` are those of its entries.
    pub(super) fn of(
        key: &Key,
        at: usize,
        number: u64,
        (entries, checks): (usize, &[u8]),
        commands: &[u8],
    ) -> Option<Self> {
        Some(Self {
            number,
            entries: u32::try_from(entries).ok()?,
            commands: u32::try_from(commands.len()).ok()?,
            body: body_check(key, at, number, checks, commands),
        })
    }

    /// Its bytes, which come to be at this place.
    pub(super) fn encode(&self, key: &Key, at: usize) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&self.number.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.entries.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.commands.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.body);
        let check = own_check(key, at, &bytes[..32]);
        bytes[32..].copy_from_slice(&check);
        bytes
    }

    /// Reads the header of the record that begins at this place, if one does.
    pub(super) fn decode(key: &Key, at: usize, bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<HEADER>()?;
        let (number, rest) = bytes.split_first_chunk::<8>()?;
        let (entries, rest) = rest.split_first_chunk::<4>()?;
        let (commands, rest) = rest.split_first_chunk::<4>()?;
        let body = rest.first_chunk::<CHECK>()?;
        let header = Self {
            number: u64::from_le_bytes(*number),
            entries: u32::from_le_bytes(*entries),
            commands: u32::from_le_bytes(*commands),
            body: *body,
        };
        (bytes[32..] == own_check(key, at, &bytes[..32])).then_some(header)
    }

    /// Whether this is what was written after the header.
    pub(super) fn fits(&self, key: &Key, at: usize, checks: &[u8], commands: &[u8]) -> bool {
        self.body == body_check(key, at, self.number, checks, commands)
    }

    /// How many bytes follow the header.
    pub(super) const fn body_len(&self) -> usize {
        self.entries as usize + self.commands as usize
    }

    /// The check by which a note knows it again.
    pub(super) fn own_check(&self, key: &Key, at: usize) -> Check {
        let mut check = [0; CHECK];
        check.copy_from_slice(&self.encode(key, at)[32..]);
        check
    }

    /// Where the next record begins after one that begins at this place.
    pub(super) fn next(&self, at: usize) -> Option<usize> {
        let body = (self.entries as usize).checked_add(self.commands as usize)?;
        at.checked_add(HEADER)?
            .checked_add(body)?
            .checked_next_multiple_of(ALIGN)
    }
}

fn own_check(key: &Key, at: usize, fields: &[u8]) -> Check {
    check(key, &[b"header", &place(at), fields])
}

fn body_check(key: &Key, at: usize, number: u64, checks: &[u8], commands: &[u8]) -> Check {
    let len = (checks.len() as u64).to_le_bytes();
    check(
        key,
        &[
            b"record",
            &place(at),
            &number.to_le_bytes(),
            &len,
            checks,
            commands,
        ],
    )
}

pub(super) fn place(at: usize) -> [u8; 8] {
    (at as u64).to_le_bytes()
}
