//! The check value behind each row of each table.
//!
//! redb looks at its own checksums after a crash and in its integrity check, not when it reads a page. A row that has
//! changed on the disk must not pass for what was written, nor for the row of another key or table: so behind each
//! stands a CRC-32 of its value, its key and its table's name. Damage is then an error wherever the row is read, and
//! what is gone with its key is missing, which `check` finds by comparing tables.
//!
//! The rows of a log are sealed without the table's name: nothing else can be decoded as one of them, and so a schema
//! came by these check values without a million rows being written anew.

use crc32fast::Hasher;
use serde::{Deserialize, Serialize};

use super::records::LogRecord;
use crate::store::StoreError;

/// How many bytes the check value behind a record takes.
const SUM_BYTES: usize = 4;

/// For how many bytes of a row there is room at once. Chosen: most rows, a line of chat included.
const ROW_BYTES: usize = 320;

/// A number with its check value.
pub(in crate::store) type Sealed = (u64, u32);

/// What was stored under a number, with the check value: number, digest, entry.
pub(in crate::store) type SealedSent = (u64, [u8; 32], u64, u32);

/// A key, as it counts for the check value.
pub(in crate::store) trait Place: Copy + std::fmt::Debug {
    /// Adds it.
    fn add_to(self, sum: &mut Hasher);
}

impl Place for u64 {
    fn add_to(self, sum: &mut Hasher) {
        sum.update(&self.to_le_bytes());
    }
}

impl Place for (u64, u64) {
    fn add_to(self, sum: &mut Hasher) {
        self.0.add_to(sum);
        self.1.add_to(sum);
    }
}

impl Place for (u64, u64, u64) {
    fn add_to(self, sum: &mut Hasher) {
        (self.0, self.1).add_to(sum);
        self.2.add_to(sum);
    }
}

impl Place for &str {
    fn add_to(self, sum: &mut Hasher) {
        sum.update(self.as_bytes());
    }
}

impl Place for (u8, &str) {
    fn add_to(self, sum: &mut Hasher) {
        sum.update(&[self.0]);
        self.1.add_to(sum);
    }
}

fn sum(table: &str, place: impl Place, value: &[&[u8]]) -> u32 {
    let mut sum = Hasher::new();
    for part in value {
        sum.update(part);
    }
    place.add_to(&mut sum);
    sum.update(table.as_bytes());
    sum.finalize()
}

/// The table's name as it counts for the check values of logs.
const LOG: &str = "";

fn damaged(table: &'static str, place: impl Place, reason: &str) -> StoreError {
    StoreError::Damaged {
        table,
        place: format!("{place:?}"),
        reason: reason.into(),
    }
}

const NO_FIT: &str = "its checksum does not fit";

/// The bytes under which a record is kept.
pub(in crate::store) fn encode<T: Serialize>(
    table: &str,
    place: impl Place,
    record: &T,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ROW_BYTES);
    rmp_serde::encode::write(&mut bytes, record).expect("writing to a Vec cannot fail");
    seal(table, place, bytes)
}

/// The bytes under which an entry of a log is kept.
pub(in crate::store) fn encode_entry(
    conversation: u64,
    entry: u64,
    row: &LogRecord<'_>,
) -> Vec<u8> {
    encode(LOG, (conversation, entry), row)
}

/// Puts the check value behind bytes.
pub(in crate::store) fn seal(table: &str, place: impl Place, mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = sum(table, place, &[&bytes]);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// Reads a record of the named table back.
pub(in crate::store) fn decode<'a, T: Deserialize<'a>>(
    table: &'static str,
    place: impl Place,
    bytes: &'a [u8],
) -> Result<T, StoreError> {
    let record = open(table, place, bytes)?;
    rmp_serde::from_slice(record).map_err(|error| damaged(table, place, &error.to_string()))
}

/// Reads an entry of a log back.
pub(in crate::store) fn decode_entry(
    conversation: u64,
    entry: u64,
    bytes: &[u8],
) -> Result<LogRecord<'_>, StoreError> {
    let place = (conversation, entry);
    let record = split(LOG, place, bytes).ok_or_else(|| damaged("log", place, NO_FIT))?;
    rmp_serde::from_slice(record).map_err(|error| damaged("log", place, &error.to_string()))
}

