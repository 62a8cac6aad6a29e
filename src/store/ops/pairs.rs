//! Direct conversations: each pair of accounts has one, whose id follows from the two, and which has no row before
//! something is said in it.
//!
//! So whoever asks for conversations with everybody makes nothing, and both know the id before the first message.

use super::{accounts, blocks, conversations};
use crate::protocol::{AccountId, ConversationId};
use crate::store::Refusal;
use crate::store::error::{Abort, StoreError};
use crate::store::schema::pair_ids::{accounts_of, id_of};
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord};
use crate::store::schema::tables::{ReadTables, Tables};

/// The conversation of two accounts, whether something was said in it or not.
pub(in crate::store) fn find(one: AccountId, other: AccountId) -> Result<ConversationId, Abort> {
    let sentence = "this server has too many accounts for another direct conversation";
    id_of(one, other).ok_or(Refusal::LimitReached(sentence).into())
}

/// What a conversation is for one of a pair that has said nothing yet, if it is one.
pub(in crate::store) fn unspoken(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<Option<(ConversationRecord, MemberRecord)>, StoreError> {
    let Some((low, high)) = accounts_of(conversation) else {
        return Ok(None);
    };
    if ![low, high].contains(&account.0) {
        return Ok(None);
    }
    for id in [low, high] {
        if accounts::load(tables, AccountId(id))?.is_none() {
            return Ok(None);
        }
    }
    if conversations::load(tables, conversation)?.is_some() {
        return Ok(None);
    }
    let mut record = ConversationRecord::empty(Kind::Pair(low, high));
    for (account, peer) in [(low, high), (high, low)] {
        let (account, peer) = (AccountId(account), AccountId(peer));
        if let Some(side) = record.side_mut(account) {
            side.is_blocking = blocks::blocks(tables, account, peer)?;
        }
    }
    Ok(Some((record, MemberRecord::from(0))))
}

/// Whether nothing was ever said or used up in this conversation, which is a pair's then.
pub(in crate::store) fn is_unspoken(
    tables: &impl ReadTables,
    conversation: ConversationId,
    record: &ConversationRecord,
) -> Result<bool, StoreError> {
    let may_be = record.head == 0 && matches!(record.kind, Kind::Pair(..));
    Ok(may_be && conversations::load(tables, conversation)?.is_none())
}

/// Makes the rows of a pair's conversation, in the write that says the first of it.
pub(in crate::store) fn begin(
    tables: &mut Tables,
    conversation: ConversationId,
    record: &ConversationRecord,
) -> Result<(), StoreError> {
    let Kind::Pair(low, high) = record.kind else {
        return Ok(());
    };
    if !is_unspoken(tables, conversation, record)? {
        return Ok(());
    }
    conversations::save(tables, conversation, *record);
    conversations::join(tables, conversation, AccountId(low))?;
    conversations::join(tables, conversation, AccountId(high))
}
