//! Where the user left off: the line above which they have read everything.

use crate::client::account::ctx::Ctx;
use crate::protocol::{ConversationId, EntryId};

/// Where a page, which is put together from its newest line back, passes what the user has read.
#[derive(Debug)]
pub(super) struct LeftOff {
    /// The last entry that they had read, if something was unread when they began to look.
    entry: Option<EntryId>,
    /// How many lines follow it.
    unread: usize,
    is_passed: bool,
}

impl LeftOff {
    /// That of a page on which it does not matter.
    pub(super) const NONE: Self = Self {
        entry: None,
        unread: 0,
        is_passed: false,
    };

    /// That of a conversation.
    pub(super) fn of(ctx: &Ctx<'_>, id: ConversationId) -> Self {
        let known = ctx.conversations.get(id);
        let entry = known.and_then(|known| {
            let is_unread = known.stored.unread > 0 && ctx.conversations.is_attended;
            let unread = is_unread.then_some(known.stored.read_up_to);
            unread.or(known.left_off)
        });
        Self {
            entry,
            ..Self::NONE
        }
    }

    /// The page has so many lines, the last of which is this entry's.
    pub(super) fn add(&mut self, at: EntryId, lines: usize) {
        match self.entry {
            Some(entry) if at > entry => self.unread = lines,
            _ => self.is_passed = true,
        }
    }

    /// Whether nothing that is unread stands before the page's oldest line, before which there is this entry.
    pub(super) fn is_at(&self, prev: Option<EntryId>) -> bool {
        self.is_passed || prev.is_some_and(|prev| Some(prev) <= self.entry)
    }

    /// Above which line, counted back from the newest, the mark stands.
    pub(super) fn mark(&self, prev: Option<EntryId>) -> Option<usize> {
        let has_both = self.entry.is_some() && self.is_at(prev);
        self.unread.checked_sub(1).filter(|_| has_both)
    }
}
