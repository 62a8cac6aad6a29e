//! Reading a log backwards: what a device never had, or has forgotten, a page at a time.

use super::ENTRY_OVERHEAD_BYTES;
use super::tolerant_scan;
use super::tolerant_scan::Direction;
use crate::protocol::{AccountId, ConversationId, EntryId};
use crate::store::error::Abort;
use crate::store::ops::access::permitted;
use crate::store::ops::blocks::Given;
use crate::store::schema::tables::ReadTables;
use crate::store::{Entry, Reply};

/// The last entries before a place that the reader is permitted, oldest first. There is at least one if there is any,
/// however small the bounds.
pub(in crate::store) fn read_back(
    tables: &impl ReadTables,
    conversation: ConversationId,
    reader: AccountId,
    before: EntryId,
    max_entries: usize,
    max_bytes: usize,
) -> Result<Reply, Abort> {
    let (record, member) = permitted(tables, conversation, reader)?;
    let first = member.reads_after().max(record.log_start);
    let from = first.saturating_add(1);
    let mut to = before.0.saturating_sub(1).min(record.head);
    let mut entries = Vec::<Entry>::new();
    let mut bytes = 0_usize;
    let mut more = false;
    let given = Given::new(tables, conversation, &record, reader);
    while !more && let Some(places) = given.last(from, to)? {
        let direction = Direction::Backward;
        let mut left = places;
        tolerant_scan::walk(tables, conversation, places, direction, |entry, row| {
            if let Some(later) = entries.last_mut() {
                later.prev = EntryId(entry);
            }
            let length = row.map_or(0, |row| row.content.len());
            bytes = bytes.saturating_add(length + ENTRY_OVERHEAD_BYTES);
            more = entries.len() >= max_entries || bytes > max_bytes;
            more &= !entries.is_empty();
            if !more {
                let time_ms = entries.last().map_or(record.time_ms, |last| last.time_ms);
                entries.push(tolerant_scan::entry(entry, row, first, time_ms));
                left.1 = entry - 1;
            }
            !more
        })?;
        // A reading can end early over what is damaged.
        if !more && left.0 <= left.1 {
            more = true;
            if let Some(oldest) = entries.last_mut() {
                oldest.prev = EntryId(left.1);
            }
        }
        to = places.0 - 1;
    }
    entries.reverse();
    super::name(tables, &record, reader, &mut entries)?;
    Ok(Reply::History { entries, more })
}