/// Reads bytes back that were sealed.
pub(in crate::store) fn open<'a>(
    table: &'static str,
    place: impl Place,
    bytes: &'a [u8],
) -> Result<&'a [u8], StoreError> {
    split(table, place, bytes).ok_or_else(|| damaged(table, place, NO_FIT))
}

fn split<'a>(table: &str, place: impl Place, bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (bytes, kept) = bytes.split_last_chunk::<SUM_BYTES>()?;
    (sum(table, place, &[bytes]) == u32::from_le_bytes(*kept)).then_some(bytes)
}

/// A number as it is kept.
pub(in crate::store) fn number(table: &str, place: impl Place, number: u64) -> Sealed {
    (number, number_sum(table, place, number))
}

/// The check value of a number that is kept elsewhere.
pub(in crate::store) fn number_sum(table: &str, place: impl Place, number: u64) -> u32 {
    sum(table, place, &[&number.to_le_bytes()])
}

/// Reads a number back.
pub(in crate::store) fn open_number(
    table: &'static str,
    place: impl Place,
    (found, kept): Sealed,
) -> Result<u64, StoreError> {
    if number_sum(table, place, found) == kept {
        Ok(found)
    } else {
        Err(damaged(table, place, NO_FIT))
    }
}

/// What is kept of a row that only is there.
pub(in crate::store) fn presence(table: &str, place: impl Place) -> u32 {
    sum(table, place, &[])
}

/// Checks a row that only is there.
pub(in crate::store) fn check_presence(
    table: &'static str,
    place: impl Place,
    kept: u32,
) -> Result<(), StoreError> {
    if presence(table, place) == kept {
        Ok(())
    } else {
        Err(damaged(table, place, NO_FIT))
    }
}

/// The table of what was stored under which number.
const SENT: &str = "sent";

/// What was stored under a number, as it is kept.
pub(in crate::store) fn sent(
    place: (u64, u64, u64),
    number: u64,
    digest: [u8; 32],
    entry: u64,
) -> SealedSent {
    let sum = sent_sum(place, number, &digest, entry);
    (number, digest, entry, sum)
}

fn sent_sum(place: (u64, u64, u64), number: u64, digest: &[u8; 32], entry: u64) -> u32 {
    let value = [&number.to_le_bytes()[..], digest, &entry.to_le_bytes()];
    sum(SENT, place, &value)
}

/// Reads back what was stored under a number: the number, the digest, the entry.
pub(in crate::store) fn open_sent(
    place: (u64, u64, u64),
    (number, digest, entry, kept): SealedSent,
) -> Result<(u64, [u8; 32], u64), StoreError> {
    if sent_sum(place, number, &digest, entry) == kept {
        Ok((number, digest, entry))
    } else {
        Err(damaged(SENT, place, NO_FIT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_passes_for_no_other_value_key_or_table() {
        let kept = number("pairs", (1_u64, 2_u64), 3);
        assert_eq!(open_number("pairs", (1, 2), kept).ok(), Some(3));
        for bit in 0..64 {
            let changed = (kept.0 ^ 1 << bit, kept.1);
            assert!(open_number("pairs", (1, 2), changed).is_err());
            assert!(open_number("pairs", (1 ^ 1 << bit, 2), kept).is_err());
            assert!(open_number("pairs", (1, 2 ^ 1 << bit), kept).is_err());
        }
        assert!(open_number("senders", (1, 2), kept).is_err());
        assert!(check_presence("joined", (1, 2), presence("joined", (1, 2))).is_ok());
        assert!(check_presence("joined", (1, 2), presence("invited", (1, 2))).is_err());
        assert!(check_presence("joined", (1, 3), presence("joined", (1, 2))).is_err());
    }

    #[test]
    fn what_is_too_short_to_be_sealed_is_damaged() {
        for length in 0..SUM_BYTES {
            assert!(open("secrets", "a key", &vec![0; length]).is_err());
        }
        let sealed = seal("secrets", "a key", b"swordfish".to_vec());
        assert_eq!(
            open("secrets", "a key", &sealed).ok(),
            Some(&b"swordfish"[..])
        );
        assert!(open("secrets", "another", &sealed).is_err());
    }
}
