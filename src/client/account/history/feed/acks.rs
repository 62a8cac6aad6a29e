//! What a bot was told and has not acknowledged, and up to where it has.

use std::collections::{BTreeMap, VecDeque};

use crate::protocol::{ConversationId, EntryId};

/// How many entries a bot may be told that it has not acknowledged. Chosen: work for a while, in little memory. At the limit
/// the rest waits in the tables.
pub(super) const UNACKNOWLEDGED_MAX: usize = 1_000;

/// The entries that a bot has been told, by conversation, in the order in which it was.
#[derive(Debug, Default)]
pub(super) struct Acks {
    told: BTreeMap<ConversationId, VecDeque<EntryId>>,
    count: usize,
}

impl Acks {
    /// Whether as many entries are unacknowledged as may be.
    pub(super) const fn is_full(&self) -> bool {
        self.count >= UNACKNOWLEDGED_MAX
    }

    pub(super) fn add(&mut self, id: ConversationId, entry: EntryId) {
        self.told.entry(id).or_default().push_back(entry);
        self.count += 1;
    }

    /// Everything of a conversation up to this entry is dealt with.
    pub(super) fn acknowledge(&mut self, id: ConversationId, entry: EntryId) {
        let Some(told) = self.told.get_mut(&id) else {
            return;
        };
        while told.pop_front_if(|first| *first <= entry).is_some() {
            self.count -= 1;
        }
        if told.is_empty() {
            self.told.remove(&id);
        }
    }

    /// What is behind this entry is told again.
    pub(super) fn drop_behind(&mut self, id: ConversationId, entry: EntryId) {
        let Some(told) = self.told.get_mut(&id) else {
            return;
        };
        while told.pop_back_if(|last| *last > entry).is_some() {
            self.count -= 1;
        }
    }

    /// Up to where everything of a conversation is dealt with that was told up to an entry.
    pub(super) fn position(&self, id: ConversationId, given: EntryId) -> EntryId {
        let first = self.told.get(&id).and_then(VecDeque::front);
        first.map_or(given, |first| EntryId(first.0.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ConversationId = ConversationId(7);

    #[test]
    fn position_stands_before_the_first_entry_that_is_not_acknowledged() {
        let mut acks = Acks::default();
        for entry in [3, 5, 9] {
            acks.add(ID, EntryId(entry));
        }
        let position = |acks: &Acks| acks.position(ID, EntryId(12)).0;
        assert_eq!(position(&acks), 2);
        acks.acknowledge(ID, EntryId(4));
        assert_eq!(position(&acks), 4);
        acks.acknowledge(ID, EntryId(2));
        assert_eq!(position(&acks), 4);
        acks.acknowledge(ID, EntryId(9));
        // What follows it was for nobody.
        assert_eq!(position(&acks), 12);
        assert_eq!(acks.count, 0);
    }

    #[test]
    fn window_is_full_until_something_is_acknowledged() {
        let mut acks = Acks::default();
        for entry in 1..=UNACKNOWLEDGED_MAX as u64 {
            assert!(!acks.is_full());
            acks.add(ID, EntryId(entry));
        }
        assert!(acks.is_full());
        acks.acknowledge(ID, EntryId(1));
        assert!(!acks.is_full());
        acks.drop_behind(ID, EntryId(4));
        assert_eq!(acks.count, 3);
    }
}
