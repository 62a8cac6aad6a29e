//! What follows of an entry beside its line: whether it calls for the user, and whether they have read it elsewhere.

use super::Inbox;
use super::next::Next;
use crate::client::account::attention::Attention;
use crate::client::account::ctx::Ctx;
use crate::client::account::inbox::backlog::MissedLine;
use crate::client::env::Tone;
use crate::client::line::Line;
use crate::protocol::{ConversationId, Failure};

impl Inbox {
    /// Counts and rings for a message that mentions the user, or that they want to be told of. So much was unread there
    /// before it.
    pub(super) fn attend(
        &self,
        ctx: &mut Ctx<'_>,
        attention: &mut Attention,
        next: &Next<'_>,
        unread_before: u32,
    ) {
        let (id, at) = (next.delivery.conversation, next.delivery.entry);
        if !next.is_missable(ctx.me.id) {
            return;
        }
        if let Some(known) = ctx.conversations.get_mut(id) {
            let stored = &mut known.stored;
            if unread_before == 0 {
                stored.mentions = 0;
            }
            stored.mentions += u32::from(next.is_mention && stored.unread > unread_before);
        }
        let backlog = self.backlog.as_ref();
        let is_old = backlog.is_some_and(|backlog| backlog.is_old(id, at));
        if !is_old && !next.is_silent {
            attention.message(ctx, id, next.is_mention);
        }
    }

    /// An entry was read on another device before it came to this one.
    pub(super) fn skip(&mut self, ctx: &Ctx<'_>, id: ConversationId, next: &Next<'_>) {
        if let Some(backlog) = &mut self.backlog
            && next.is_missable(ctx.me.id)
        {
            backlog.skip(ctx.name_of(id));
        }
    }

    /// What stood before the next entry has expired at the server before it was sent to this device.
    pub(crate) fn show_expired_before(&mut self, ctx: &mut Ctx<'_>, told: &Failure) {
        let Some(id) = told.conversation else {
            return;
        };
        let Some(known) = ctx.conversations.get(id) else {
            return;
        };
        let name = &known.stored.name;
        let text = format!("{name}: some messages expired before they reached this device");
        match &mut self.backlog {
            Some(backlog) => {
                let line = MissedLine {
                    conversation: id,
                    time_ms: 0,
                    line: Line::of(Tone::Notice, text),
                    is_old: true,
                };
                backlog.add(ctx.now.instant, line, None);
            }
            None => ctx.notice(text),
        }
    }
}

pub(super) fn unread_of(ctx: &Ctx<'_>, id: ConversationId) -> u32 {
    let known = ctx.conversations.get(id);
    known.map_or(0, |known| known.stored.unread)
}
