//! Rows whose way is lost: a damaged branch hides all leaves below it, which stand in the file still.
//!
//! Every page of the file is looked at. What has the form of a leaf of a table with keys of one width (redb's design
//! document, "Leaf page") is taken apart, and a row is one only if its check value fits. Leaves stay in a file for a
//! while after they were replaced, so this is only for rows that never change, or say themselves which is the newer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::super::error::StoreError;
use super::super::record::{AccountRecord, ConversationRecord};
use super::super::seal::{decode, decode_entry, open_sent};
use super::super::tables::Tables;
use super::Rescued;
use redb::ReadableTable as _;

/// redb's page, in bytes.
const PAGE: usize = 4096;

/// The type byte of a leaf, and how many bytes stand before its offsets.
const LEAF: u8 = 1;
const HEAD: usize = 4;

/// How large a leaf can be, in bytes: a single row may be larger than a page, up to the largest message.
const LEAF_MAX: usize = 128 * 1024;

/// Puts entries of logs back that are missing.
pub(super) fn entries(
    file: &Path,
    to: &mut Tables<'_>,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    each(file, 16, &mut |key, value| {
        let (conversation, entry) = key.split_at(8);
        let key = (number(conversation), number(entry));
        let Ok(row) = decode_entry(key.0, key.1, value) else {
            return Ok(());
        };
        if to.log.get(key)?.is_some() || !belongs(to, key, row.device, row.number)? {
            return Ok(());
        }
        to.log.insert(key, value)?;
        rescued.rows += 1;
        Ok(())
    })
}

/// Whether a place is one of its log, and the message there is not known to stand elsewhere: what a crash has cut off
/// can be in the file too.
fn belongs(
    to: &Tables<'_>,
    (conversation, entry): (u64, u64),
    device: u64,
    used: u64,
) -> Result<bool, StoreError> {
    let Some(record) = to.conversations.get(conversation)? else {
        return Ok(true);
    };
    let record: ConversationRecord = decode("conversations", conversation, record.value())?;
    let slot = (conversation, device, used % super::super::log::KEPT);
    let stands = match to.sent.get(slot)? {
        Some(sent) => open_sent(slot, sent.value()).ok(),
        None => None,
    };
    let is_elsewhere = stands.is_some_and(|(known, _, place)| known == used && place != entry);
    Ok(record.floor < entry && entry <= record.head && !is_elsewhere)
}

/// Puts accounts back that are missing: of each the one that was seen last.
pub(super) fn accounts(
    file: &Path,
    to: &mut Tables<'_>,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    const TABLE: &str = "accounts";
    let mut found = std::collections::BTreeMap::new();
    each(file, 8, &mut |key, value| {
        let id = number(key);
        if to.accounts.get(id)?.is_none()
            && let Ok(record) = decode::<AccountRecord>(TABLE, id, value)
        {
            let newest = found.entry(id).or_insert((0, Vec::new()));
            if record.seen_ms >= newest.0 {
                *newest = (record.seen_ms, value.to_vec());
            }
        }
        Ok(())
    })?;
    for (id, (_, row)) in found {
        to.accounts.insert(id, &*row)?;
        rescued.rows += 1;
    }
    Ok(())
}

/// Puts the records of conversations back that are missing: of each the one with the longest log.
pub(super) fn conversations(
    file: &Path,
    to: &mut Tables<'_>,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    const TABLE: &str = "conversations";
    let mut found = std::collections::BTreeMap::new();
    each(file, 8, &mut |key, value| {
        let id = number(key);
        if to.conversations.get(id)?.is_none()
            && let Ok(record) = decode::<ConversationRecord>(TABLE, id, value)
        {
            let newest = found.entry(id).or_insert((0, Vec::new()));
            if record.head >= newest.0 {
                *newest = (record.head, value.to_vec());
            }
        }
        Ok(())
    })?;
    for (id, (_, row)) in found {
        to.conversations.insert(id, &*row)?;
        rescued.rows += 1;
    }
    Ok(())
}

/// Takes a key and a value.
type Take<'t> = dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError> + 't;

fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

/// Whatever may be a row with a key of this width, in bytes.
fn each(file: &Path, width: usize, take: &mut Take<'_>) -> Result<(), StoreError> {
    let failed = |cause: io::Error| StoreError::from(redb::StorageError::Io(cause));
    let file = File::open(file).map_err(failed)?;
    let pages = file.metadata().map_err(failed)?.len() / PAGE as u64;
    let mut page = vec![0; PAGE];
    for place in 0..pages {
        page.resize(PAGE, 0);
        let offset = place * PAGE as u64;
        if file.read_exact_at(&mut page, offset).is_err() || page[0] != LEAF {
            continue;
        }
        let end = last_end(&page).filter(|end| *end <= LEAF_MAX);
        let Some(end) = end else { continue };
        if end > PAGE {
            page.resize(end, 0);
            if file.read_exact_at(&mut page, offset).is_err() {
                continue;
            }
        }
        rows(&page, width, take)?;
    }
    Ok(())
}

/// How many rows a leaf says that it has.
fn count(page: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([page[2], page[3]]))
}

/// Where a row's value ends.
fn value_end(page: &[u8], row: usize) -> Option<usize> {
    let offset = HEAD + 4 * row;
    let end = page.get(offset..offset + 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(end)).ok()
}

fn last_end(page: &[u8]) -> Option<usize> {
    value_end(page, count(page).checked_sub(1)?)
}

/// Takes a leaf apart: offsets of the values' ends, then keys, then values. A row that is damaged spoils no other.
fn rows(page: &[u8], width: usize, take: &mut Take<'_>) -> Result<(), StoreError> {
    let count = count(page);
    let keys = HEAD + 4 * count;
    for row in 0..count {
        let key = page.get(keys + width * row..keys + width * (row + 1));
        let start = match row.checked_sub(1) {
            Some(before) => value_end(page, before),
            None => Some(keys + width * count),
        };
        let value = start
            .zip(value_end(page, row))
            .and_then(|(start, end)| page.get(start..end));
        if let Some((key, value)) = key.zip(value) {
            take(key, value)?;
        }
    }
    Ok(())
}
