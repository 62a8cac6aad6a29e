//! Who of those with a session blocks whom.
//!
//! The store decides what is withheld and keeps it; here is what the hub needs besides: whose coming and going, and whose
//! receipts, are not told to whom. It learns of it at HELLO and from the answers to BLOCK.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{AccountId, BlockedUser};

/// Whom each account with a session blocks, where that is anybody; at most as many accounts as have sessions, each with
/// [`crate::protocol::BLOCKED_MAX`] others.
#[derive(Debug, Default)]
pub(in crate::server) struct Blocks(BTreeMap<AccountId, BTreeSet<AccountId>>);

impl Blocks {
    /// An account blocks these, and nobody else.
    pub(in crate::server) fn set(&mut self, account: AccountId, blocked: &[BlockedUser]) {
        if blocked.is_empty() {
            self.0.remove(&account);
        } else {
            let others = blocked.iter().map(|user| user.account).collect();
            self.0.insert(account, others);
        }
    }

    /// An account has no session any more.
    pub(in crate::server) fn forget(&mut self, account: AccountId) {
        self.0.remove(&account);
    }

    /// Whether an account blocks anybody.
    pub(in crate::server) fn hides_any(&self, account: AccountId) -> bool {
        self.0.contains_key(&account)
    }

    /// Whether one blocks another.
    pub(in crate::server) fn hides(&self, account: AccountId, other: AccountId) -> bool {
        let blocked = self.0.get(&account);
        blocked.is_some_and(|blocked| blocked.contains(&other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_blocks_whom_they_name_and_it_is_no_matter_of_the_other() {
        let (alice, bob) = (AccountId(1), AccountId(2));
        let user = |account| BlockedUser {
            account,
            name: "somebody".into(),
        };
        let mut blocks = Blocks::default();
        blocks.set(bob, &[user(alice)]);
        assert!(blocks.hides(bob, alice) && !blocks.hides(alice, bob));
        blocks.set(bob, &[]);
        assert!(!blocks.hides(bob, alice) && blocks.0.is_empty());
        blocks.set(bob, &[user(alice)]);
        blocks.forget(bob);
        assert!(!blocks.hides(bob, alice));
    }
}
