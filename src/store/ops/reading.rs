//! How far an account has read each conversation, and which of them it has muted: for its own devices, and nobody else.
//!
//! "Received" is the mark of `marks`, from which receipts follow. Nothing follows from what is noted here.

use super::access::permitted;
use super::conversations::save_member;
use crate::protocol::{AccountId, ConversationId, EntryId};
use crate::store::error::{Abort, StoreError};
use crate::store::schema::records::MemberRecord;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::Tables;
use crate::store::{Refusal, Reply};

/// Notes how far accounts have read, never back and never past what they are given. Who has no such conversation is passed
/// over: it was read before they left it, or is none of theirs.
pub(in crate::store) fn read(
    tables: &mut Tables,
    reads: &[(ConversationId, AccountId, EntryId)],
) -> Result<Reply, Abort> {
    let mut moved = Vec::new();
    for (conversation, account, entry) in reads {
        let Some((head, mut member)) = reader(tables, *conversation, *account)? else {
            continue;
        };
        let up_to = entry.0.min(head);
        if up_to > member.reading.up_to {
            member.reading.up_to = up_to;
            save_member(tables, *conversation, *account, member);
            moved.push((*conversation, *account, EntryId(up_to)));
        }
    }
    Ok(Reply::Read(moved))
}

/// The last entry that somebody is given, and their record, if they have one that can be read.
fn reader(
    tables: &Tables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<Option<(u64, MemberRecord)>, StoreError> {
    // In a pair in which nothing was said there is nothing to read, and no record.
    if !has_record(tables, conversation, account)? {
        return Ok(None);
    }
    match permitted(tables, conversation, account) {
        Ok((record, member)) => Ok(Some((record.head, member))),
        Err(Abort::Refused(_) | Abort::Failed(StoreError::Damaged { .. })) => Ok(None),
        Err(Abort::Failed(error)) => Err(error),
    }
}

fn has_record(
    tables: &Tables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<bool, StoreError> {
    tables.members.has(&(conversation.0, account.0))
}

/// Mutes a conversation until a time, or no longer.
pub(in crate::store) fn mute(
    tables: &mut Tables,
    conversation: ConversationId,
    account: AccountId,
    until_ms: u64,
) -> Result<Reply, Abort> {
    let (_, mut member) = permitted(tables, conversation, account)?;
    // In a pair in which nothing was said there is nothing to mute.
    if !has_record(tables, conversation, account)? {
        return Err(Refusal::NotPermitted.into());
    }
    if member.reading.muted_until_ms != until_ms {
        member.reading.muted_until_ms = until_ms;
        save_member(tables, conversation, account, member);
    }
    Ok(Reply::Nothing)
}
