//! The check value after each row of each table.
//!
//! redb looks at its own checksums after a crash and in its integrity check, not when it reads a page. A row that has
//! changed on the disk must not pass for what was written, nor for the row of another key or table: so after each
//! stands a CRC-32 of its value, its key and its table's name. Damage is then an error wherever the row is read, and
//! what is gone with its key is missing, which `check` finds by comparing tables.

use crc32fast::Hasher;
use serde::{Deserialize, Serialize};

use super::key::Key;
use crate::store::StoreError;

/// How many bytes the check value after a record takes.
const SUM_BYTES: usize = 4;

fn sum(table: &str, key: &impl Key, value: &[u8]) -> u32 {
    let mut sum = Hasher::new();
    sum.update(value);
    key.add_to(&mut sum);
    sum.update(table.as_bytes());
    sum.finalize()
}

/// The bytes under which a record is kept: `MessagePack` and the check value.
pub(in crate::store) fn encode<T: Serialize + ?Sized>(
    table: &str,
    key: &impl Key,
    record: &T,
) -> Vec<u8> {
    let mut bytes = rmp_serde::to_vec(record).expect("writing to a Vec cannot fail");
    let sum = sum(table, key, &bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// Reads a record of the named table back.
pub(in crate::store) fn decode<'a, T: Deserialize<'a>>(
    table: &'static str,
    key: &impl Key,
    bytes: &'a [u8],
) -> Result<T, StoreError> {
    let damaged = |reason| StoreError::Damaged {
        table,
        place: format!("{key:?}"),
        reason,
    };
    let record = open(table, key, bytes);
    let record = record.ok_or_else(|| damaged("its checksum does not fit".to_owned()))?;
    rmp_serde::from_slice(record).map_err(|error| damaged(error.to_string()))
}

/// What stands before the check value, if that fits.
pub(in crate::store) fn open<'a>(table: &str, key: &impl Key, bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (bytes, kept) = bytes.split_last_chunk::<SUM_BYTES>()?;
    (sum(table, key, bytes) == u32::from_le_bytes(*kept)).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_passes_for_no_other_value_key_or_table() {
        let kept = encode("members", &(1_u64, 2_u64), &3_u64);
        let read = |table, key: (u64, u64), kept: &[u8]| decode::<u64>(table, &key, kept).ok();
        assert_eq!(read("members", (1, 2), &kept), Some(3));
        for bit in 0..kept.len() * 8 {
            let mut changed = kept.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read("members", (1, 2), &changed), None);
        }
        for bit in 0..64 {
            assert_eq!(read("members", (1 ^ 1 << bit, 2), &kept), None);
        }
        assert_eq!(read("senders", (1, 2), &kept), None);
        for length in 0..kept.len() {
            assert_eq!(read("members", (1, 2), &kept[..length]), None);
        }
    }
}
