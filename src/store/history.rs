//! Reading a log backwards: what a device never had, or has forgotten, a page at a time.

use redb::ReadableTable;

use super::Reply;
use super::conversations::permitted;
use super::error::Stop;
use super::log::ENTRY_OVERHEAD_BYTES;
use super::record::decode_entry;
use super::tables::Look;
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
    let mut entries = Vec::new();
    let mut bytes = 0_usize;
    let mut more = false;
    if from <= to {
        let range = (conversation.0, from)..=(conversation.0, to);
        for row in look.log().range(range)?.rev() {
            let (key, value) = row?;
            let entry = key.value().1;
            let row = decode_entry(conversation.0, entry, value.value())?;
            bytes = bytes.saturating_add(row.content.len() + ENTRY_OVERHEAD_BYTES);
            let full = entries.len() >= max_entries || bytes > max_bytes;
            if full && !entries.is_empty() {
                more = true;
                break;
            }
            entries.push(row.into_entry(EntryId(entry), first));
        }
    }
    entries.reverse();
    Ok(Reply::History { entries, more })
}
