//! Who may read a conversation, and up to where.

use super::{conversations, pairs};
use crate::protocol::{AccountId, ConversationId};
use crate::store::Refusal;
use crate::store::error::Abort;
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord};
use crate::store::schema::tables::ReadTables;

/// A conversation as one may read it who belongs to it or once did: its head is the last entry that they may read.
/// All others are refused.
pub(in crate::store) fn permitted(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<(ConversationRecord, MemberRecord), Abort> {
    let (mut record, member) = membership(tables, conversation, account)?;
    let last = record.given_at_end(account, record.head);
    record.head = member.until.unwrap_or(last);
    Ok((record, member))
}

/// A conversation and one who belongs to it or once did, or the refusal that is due to all others: one refusal, after
/// the same single look, whether there is such a conversation or not, so that ids tell nothing.
pub(in crate::store) fn membership(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<(ConversationRecord, MemberRecord), Abort> {
    let Some(mut member) = conversations::load_member(tables, conversation, account)? else {
        return Ok(pairs::unspoken(tables, conversation, account)?.ok_or(Refusal::NotPermitted)?);
    };
    let record = conversations::load(tables, conversation)?.ok_or(Refusal::NotPermitted)?;
    // Nobody belongs to a room that was deleted, also where that has not been noted of each yet.
    if record.kind == Kind::Room && record.members == 0 {
        member.until = member.until.or(Some(record.head));
    }
    Ok((record, member))
}
