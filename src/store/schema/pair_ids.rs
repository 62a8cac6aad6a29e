//! The ids of direct conversations, apart from those that are assigned in sequence: each follows from the two accounts.
//!
//! No account has the id zero, so the id of a pair with zero is that of an account's notes to itself.

use super::records::Kind;
use crate::protocol::{AccountId, ConversationId};

/// The ids of pairs: above those of two thousand million rooms, so that on the wire they take five bytes as long as there
/// are fewer than sixty thousand accounts.
pub(super) const FIRST: u64 = 1 << 31;
/// Where they end: those of accounts with ids below 2^31 fit. The sequence goes on from here if it ever comes to them.
pub(super) const END: u64 = 1 << 62;
const ACCOUNTS_END: u64 = 1 << 31;
/// What stands for the other one in the id of an account's notes: ids of accounts begin at 1.
const NOBODY: u64 = 0;

const _: () = assert!(FIRST + ACCOUNTS_END * (ACCOUNTS_END - 1) / 2 <= END);

/// Whether an id is of those that pairs have.
pub(in crate::store) const fn is_id(id: u64) -> bool {
    FIRST <= id && id < END
}

/// The next id of the sequence from this one on: it passes over those of pairs.
pub(in crate::store) const fn skip(id: u64) -> u64 {
    if is_id(id) { END } else { id }
}

/// The id of a pair, lower account first: pairs are counted by the higher account, then by the lower.
const fn id(low: u64, high: u64) -> Option<u64> {
    if low < high && high < ACCOUNTS_END {
        Some(FIRST + high * (high - 1) / 2 + low)
    } else {
        None
    }
}

/// The conversation of two accounts.
pub(in crate::store) fn id_of(one: AccountId, other: AccountId) -> Option<ConversationId> {
    id(one.min(other).0, one.max(other).0).map(ConversationId)
}

/// The conversation of an account with itself.
pub(in crate::store) fn notes_of(account: AccountId) -> Option<ConversationId> {
    id(NOBODY, account.0).map(ConversationId)
}

/// The id alone tells: everyone has its own, and pairs are in a range of theirs.
pub(in crate::store) const fn kind_of(id: ConversationId) -> Kind {
    match accounts_of(id) {
        Some((NOBODY, account)) => Kind::Notes(account),
        Some((low, high)) => Kind::Pair(low, high),
        None if id.0 == ConversationId::EVERYONE.0 => Kind::Everyone,
        None => Kind::Room,
    }
}

/// The pair that has this id.
const fn accounts_of(id: ConversationId) -> Option<(u64, u64)> {
    if !is_id(id.0) {
        return None;
    }
    let place = id.0 - FIRST;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_an_id_of_its_own_which_tells_the_pair() {
        let mut next = FIRST;
        for high in 1..200 {
            for low in 0..high {
                assert_eq!(id(low, high), Some(next));
                assert_eq!(accounts_of(ConversationId(next)), Some((low, high)));
                next += 1;
            }
        }
        for (low, high) in [
            (0, ACCOUNTS_END - 1),
            (ACCOUNTS_END - 2, ACCOUNTS_END - 1),
            (1 << 20, 1 << 30),
            ((1 << 30) - 1, 1 << 30),
        ] {
            let known = id(low, high).expect("two ids in order");
            assert!(is_id(known));
            assert_eq!(accounts_of(ConversationId(known)), Some((low, high)));
        }
        for (low, high) in [(1, 1), (2, 1), (1, ACCOUNTS_END)] {
            assert_eq!(id(low, high), None);
        }
        for other in [0, 1, FIRST - 1, END, u64::MAX] {
            assert_eq!(accounts_of(ConversationId(other)), None);
            assert_eq!(skip(other), other);
        }
        assert_eq!(skip(FIRST), END);
        let notes = notes_of(AccountId(7)).expect("an account's id");
        assert_eq!(kind_of(notes), Kind::Notes(7));
        assert_ne!(id_of(AccountId(7), AccountId(7)), Some(notes));
        let pair = id_of(AccountId(7), AccountId(1)).expect("two ids");
        assert_eq!(kind_of(pair), Kind::Pair(1, 7));
        for last in [END - 1, END - 1000] {
            assert!(
                accounts_of(ConversationId(last))
                    .is_none_or(|(low, high)| id(low, high) == Some(last))
            );
        }
    }
}
