//! Direct conversations: each pair of accounts has one, and each account one with itself, for notes. Their ids follow
//! from the accounts, and they have no row before something is said in them.
//!
//! So whoever asks for conversations with everybody makes nothing, and both know the id before the first message.

use super::{accounts, blocks, conversations};
use crate::protocol::{AccountId, ConversationId};
use crate::store::error::{Abort, StoreError};
use crate::store::schema::pair_ids::{id_of, kind_of, notes_of};
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord};
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Refusal, StoreLimit};

/// The conversation of two accounts, whether something was said in it or not.
pub(in crate::store) fn find(one: AccountId, other: AccountId) -> Result<ConversationId, Abort> {
    id_of(one, other).ok_or(Refusal::LimitReached(StoreLimit::Pairs).into())
}

/// The notes of an account, whether there are any or not.
pub(in crate::store) fn notes(account: AccountId) -> Result<ConversationId, Abort> {
    notes_of(account).ok_or(Refusal::LimitReached(StoreLimit::Notes).into())
}

/// Whose conversation it is, if that follows from its kind.
fn owners(kind: Kind) -> Option<Vec<AccountId>> {
    match kind {
        Kind::Pair(low, high) => Some(vec![AccountId(low), AccountId(high)]),
        Kind::Notes(account) => Some(vec![AccountId(account)]),
        Kind::Everyone | Kind::Room => None,
    }
}

/// What a direct conversation in which nothing was said is for one of those whose it is, if it is one.
pub(in crate::store) fn unspoken(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<Option<(ConversationRecord, MemberRecord)>, StoreError> {
    let kind = kind_of(conversation);
    let Some(owners) = owners(kind).filter(|owners| owners.contains(&account)) else {
        return Ok(None);
    };
    for owner in owners {
        if accounts::load(tables, owner)?.is_none() {
            return Ok(None);
        }
    }
    if conversations::load(tables, conversation)?.is_some() {
        return Ok(None);
    }
    let mut record = ConversationRecord::empty(kind);
    if let Kind::Pair(low, high) = kind {
        for (account, peer) in [(low, high), (high, low)] {
            let (account, peer) = (AccountId(account), AccountId(peer));
            if let Some(side) = record.side_mut(account) {
                side.is_blocking = blocks::blocks(tables, account, peer)?;
            }
        }
    }
    Ok(Some((record, MemberRecord::from(0))))
}

/// Whether nothing was ever said or used up in this conversation, which is a direct one then.
pub(in crate::store) fn is_unspoken(
    tables: &impl ReadTables,
    conversation: ConversationId,
    record: &ConversationRecord,
) -> Result<bool, StoreError> {
    let may_be = record.head == 0 && owners(record.kind).is_some();
    Ok(may_be && conversations::load(tables, conversation)?.is_none())
}

/// Makes the rows of a direct conversation, in the write that says the first of it.
pub(in crate::store) fn begin(
    tables: &mut Tables,
    conversation: ConversationId,
    record: &ConversationRecord,
) -> Result<(), StoreError> {
    let Some(owners) = owners(record.kind) else {
        return Ok(());
    };
    if !is_unspoken(tables, conversation, record)? {
        return Ok(());
    }
    conversations::save(tables, conversation, *record);
    for owner in owners {
        conversations::join(tables, conversation, owner)?;
    }
    Ok(())
}
