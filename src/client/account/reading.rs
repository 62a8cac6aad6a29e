//! What the user has read, and what they have muted: the same on all of their devices, and told to nobody else.
//!
//! At a terminal a line is read once it is printed where the user looks: in the conversation that has the focus, or, where
//! none has it and the line is no room's, at the prompt. Everything is read of a conversation that the user switches to,
//! pages through from its end, or answers in. What a script prints nobody has read.

use std::time::{Duration, Instant};

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::conversations::Conversations;
use crate::client::account::ctx::focus::Focus;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::account::ctx::{Ctx, Shared};
use crate::client::env::Fault;
use crate::client::name::{canonical_target, is_room};
use crate::client::storage::StateError;
use crate::client::storage::entry::{Entry, Said};
use crate::client::ui::render;
use crate::protocol::{
    AccountId, ConversationId, EntryId, EventKind, Head, Message, Mute, Muted, ReadElsewhere,
    ReadUpTo,
};
use crate::transport::Channel;

/// How long the server is not told again what was read. Chosen: other devices are not behind for longer than one notices,
/// and a line that scrolls by costs nobody anything.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How many entries are looked at to count what is unread. At the limit as many count as unread as were found there.
const COUNTED_MAX: usize = 10_000;

/// How many of them are in memory at once. Chosen: with the longest texts 2 MB; all of them would take 160 MB.
const COUNTED_AT_ONCE: usize = 128;

/// When the server is told what was read.
#[derive(Debug, Default)]
pub(crate) struct ReadReports {
    due: Option<Instant>,
}

impl ReadReports {
    /// If something was read, the server is told in a second, and what is read until then with it.
    pub(crate) fn note(&mut self, now: Instant, conversations: &Conversations) {
        if !conversations.untold.is_empty() {
            self.due.get_or_insert(now + TELL_EVERY);
        }
    }

    /// Counts what has to be counted again, and tells the server what was read, at most once a second.
    pub(crate) fn settle(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
    ) -> Result<(), StateError> {
        if !ctx.conversations.uncounted.is_empty() {
            // What has just come is counted too.
            ctx.state.commit()?;
        }
        for id in std::mem::take(&mut ctx.conversations.uncounted) {
            count(ctx, blocked, id)?;
        }
        let now = ctx.now.instant;
        self.note(now, ctx.conversations);
        let is_due = ctx.session.is_settled && self.due.is_some_and(|due| due <= now);
        if !is_due {
            return Ok(());
        }
        self.due = None;
        for conversation in std::mem::take(&mut ctx.conversations.untold) {
            if let Some(known) = ctx.conversations.get(conversation) {
                let entry = known.stored.read_up_to.min(known.stored.received_up_to);
                let body = ReadUpTo {
                    conversation,
                    entry,
                };
                ctx.effects.send(Channel::Chat, &Message::control(body));
                // It is durable here before the server can know of it.
                ctx.save_conversation(conversation);
            }
        }
        Ok(())
    }

    /// When the server is to be told.
    pub(crate) fn deadline(&self, shared: &Shared) -> Option<Instant> {
        self.due.filter(|_| shared.session.is_settled)
    }
}

/// Whether what is printed of a conversation is read there.
pub(crate) fn is_looked_at(
    conversations: &Conversations,
    focus: &Focus,
    id: ConversationId,
) -> bool {
    let Some(known) = conversations.get(id) else {
        return false;
    };
    match &focus.current {
        Some(name) => *name == known.stored.name,
        None => !is_room(&known.stored.name) && !known.has_unseen,
    }
}

/// Whether an entry is one that a reader with this account can miss: what another has said.
pub(crate) fn is_missable(entry: &Entry, said: Option<&Said>, own: AccountId) -> bool {
    let is_for_user = |said: &Said| said.words().is_some() || said.is_announcement();
    said.is_some_and(is_for_user) && entry.author != own
}

/// Whether the user has read an entry that comes now, on another device. A script is given it all the same.
pub(crate) fn is_read(ctx: &Ctx<'_>, id: ConversationId, entry: EntryId) -> bool {
    let known = ctx.conversations.get(id);
    ctx.conversations.is_attended && known.is_some_and(|known| entry <= known.stored.read_up_to)
}

/// The user looks at a conversation: all of it counts as read. Returns how much was unread.
pub(crate) fn look_at(ctx: &mut Ctx<'_>, id: ConversationId) -> u32 {
    let Some(known) = ctx.conversations.get_mut(id) else {
        return 0;
    };
    let unread = known.stored.unread;
    if unread > 0 {
        known.left_off = Some(known.stored.read_up_to);
    }
    let upto = known.stored.received_up_to;
    if ctx.conversations.read(id, upto) {
        ctx.save_conversation(id);
    }
    unread
}

/// The user says something in a conversation: what stands there by now they have read.
pub(crate) fn answer_in(ctx: &mut Ctx<'_>, id: ConversationId) {
    look_at(ctx, id);
    if let Some(known) = ctx.conversations.get_mut(id) {
        known.left_off = None;
    }
}

