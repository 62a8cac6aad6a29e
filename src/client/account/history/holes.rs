//! Which conversations this device does not hold wholly: each entry names the one before it.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::conversations::Conversations;
use crate::client::storage::StateError;
use crate::client::storage::history::Found;
use crate::protocol::{ConversationId, EntryId};

/// How many conversations are named. Chosen: what fits a line; the others are counted.
const NAMED_MAX: usize = 3;

/// Conversations of which entries are missing, found while all entries are visited in order.
#[derive(Debug)]
pub(super) struct Holes {
    /// Where each conversation begins and ends on the server, as far as is known.
    bounds: BTreeMap<ConversationId, (EntryId, EntryId)>,
    /// The last entry that was visited, with its time.
    last: Option<(ConversationId, EntryId, u64)>,
    /// Those up to which all was visited.
    reached: BTreeMap<ConversationId, EntryId>,
    missing: BTreeSet<ConversationId>,
}

impl Holes {
    /// Of one conversation, or of all.
    pub(super) fn of(conversations: &Conversations, scope: Option<ConversationId>) -> Self {
        let meant = conversations
            .iter()
            .filter(|(id, _)| scope.is_none_or(|scope| scope == *id));
        let bounds = meant.map(|(id, known)| {
            let begin = known
                .floor
                .max(known.stored.nothing_before.unwrap_or_default());
            (id, (begin, known.stored.received_up_to))
        });
        Self {
            bounds: bounds.collect(),
            last: None,
            reached: BTreeMap::new(),
            missing: BTreeSet::new(),
        }
    }

    /// The same once all entries that are here were visited.
    pub(super) fn here(ctx: &Ctx<'_>, scope: Option<ConversationId>) -> Result<Self, StateError> {
        let mut holes = Self::of(ctx.conversations, scope);
        ctx.state.visit_words(scope, |found| {
            holes.visit(&found, |_, _| true);
            true
        })?;
        Ok(holes)
    }

    /// An entry that is here, the next in order. What is missing before it counts only if `matters` says so of the time
    /// between the entries that are here.
    pub(super) fn visit(&mut self, found: &Found<'_>, matters: impl FnOnce(u64, u64) -> bool) {
        let id = found.conversation;
        let floor = self
            .bounds
            .get(&id)
            .map_or(EntryId::START, |(floor, _)| *floor);
        let last = self.last.filter(|(of, _, _)| *of == id);
        let (before, from_ms) = last.map_or((floor, 0), |(_, entry, time_ms)| (entry, time_ms));
        if found.prev > before && found.prev > floor && matters(from_ms, found.time_ms) {
            self.missing.insert(id);
        }
        self.last = Some((id, found.entry, found.time_ms));
        self.reached.insert(id, found.entry);
    }

    /// All entries were visited: the conversations that are not wholly here.
    pub(super) fn missing(&self) -> BTreeSet<ConversationId> {
        let behind = self.bounds.iter().filter(|(id, (floor, end))| {
            let reached = self.reached.get(id).copied().unwrap_or(*floor);
            reached < *end
        });
        let behind = behind.map(|(id, _)| *id);
        behind.chain(self.missing.iter().copied()).collect()
    }

    /// What is said about them; nothing if all is here.
    pub(super) fn text(&self, conversations: &Conversations) -> Option<String> {
        let missing = self.missing();
        let named = missing.iter().map(|id| conversations.name_of(*id));
        let named: Vec<&str> = named.filter(|name| !name.is_empty()).collect();
        let first = named.first()?;
        let shown = named.iter().take(NAMED_MAX).copied();
        let shown = shown.collect::<Vec<_>>().join(", ");
        Some(match named.len() {
            1 => format!("not all of {first} is on this device; `/fetch {first}` gets the rest"),
            all if all <= NAMED_MAX => {
                format!("not all of {shown} is on this device; `/fetch all` gets the rest")
            }
            all => {
                let others = match all - NAMED_MAX {
                    1 => "1 other".into(),
                    others => format!("{others} others"),
                };
                format!(
                    "not all of {shown} and {others} is on this device; `/fetch all` gets the rest"
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::storage::records::StoredConversation;
    use crate::protocol::AccountId;

    const BOB: ConversationId = ConversationId(7);
    const BRIDGE: ConversationId = ConversationId(8);

    fn found(conversation: ConversationId, prev: u64, entry: u64) -> Found<'static> {
        Found {
            conversation,
            entry: EntryId(entry),
            time_ms: entry * 1_000,
            author: AccountId(1),
            prev: EntryId(prev),
            words: "",
        }
    }

    /// What is said where bob's log ends at 4 and the device holds these entries of it.
    fn said(floor: u64, entries: &[(u64, u64)]) -> Option<String> {
        let mut all = Conversations::default();
        all.insert(BOB, StoredConversation::at("bob", EntryId(4)));
        all.insert(BRIDGE, StoredConversation::at("#bridge", EntryId(0)));
        all.get_mut(BOB).expect("inserted above").floor = EntryId(floor);
        let mut holes = Holes::of(&all, None);
        for (prev, entry) in entries {
            holes.visit(&found(BOB, *prev, *entry), |from_ms, _| from_ms < 3_000);
        }
        holes.text(&all)
    }

    #[test]
    fn entry_whose_predecessor_is_not_here_shows_a_hole() {
        assert_eq!(said(0, &[(0, 1), (1, 2), (2, 4)]), None);
        // What the server has removed cannot be fetched.
        assert_eq!(said(1, &[(1, 2), (2, 4)]), None);
        // Nothing that matters is between them.
        assert_eq!(said(0, &[(0, 1), (1, 2), (2, 3), (0, 4)]), None);
        let text = "not all of bob is on this device; `/fetch bob` gets the rest";
        for entries in [
            &[][..],
            &[(1, 2), (2, 4)],
            &[(0, 1), (2, 4)],
            &[(0, 1), (1, 2)],
        ] {
            assert_eq!(said(0, entries).as_deref(), Some(text), "{entries:?}");
        }
    }
}
