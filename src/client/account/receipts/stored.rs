//! What is said when messages are stored and not all who are to have them are online: one line for those that follow each
//! other, which names the last one where that is not plain.

use std::time::Instant;

use super::{GATHER, PROMPT};
use crate::client::account::ctx::Ctx;
use crate::client::name::is_room;
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId, NOTES_NAME, Stored};

/// How many messages may wait to be told of in one line. Chosen: as many as may wait to be sent; at the limit all of them are
/// told of at once.
const HELD_MAX: usize = 1_000;

/// A message that is stored, with who is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) conversation: ConversationId,
    pub(super) entry: EntryId,
    /// Such as `; bob is offline`.
    pub(super) who: String,
    /// Whether the message must be named.
    pub(super) is_late: bool,
    at: Instant,
}

impl Told {
    /// Whether one line can tell of both.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.conversation == other.conversation && self.who == other.who
    }
}

/// Messages that nobody who was online has received in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(super) messages: usize,
    pub(super) last: EntryId,
    /// Whether the last one must be named.
    pub(super) is_late: bool,
}

/// The messages that are still to be told of, in the order in which they were stored.
#[derive(Debug, Default)]
pub(super) struct StoredLines {
    held: Vec<Told>,
}

impl StoredLines {
    /// A message is stored. It `is_last` if none that was typed after it waits.
    pub(super) fn add(
        &mut self,
        ctx: &Ctx<'_>,
        stored: &Stored,
        (typed, is_last): (Option<Instant>, bool),
    ) {
        let Some(who) = absent(ctx, stored) else {
            return;
        };
        let at = ctx.now.instant;
        let is_prompt = typed.is_some_and(|typed| at.saturating_duration_since(typed) <= PROMPT);
        self.held.push(Told {
            conversation: stored.conversation,
            entry: stored.entry,
            who,
            is_late: !(is_prompt && is_last),
            at,
        });
    }

    /// What is told now. Of some conversations further messages `are_sent`, and are told of with them if they are stored soon.
    pub(super) fn take_due(
        &mut self,
        now: Instant,
        are_sent: impl Fn(ConversationId) -> bool,
    ) -> Vec<Told> {
        let is_full = self.held.len() >= HELD_MAX;
        let mut due = Vec::new();
        let all = std::mem::take(&mut self.held);
        let first = |id| {
            let first = all.iter().find(|told| told.conversation == id);
            first.map_or(now, |told| told.at)
        };
        let is_held = |told: &Told| {
            let id = told.conversation;
            !is_full && are_sent(id) && now < first(id) + GATHER
        };
        let held: Vec<bool> = all.iter().map(is_held).collect();
        for (told, is_held) in all.into_iter().zip(held) {
            if is_held {
                self.held.push(told);
            } else {
                due.push(told);
            }
        }
        due
    }

    /// When [`StoredLines::take_due`] has something without another message.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.held.iter().map(|told| told.at + GATHER).min()
    }
}

/// Who of those for whom a message is stored is not online, if not all are.
fn absent(ctx: &Ctx<'_>, stored: &Stored) -> Option<String> {
    let name = ctx.name_of(stored.conversation);
    if name == NOTES_NAME {
        // There is nobody to receive it.
        Some(String::new())
    } else if stored.conversation == ConversationId::EVERYONE {
        render::absent_of_many(stored.recipients, stored.online, None)
    } else if is_room(name) {
        render::absent_of_many(stored.recipients, stored.online, Some(name))
    } else {
        let last_seen = stored.last_seen_ms.map(|at| ctx.clock().show(at));
        (stored.online == 0).then(|| render::absent(name, last_seen.as_deref()))
    }
}