/// Counts what is unread of a conversation.
fn count(ctx: &mut Ctx<'_>, blocked: &BlockedUsers, id: ConversationId) -> Result<(), StateError> {
    let Some(known) = ctx.conversations.get(id) else {
        return Ok(());
    };
    let (mut read, received) = (known.stored.read_up_to, known.stored.received_up_to);
    let most = known.stored.unread;
    let (mut unread, mut looked_at) = (0_u32, 0);
    while unread < most && looked_at < COUNTED_MAX && read < received {
        let entries = ctx
            .state
            .entries_after(id, read, received, COUNTED_AT_ONCE)?;
        let Some((last, _)) = entries.last() else {
            break;
        };
        read = *last;
        looked_at += entries.len();
        for (_, entry) in &entries {
            let said = entry.said(id, ctx.own());
            let is_unread = is_missable(entry, said.as_ref(), ctx.me.id)
                && !said.is_some_and(|said| blocked.hides(entry.author, &said));
            unread += u32::from(is_unread);
        }
    }
    if let Some(known) = ctx.conversations.get_mut(id) {
        known.stored.unread = unread.min(known.stored.unread);
    }
    ctx.save_conversation(id);
    Ok(())
}

/// The user has read a conversation up to an entry, on another device.
pub(crate) fn handle_elsewhere(ctx: &mut Ctx<'_>, told: ReadElsewhere) {
    read_elsewhere(ctx, told.conversation, told.entry);
}

fn read_elsewhere(ctx: &mut Ctx<'_>, id: ConversationId, entry: EntryId) {
    let Some(known) = ctx.conversations.get_mut(id) else {
        // The word of it has overtaken the first entry.
        return ctx.conversations.read_early(id, entry);
    };
    if entry <= known.stored.read_up_to {
        return;
    }
    known.stored.read_up_to = entry;
    if known.stored.unread > 0 {
        ctx.conversations.uncounted.insert(id);
    }
    ctx.save_conversation(id);
}

/// Takes over what the server knows of it when a session begins; what this device has read further is told.
pub(crate) fn settle_head(ctx: &mut Ctx<'_>, head: &Head) {
    let id = head.conversation;
    if let Some(known) = ctx.conversations.get_mut(id) {
        let stored = &mut known.stored;
        stored.muted_until_ms = head.muted_until_ms.unwrap_or(stored.muted_until_ms);
        // What was read elsewhere and is not here the server says again, unless its log is another one now.
        stored.read_up_to = stored.read_up_to.min(stored.received_up_to);
    }
    let Some(read) = head.read else {
        return;
    };
    read_elsewhere(ctx, id, read);
    let is_further = |conversations: &Conversations| {
        let known = conversations.get(id);
        known.is_some_and(|known| known.stored.read_up_to > read)
    };
    if ctx.conversations.is_attended && is_further(ctx.conversations) {
        ctx.conversations.untold.insert(id);
    }
}

/// Whether a line is kept from the screen because its conversation is muted. One that mentions the user is not.
pub(crate) fn is_muted(
    ctx: &Ctx<'_>,
    id: ConversationId,
    said: Option<&Said>,
    is_mention: bool,
) -> bool {
    let Some(known) = ctx.conversations.get(id) else {
        return false;
    };
    // An invitation is no talk.
    let is_invitation =
        matches!(said, Some(Said::Event(event)) if event.kind == EventKind::Invited);
    let is_announcement = said.is_some_and(Said::is_announcement);
    let is_for_user = is_mention || is_invitation || is_announcement;
    known.stored.is_muted(ctx.now.unix_ms) && !is_for_user && !ctx.focus.is_on(&known.stored.name)
}

/// Asks the server to mute a conversation until a time, or no longer.
pub(crate) fn mute(ctx: &mut Ctx<'_>, named: &str, until_ms: u64) {
    let name = canonical_target(named);
    let Some(conversation) = ctx.conversations.by_name(&name) else {
        ctx.fail(
            Fault::NoRecipient,
            format!("there is no conversation with {name} here"),
        );
        return;
    };
    let request = PendingRequest::Mute { name };
    let body = |tag| Mute {
        tag,
        conversation,
        until_ms,
    };
    ctx.request(request, body);
}

/// A conversation is muted, or no longer: asked for here or on another device.
pub(crate) fn handle_muted(ctx: &mut Ctx<'_>, told: &Muted) {
    let asked = told.tag.and_then(|tag| ctx.pending.take(tag));
    if let Some(known) = ctx.conversations.get_mut(told.conversation) {
        known.stored.muted_until_ms = told.until_ms;
        ctx.save_conversation(told.conversation);
    }
    if let Some(PendingRequest::Mute { name }) = asked {
        let until = render::muted(&name, told.until_ms, ctx.clock());
        ctx.notice(until);
    }
}
