//! How far each member of a conversation has received: the source of every receipt.

use super::access::permitted;
use super::accounts;
use super::conversations::{load, load_member, save_member};
use crate::protocol::{AccountId, ConversationId, EntryId};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::records::{AccountRecord, ConversationRecord, Kind, MemberRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{MemberMark, Refusal, Reply};

/// The marks of those members who have received something since they belong to the conversation, for one who does. Of
/// a conversation of more than `named_max` members none is read, only how many belong to it.
pub(in crate::store) fn list(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
    named_max: u32,
) -> Result<Reply, Abort> {
    let (record, asker) = permitted(tables, conversation, account)?;
    if asker.until.is_some() {
        return Err(Refusal::NotPermitted.into());
    }
    let members = match record.kind {
        Kind::Everyone => u32::try_from(meta::reader_count(tables)?).unwrap_or(u32::MAX),
        Kind::Pair(..) => 2,
        Kind::Notes(_) => 1,
        Kind::Room => record.members,
    };
    let mut marks = Vec::new();
    if members > named_max {
        return Ok(Reply::Marks { members, marks });
    }
    for row in tables
        .members()
        .range((conversation.0, 0)..=(conversation.0, u64::MAX))?
    {
        let ((_, id), member) = row?;
        let Some(member) = skip_damaged(member)? else {
            continue;
        };
        let id = AccountId(id);
        if id == account || !record.side(id).is_blocking {
            marks.extend(named(tables, &record, id, &member)?);
        }
    }
    Ok(Reply::Marks { members, marks })
}

/// How far a member has received a conversation, unless they block those whom it concerns.
pub(in crate::store) fn of(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<Option<MemberMark>, StoreError> {
    let (Some(record), Some(member)) = (
        load(tables, conversation)?,
        load_member(tables, conversation, account)?,
    ) else {
        return Ok(None);
    };
    if record.side(account).is_blocking {
        return Ok(None);
    }
    named(tables, &record, account, &member)
}

/// The mark of a member who belongs to the conversation and has received something since; who was deleted is counted nowhere, so
/// they are named nowhere.
fn named(
    tables: &impl ReadTables,
    record: &ConversationRecord,
    id: AccountId,
    member: &MemberRecord,
) -> Result<Option<MemberMark>, StoreError> {
    let since = member.joined_after.max(record.side(id).silent_until);
    if member.until.is_some() || member.delivered_up_to <= since {
        return Ok(None);
    }
    let account = skip_damaged(accounts::require(tables, id))?;
    let account = account.filter(|account| !account.is_deleted());
    Ok(account.map(|AccountRecord { name, .. }| MemberMark {
        account: id,
        name,
        entry: EntryId(member.delivered_up_to),
        joined_after: EntryId(since),
    }))
}

/// A member has received a conversation up to an entry. What had expired before any of their devices had it they have
/// not received: their mark covers only what comes after that.
pub(in crate::store) fn receive(record: ConversationRecord, member: &mut MemberRecord, entry: u64) {
    if member.delivered_up_to < record.log_start && record.log_start < entry {
        member.joined_after = member.joined_after.max(record.log_start);
    }
    member.delivered_up_to = entry;
}

/// Moves marks, never back and never past the head, and notes when accounts were last seen. What names no member
/// is passed over: it was asked for before the member left.
pub(in crate::store) fn advance(
    tables: &mut Tables,
    marks: &[(ConversationId, AccountId, EntryId)],
    seen: &[(AccountId, u64)],
) -> Result<Reply, Abort> {
    for (conversation, account, entry) in marks {
        let Some(record) = skip_damaged(load(tables, *conversation))?.flatten() else {
            continue;
        };
        let member = skip_damaged(load_member(tables, *conversation, *account))?;
        let Some(mut member) = member.flatten() else {
            continue;
        };
        let last = member.until.unwrap_or(record.head);
        let mark = entry.0.min(record.head).min(last);
        if mark > member.delivered_up_to {
            receive(record, &mut member, mark);
            save_member(tables, *conversation, *account, member);
        }
    }
    accounts::note_seen(tables, seen)?;
    Ok(Reply::Nothing)
}
