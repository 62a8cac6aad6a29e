//! Direct conversations: each pair of accounts has one, whose id follows from the two, and which has no row before
//! something is said in it.
//!
//! So whoever asks for conversations with everybody makes nothing, and both know the id before the first message. Pairs
//! that began under an earlier version have an id of the sequence that rooms have theirs from; `pairs` tells it.

use redb::ReadableTable;

use super::{accounts, blocks, conversations};
use crate::protocol::{AccountId, ConversationId};
use crate::store::Refusal;
use crate::store::error::{Abort, StoreError};
use crate::store::schema::checksum::{decode, encode};
use crate::store::schema::pair_ids::{ACCOUNTS_END, FIRST, is_id};
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord};
use crate::store::schema::tables::{ReadTables, Tables};

const TABLE: &str = "pairs";

/// The id of a pair, lower account first: pairs are counted by the higher account, then by the lower.
const fn id_of(low: u64, high: u64) -> Option<u64> {
    if low < high && high < ACCOUNTS_END {
        Some(FIRST + high * (high - 1) / 2 + low)
    } else {
        None
    }
}

pub(in crate::store) const fn kind_of(id: ConversationId) -> Kind {
    match of_id(id.0) {
        Some((low, high)) => Kind::Pair(low, high),
        None if id.0 == ConversationId::EVERYONE.0 => Kind::Everyone,
        None => Kind::Room,
    }
}

/// The pair that has this id.
const fn of_id(id: u64) -> Option<(u64, u64)> {
    if !is_id(id) {
        return None;
    }
    let place = id - FIRST;
    // The largest number whose pairs begin at or before this place: its square is about twice that.
    let root = (2 * place).isqrt();
    let high = if (root + 1) * root / 2 <= place {
        root + 1
    } else {
        root
    };
    let low = place - high * (high - 1) / 2;
    if low < high && high < ACCOUNTS_END {
        Some((low, high))
    } else {
        None
    }
}

/// The conversation of two accounts, whether something was said in it or not.
pub(in crate::store) fn find(
    tables: &impl ReadTables,
    one: AccountId,
    other: AccountId,
) -> Result<ConversationId, Abort> {
    let id = match known(tables, one, other)? {
        Some(known) => return Ok(known),
        None => id_of(one.min(other).0, one.max(other).0),
    };
    let sentence = "this server has too many accounts for another direct conversation";
    let id = id.ok_or(Refusal::LimitReached(sentence))?;
    Ok(ConversationId(id))
}

/// The conversation of two accounts, if something was said in it.
pub(in crate::store) fn known(
    tables: &impl ReadTables,
    one: AccountId,
    other: AccountId,
) -> Result<Option<ConversationId>, StoreError> {
    let key = (one.min(other).0, one.max(other).0);
    let Some(known) = tables.pairs().get(key)? else {
        return Ok(None);
    };
    let id = decode::<u64>(TABLE, key, known.value())?;
    Ok(Some(ConversationId(id)))
}

/// What a conversation is for one of a pair that has said nothing yet, if it is one.
pub(in crate::store) fn unspoken(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<Option<(ConversationRecord, MemberRecord)>, StoreError> {
    let Some((low, high)) = of_id(conversation.0) else {
        return Ok(None);
    };
    if ![low, high].contains(&account.0) || tables.pairs().get((low, high))?.is_some() {
        return Ok(None);
    }
    for id in [low, high] {
        if accounts::load(tables, AccountId(id))?.is_none() {
            return Ok(None);
        }
    }
    // Where the pair's row is lost, its conversation goes on only once that was mended.
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
    record: &ConversationRecord,
) -> Result<bool, StoreError> {
    match record.kind {
        Kind::Pair(low, high) if record.head == 0 => Ok(tables.pairs().get((low, high))?.is_none()),
        _ => Ok(false),
    }
}

/// Lets a pair point to its conversation.
pub(in crate::store) fn put(
    tables: &mut Tables<'_>,
    low: AccountId,
    high: AccountId,
    id: ConversationId,
) -> Result<(), StoreError> {
    let key = (low.0, high.0);
    tables.pairs.insert(key, &*encode(TABLE, key, &id.0))?;
    Ok(())
}

/// Makes the rows of a pair's conversation, in the write that says the first of it.
pub(in crate::store) fn begin(
    tables: &mut Tables<'_>,
    conversation: ConversationId,
    record: &ConversationRecord,
) -> Result<(), StoreError> {
    let Kind::Pair(low, high) = record.kind else {
        return Ok(());
    };
    if !is_unspoken(tables, record)? {
        return Ok(());
    }
    conversations::save(tables, conversation, record)?;
    put(tables, AccountId(low), AccountId(high), conversation)?;
    conversations::join(tables, conversation, AccountId(low))?;
    conversations::join(tables, conversation, AccountId(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::pair_ids::{END, skip};

    #[test]
    fn every_pair_has_an_id_of_its_own_which_tells_the_pair() {
        let mut next = FIRST;
        for high in 1..200 {
            for low in 0..high {
                assert_eq!(id_of(low, high), Some(next));
                assert_eq!(of_id(next), Some((low, high)));
                next += 1;
            }
        }
        for (low, high) in [
            (0, ACCOUNTS_END - 1),
            (ACCOUNTS_END - 2, ACCOUNTS_END - 1),
            (1 << 20, 1 << 30),
            ((1 << 30) - 1, 1 << 30),
        ] {
            let id = id_of(low, high).expect("two ids in order");
            assert!(is_id(id));
            assert_eq!(of_id(id), Some((low, high)));
        }
        for (low, high) in [(1, 1), (2, 1), (1, ACCOUNTS_END)] {
            assert_eq!(id_of(low, high), None);
        }
        for id in [0, 1, FIRST - 1, END, u64::MAX] {
            assert_eq!(of_id(id), None);
            assert_eq!(skip(id), id);
        }
        assert_eq!(skip(FIRST), END);
        for id in [END - 1, END - 1000] {
            assert!(of_id(id).is_none_or(|(low, high)| id_of(low, high) == Some(id)));
        }
    }
}
