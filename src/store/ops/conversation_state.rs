//! The state of a conversation as a device is told it.

use super::log;
use crate::protocol::{AccountId, ConversationId, DeviceId, EntryId};
use crate::store::ConversationState;
use crate::store::error::StoreError;
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord};
use crate::store::schema::tables::ReadTables;

/// Where a member stands, and a device from its beginning on. In the record, the head is the last that the member
/// reads.
pub(in crate::store) fn state(
    tables: &impl ReadTables,
    conversation: ConversationId,
    record: ConversationRecord,
    (account, member): (AccountId, MemberRecord),
    name: String,
    device: DeviceId,
) -> Result<ConversationState, StoreError> {
    Ok(ConversationState {
        conversation,
        is_room: record.kind == Kind::Room,
        name,
        head: EntryId(record.head),
        last_number: log::last_number(tables, conversation, device)?,
        start: EntryId(first(record, member)),
        joined_after: EntryId(member.joined_after.max(record.side(account).silent_until)),
        delivered_up_to: EntryId(member.delivered_up_to),
        log_start: EntryId(record.log_start),
        until: member.until.map(EntryId),
        expired: false,
        read_up_to: EntryId(member.reading.up_to),
        muted_until_ms: member.reading.muted_until_ms,
        reads_after: EntryId(member.reads_after()),
    })
}

/// The entry after which a member reads. Where retention has removed even the last that a former member may read,
/// there is nothing after it.
pub(super) fn first(record: ConversationRecord, member: MemberRecord) -> u64 {
    member.joined_after.max(record.log_start).min(record.head)
}
