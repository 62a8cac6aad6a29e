//! The conversations whose receipts a session gets, and which of them wait for something.

use std::collections::{BTreeSet, btree_set};

use crate::protocol::ConversationId;

/// Conversations whose receipts one session gets at once; one more replaces the first. The
/// client asks again for what it misses. Chosen: more than a person talks in at a time.
const SUBSCRIBED_MAX: usize = 256;

/// The conversations whose receipts a session gets.
#[derive(Debug, Default)]
pub struct Subscriptions {
    all: BTreeSet<ConversationId>,
    /// Those of them in which the store has not confirmed the account's membership yet: until then it gets nothing.
    unverified: BTreeSet<ConversationId>,
    /// Those of them with receipts that could not be sent yet, for want of room or of that confirmation.
    deferred: BTreeSet<ConversationId>,
}

impl Subscriptions {
    #[must_use]
    pub fn contains(&self, conversation: ConversationId) -> bool {
        self.all.contains(&conversation)
    }

    /// One more. Returns the one that it replaces, if there are too many now.
    pub fn add(&mut self, conversation: ConversationId) -> Option<ConversationId> {
        let is_over = self.all.insert(conversation) && self.all.len() > SUBSCRIBED_MAX;
        let mut others = self.all.iter().filter(|other| **other != conversation);
        let replaced = others.next().copied().filter(|_| is_over)?;
        self.remove(replaced);
        Some(replaced)
    }

    /// It is about to be added, unless it was, and the store is asked whether the account is a member.
    pub fn begin_check(&mut self, conversation: ConversationId) {
        if !self.contains(conversation) {
            self.unverified.insert(conversation);
        }
    }

    /// The store has confirmed the membership. Returns whether receipts waited for that; they do no longer.
    pub fn confirm(&mut self, conversation: ConversationId) -> bool {
        self.unverified.remove(&conversation) && self.deferred.remove(&conversation)
    }

    /// The store has confirmed the membership, and what follows contains all receipts that waited.
    pub fn settle(&mut self, conversation: ConversationId) {
        self.unverified.remove(&conversation);
        self.deferred.remove(&conversation);
    }

    /// A receipt could not be sent.
    pub fn defer(&mut self, conversation: ConversationId) {
        if self.contains(conversation) {
            self.deferred.insert(conversation);
        }
    }

    /// A receipt is about to be sent. Returns whether it waits instead, for the membership is not confirmed.
    pub fn defer_unverified(&mut self, conversation: ConversationId) -> bool {
        let is_unverified = self.unverified.contains(&conversation);
        if is_unverified {
            self.deferred.insert(conversation);
        }
        is_unverified
    }

    /// Those with receipts that waited, which are asked for again.
    pub fn take_deferred(&mut self) -> BTreeSet<ConversationId> {
        std::mem::take(&mut self.deferred)
    }

    pub fn remove(&mut self, conversation: ConversationId) {
        self.all.remove(&conversation);
        self.settle(conversation);
    }
}

impl<'a> IntoIterator for &'a Subscriptions {
    type Item = &'a ConversationId;
    type IntoIter = btree_set::Iter<'a, ConversationId>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_replaces_the_first_other_one() {
        let mut subscriptions = Subscriptions::default();
        for number in 1..=256 {
            assert_eq!(subscriptions.add(ConversationId(number)), None);
        }
        assert_eq!(subscriptions.add(ConversationId(256)), None);
        let replaced = subscriptions.add(ConversationId(0));
        assert_eq!(replaced, Some(ConversationId(1)));
        assert!(!subscriptions.contains(ConversationId(1)));
    }

    #[test]
    fn receipts_wait_until_the_membership_is_confirmed_and_are_asked_for_then() {
        let mut subscriptions = Subscriptions::default();
        let bridge = ConversationId(60);
        subscriptions.begin_check(bridge);
        subscriptions.add(bridge);
        assert!(subscriptions.defer_unverified(bridge));
        assert!(subscriptions.confirm(bridge));
        assert!(!subscriptions.defer_unverified(bridge));
        assert!(subscriptions.take_deferred().is_empty());
    }
}
