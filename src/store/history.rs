//! Reading a log backwards: what a device never had, or has forgotten, a page at a time.

use super::conversations::permitted;
use super::error::Stop;
use super::log::ENTRY_OVERHEAD_BYTES;
use super::salvage::{self, Direction};
use super::tables::Look;
use super::{Entry, Reply};
use crate::protocol::{AccountId, ConversationId, EntryId};

/// The last entries before a place that the reader is permitted, oldest first. There is at least one if there is any,
/// however small the bounds.
pub(super) fn read_back(
    look: &impl Look,
    conversation: ConversationId,
    reader: AccountId,
    before: EntryId,
    max_entries: usize,
    max_bytes: usize,
) -> Result<Reply, Stop> {
    let (record, member) = permitted(look, conversation, reader)?;
    let first = member.since.max(record.floor);
    let (from, to) = (
        first.saturating_add(1),
        before.0.saturating_sub(1).min(record.head),
    );
    let mut entries = Vec::<Entry>::new();
    let mut bytes = 0_usize;
    let mut more = false;
    let places = (from, to);
    salvage::walk(
        look,
        conversation,
        places,
        Direction::Backward,
        |entry, row| {
            let length = row.map_or(0, |row| row.content.len());
            bytes = bytes.saturating_add(length + ENTRY_OVERHEAD_BYTES);
            more = entries.len() >= max_entries || bytes > max_bytes;
            more &= !entries.is_empty();
            if !more {
                let time_ms = entries.last().map_or(record.time_ms, |last| last.time_ms);
                entries.push(salvage::entry(entry, row, first, time_ms));
            }
            !more
        },
    )?;
    // A reading can end early over what is damaged.
    more |= entries.last().is_some_and(|oldest| oldest.entry.0 > from);
    entries.reverse();
    Ok(Reply::History { entries, more })
}
