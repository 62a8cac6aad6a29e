//! The inbox: checks what others sent, puts it in order, makes it durable, then acknowledges and shows it.
//!
//! A delivery is accepted only if it follows the position. One at or before the position is acknowledged again and not
//! shown; a gap is requested; a damaged entry is requested once more, and if it stays damaged it is reported and
//! skipped.

mod attend;
mod backlog;
mod gaps;
mod next;

use std::collections::BTreeMap;
use std::time::Instant;

use crate::client::account::attention::Attention;
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::focus::ToShow;
use crate::client::account::inbox::attend::unread_of;
use crate::client::account::inbox::backlog::{Backlog, MissedLine};
use crate::client::account::inbox::gaps::Gaps;
use crate::client::account::inbox::next::{Next, next, was_rewound_from};
use crate::client::account::mending;
use crate::client::account::reading;
use crate::client::account::sender::Sender;
use crate::client::account::sender::refused::is_temporary;
use crate::client::env::Tone;
use crate::client::line::Line;
use crate::client::name::{is_pair, is_room, truncate_name};
use crate::client::storage::entry::{Entry, Said, SharedFile};
use crate::client::storage::records::StoredConversation;
use crate::client::ui::render;
use crate::protocol::{
    AccountId, Command, ConversationId, DecodeError, DeliverAgain, Delivery, Digest, EntryId,
    Envelope, ErrorCode, EventKind, Failure, Message, Received, RoomEvent, Stored,
};
use crate::transport::Channel;

/// How many messages of the chat channel wait until the positions are settled. At the limit the rest is dropped;
/// the gap is noticed and asked for.
const EARLY_MAX: usize = 1_024;

/// The state of what comes in.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    gaps: Gaps,
    /// What was said while the user was away, while it is gathered.
    backlog: Option<Backlog>,
    /// Messages that came before the positions were settled.
    early: Vec<Vec<u8>>,
    /// What is acknowledged at the end of the batch.
    acks: BTreeMap<ConversationId, EntryId>,
}

/// What follows from a delivery, beside its line.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) event: Option<RoomEvent>,
    /// A later state of this device than this one has written it: this one has to give the device's id up.
    pub(crate) is_conflict: bool,
    /// A file of somebody else's, which has come for the first time.
    pub(crate) file: Option<(EntryId, SharedFile)>,
    /// What was said and is shown.
    pub(crate) spoken: Option<Spoken>,
}

/// Something said that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spoken {
    pub(crate) entry: EntryId,
    pub(crate) is_own: bool,
    /// Whether the user has typed it here.
    pub(crate) is_typed: bool,
}

impl Outcome {
    /// That of the entry that follows where this device stands, without a conflict.
    fn of(next: Next<'_>, own: AccountId, is_late: bool) -> Self {
        let entry = next.delivery.entry;
        let is_own = next.entry.author == own;
        let words = next.said.as_ref().and_then(Said::words);
        let spoken = words.filter(|_| !next.is_hidden).map(|_| Spoken {
            entry,
            is_own,
            is_typed: next.is_seen(),
        });
        let is_saved = !is_own && !next.is_hidden && !is_late;
        let (event, file) = match next.said {
            Some(Said::Event(event)) => (Some(event), None),
            Some(Said::File(file)) => (None, Some((entry, file)).filter(|_| is_saved)),
            _ => (None, None),
        };
        Self {
            event,
            is_conflict: false,
            file,
            spoken,
        }
    }
}

impl Inbox {
    /// Keeps a message that came before the positions were settled.
    pub(crate) fn keep_early(&mut self, bytes: &[u8]) {
        if self.early.len() < EARLY_MAX {
            self.early.push(bytes.to_vec());
        }
    }

    pub(crate) fn take_early(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.early)
    }

    /// The positions are settled: what was said while the user was away is gathered up to these entries.
    pub(crate) fn gather(&mut self, ctx: &mut Ctx<'_>, missing: BTreeMap<ConversationId, EntryId>) {
        // What was gathered is stored, so it does not come again.
        let earlier = self.backlog.take();
        let is_attended = ctx.conversations.is_attended;
        let backlog = Backlog::new(ctx.now.instant, missing, earlier);
        self.backlog = Some(backlog.folding(is_attended));
    }

    /// The positions are settled, and nothing is delivered unless it is requested: requests what must be read before
    /// a line that waits there can be sent.
    pub(crate) fn request_held(
        &mut self,
        ctx: &mut Ctx<'_>,
        missing: BTreeMap<ConversationId, EntryId>,
    ) {
        for (id, head) in missing {
            if !ctx.conversations.is_open(id) {
                self.request_missing(ctx, id, head);
            }
        }
    }

    /// Whether lines are held back that were sent while the user was away.
    pub(crate) fn holds_lines(&self) -> bool {
        self.backlog.as_ref().is_some_and(Backlog::holds_lines)
    }

    /// Whether more of what was sent while the user was away may come at once.
    pub(crate) fn awaits_backlog(&self, now: Instant) -> bool {
        let backlog = self.backlog.as_ref();
        backlog.is_some_and(|backlog| backlog.is_awaited(now))
    }

    pub(crate) fn show_backlog(&mut self, ctx: &mut Ctx<'_>) {
        let (now, effects) = (ctx.now.instant, &mut *ctx.effects);
        let Some(backlog) = &mut self.backlog else {
            return;
        };
        if let Some(ToShow::Unread(id, _)) = ctx.focus.to_show {
            // With what is gathered of it.
            backlog.forget_lines(id);
        }
        let mut unseen = Vec::new();
        let is_done = backlog.show(now, effects, &mut unseen);
        for id in unseen {
            if let Some(known) = ctx.conversations.get_mut(id) {
                known.has_unseen = true;
            }
        }
        if is_done {
            self.backlog = None;
        }
    }

    /// Acknowledges what is durable with this batch.
    pub(crate) fn send_acks(&mut self, ctx: &mut Ctx<'_>) {
        for (conversation, entry) in std::mem::take(&mut self.acks) {
            let received = Received {
                conversation,
                entry,
            };
            ctx.effects.send(Channel::Chat, &Message::control(received));
        }
    }

    /// The link is lost.
    pub(crate) fn forget_session(&mut self) {
        self.early.clear();
        self.acks.clear();
        self.gaps.forget_session();
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let backlog = self.backlog.as_ref().map(Backlog::deadline);
        [backlog, self.gaps.deadline()].into_iter().flatten().min()
    }

    /// An entry of a conversation's log.
    pub(crate) fn handle_delivery(
        &mut self,
        ctx: &mut Ctx<'_>,
        (sender, blocked, attention): (&mut Sender, &mut BlockedUsers, &mut Attention),
        envelope: &Envelope<'_>,
        delivery: Delivery<'_>,
    ) -> Outcome {
        let id = delivery.conversation;
        if delivery.entry <= delivery.prev {
            return Outcome::default();
        }
        let opened = envelope.open();
        if ctx.conversations.get(id).is_none() {
            // The first word of somebody new: the conversation begins where the server lets this reader in.
            let said = opened.as_ref().ok();
            let said = said.map(|message| Said::of(message, id, delivery.author, ctx.own()));
            let name = name_from(ctx, &delivery, said.as_ref());
            ctx.conversations
                .insert(id, StoredConversation::at(&name, delivery.prev));
        }
        let Some(known) = ctx.conversations.get_mut(id) else {
            return Outcome::default();
        };
        if delivery.entry <= known.stored.received_up_to {
            self.acks.insert(id, known.stored.received_up_to);
            return Outcome::default();
        }
        if delivery.prev != known.stored.received_up_to {
            self.request_missing(ctx, id, delivery.entry);
            return Outcome::default();
        }
        let is_damaged = delivery.deleted.is_none() && matches!(opened, Err(DecodeError::Digest));
        if is_damaged && known.damaged != Some(delivery.entry) {
            known.damaged = Some(delivery.entry);
            self.request_missing(ctx, id, delivery.entry);
            return Outcome::default();
        }
        if let Some(name) = delivery.author_name.or(delivery.peer_name) {
            blocked.learn(ctx, delivery.author, name);
        }
        let others = (&*sender, &*blocked, &*attention);
        let next = next(ctx, others, envelope, delivery, opened);
        self.take(ctx, (sender, attention), next)
    }

    /// Takes the entry that follows where this device stands.
    fn take(
        &mut self,
        ctx: &mut Ctx<'_>,
        (sender, attention): (&mut Sender, &mut Attention),
        next: Next<'_>,
    ) -> Outcome {
        let (id, entry) = (next.delivery.conversation, next.delivery.entry);
        let is_late = was_rewound_from(ctx, id, entry);
        let unread = unread_of(ctx, id);
        let backlog = self.backlog.as_ref();
        let is_old = backlog.is_some_and(|backlog| backlog.is_old(id, entry));
        let is_read = is_old && reading::is_read(ctx, id, entry);
        let is_conflict = advance(ctx, &next, is_old);
        self.attend(ctx, attention, &next, unread);
        let mut told = None;
        self.gaps.reached(ctx.now.instant, id, entry);
        if let Some(said) = &next.said {
            let kept = if is_late {
                mending::keep_late
            } else {
                mending::keep
            };
            told = kept(ctx, (id, entry), next.entry.clone(), said);
            self.acks.insert(id, entry);
        } else {
            let report = Failure {
                conversation: Some(id),
                ..Failure::new(ErrorCode::Digest, format!("entry {entry}"))
            };
            let report = Message::error(Command::Receive, report);
            ctx.effects.send(Channel::Chat, &report);
        }
        if let Some(origin) = next.from_here {
            sender.outbox.requeue_number(id, origin.number);
        } else if next.entry.deleted.is_some() {
            sender.outbox.requeue_digest(id, &next.entry.digest);
        }
        if is_read && !ctx.focus.is_on(ctx.name_of(id)) {
            self.skip(ctx, id, &next);
        } else if !next.is_seen() && !next.is_hidden {
            self.show_entry(ctx, &next, told.as_deref(), is_old);
        }
        ctx.conversations.undisplayed.insert(id);
        ctx.save_conversation(id);
        if let Some(backlog) = &mut self.backlog {
            backlog.reached(id, entry);
        }
        Outcome {
            is_conflict,
            ..Outcome::of(next, ctx.me.id, is_late)
        }
    }

    /// For the device that wrote an entry, `Stored` takes the place of its delivery.
    pub(crate) fn handle_stored(&mut self, ctx: &mut Ctx<'_>, stored: &Stored, digest: &Digest) {
        let id = stored.conversation;
        let Some(known) = ctx.conversations.get_mut(id) else {
            return;
        };
        if stored.entry <= known.stored.received_up_to {
            return;
        }
        if stored.prev == known.stored.received_up_to {
            known.stored.received_up_to = stored.entry;
            known.stored.digest = Some(*digest);
            if known.stored.read_up_to == stored.prev {
                known.stored.read_up_to = stored.entry;
            }
            ctx.conversations.undisplayed.insert(id);
            ctx.save_conversation(id);
            self.gaps.reached(ctx.now.instant, id, stored.entry);
            if let Some(backlog) = &mut self.backlog {
                backlog.reached(id, stored.entry);
            }
        } else if !ctx.me.is_sending_only {
            self.request_missing(ctx, id, stored.entry);
        }
    }

    /// Shows an entry, at once or among what was said while the user was away.
    fn show_entry(&mut self, ctx: &mut Ctx<'_>, next: &Next<'_>, told: Option<&str>, is_old: bool) {
        let (id, at) = (next.delivery.conversation, next.delivery.entry);
        let (entry, said) = (&next.entry, next.said.as_ref());
        let place = ctx.name_of(id).to_owned();
        let is_own = entry.author == ctx.me.id;
        // What its user has said on other devices before there was this one they have not missed.
        if is_old && is_own && ctx.conversations.were_none {
            return;
        }
        if ctx.conversations.is_attended && reading::is_muted(ctx, id, said, next.is_mention) {
            if let Some(known) = ctx.conversations.get_mut(id) {
                known.has_unseen = true;
            }
            return;
        }
        let line = match said {
            None => damaged_line(ctx, (id, at), entry),
            // Its name is being learnt; that says it.
            Some(Said::Event(_)) if place.is_empty() => return,
            // The answer to JOIN has said it.
            Some(Said::Event(event))
                if event.kind == EventKind::Joined
                    && is_own
                    && ctx.conversations.is_joined_here(id) =>
            {
                return;
            }
            // What is shown of it stands where the entry does that it changes.
            Some(Said::Deleted(_)) => return,
            Some(Said::Amendment(_)) => match told {
                Some(told) => ctx.amendment_line(id, entry, told),
                None => return,
            },
            Some(said) => ctx.live_line((id, at), entry, said, is_old),
        };
        match &mut self.backlog {
            Some(backlog) => {
                let is_news = matches!(
                    said,
                    None | Some(Said::Text(_) | Said::Action(_) | Said::File(_) | Said::Unknown)
                );
                let is_counted = !is_own && is_old && is_news;
                let counted = is_counted.then_some(&*place);
                let line = MissedLine {
                    conversation: id,
                    time_ms: entry.time_ms,
                    line,
                    is_old,
                };
                backlog.add(ctx.now.instant, line, counted);
            }
            None => ctx.effects.show_line(line),
        }
    }

    /// Asks for everything after where this device stands, up to this entry at least, unless that was asked for lately.
    fn request_missing(&mut self, ctx: &mut Ctx<'_>, id: ConversationId, upto: EntryId) {
        let known = ctx.conversations.get(id);
        let position = known.map_or(EntryId::START, |known| known.stored.received_up_to);
        if self.gaps.noticed(ctx.now.instant, id, position, upto) {
            request_after_position(ctx, id);
        }
    }

    /// Asks again for missing entries that have not come.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Ctx<'_>) {
        for id in self.gaps.take_due(ctx.now.instant) {
            request_after_position(ctx, id);
        }
    }

    /// The server refuses to send missing entries. A temporary refusal is left to the timer.
    pub(crate) fn missing_refused(&mut self, ctx: &mut Ctx<'_>, failure: &Failure) {
        let id = failure.conversation;
        if is_temporary(failure.code) || id.is_some_and(|id| !self.gaps.refused(id)) {
            return;
        }
        let place = match id.map(|id| ctx.name_of(id)) {
            Some(name) if !name.is_empty() => format!("{name}: "),
            _ => String::new(),
        };
        let why = render::refusal(failure, "");
        let text = format!("{place}missing messages could not be fetched: {why}");
        ctx.trouble(text);
    }
}

fn damaged_line(ctx: &Ctx<'_>, (id, at): (ConversationId, EntryId), entry: &Entry) -> Line {
    let text = format!("a message arrived damaged twice and cannot be shown (entry {at})");
    Line {
        tone: Tone::Error,
        ..ctx.told_line(id, entry, &text).naming_place()
    }
}

/// The device stands at this entry now. Returns whether a later state than this one has written it since the server's
/// database was put back, and perhaps said what waits here.
fn advance(ctx: &mut Ctx<'_>, next: &Next<'_>, is_old: bool) -> bool {
    let learnt = name_from(ctx, &next.delivery, next.said.as_ref());
    let is_attended = ctx.conversations.is_attended;
    let Some(known) = ctx.conversations.get_mut(next.delivery.conversation) else {
        return false;
    };
    known.damaged = None;
    let stored = &mut known.stored;
    let is_conflict = next.from_here.is_some() && !next.is_written_here && stored.is_on_hold();
    if next.is_seen() && stored.displayed_up_to == stored.received_up_to {
        // It needs no showing, and neither does what stands before it.
        stored.displayed_up_to = next.delivery.entry;
    }
    if next.was_shown && stored.logged_up_to == stored.received_up_to {
        // It was logged then.
        stored.logged_up_to = next.delivery.entry;
    }
    stored.received_up_to = next.delivery.entry;
    stored.digest = Some(next.entry.digest);
    if stored.name.is_empty() {
        stored.name = learnt;
    }
    let time_ms = next.delivery.time_ms;
    stored.last_at_ms = stored.last_at_ms.max(Some(time_ms));
    let is_news = next.is_missable(ctx.me.id) && next.delivery.entry > stored.read_up_to;
    // At the prompt outside of all conversations private lines are read as they come; those that were missed once all of
    // them stand there.
    let is_shown_there = !is_room(&stored.name)
        && !is_old
        && ctx.focus.current.is_none()
        && !stored.is_muted(ctx.now.unix_ms);
    let is_looked_at = is_attended && (ctx.focus.is_on(&stored.name) || is_shown_there);
    if is_news && !is_looked_at {
        stored.unread = stored.unread.saturating_add(1);
    } else if !is_news && stored.read_up_to == next.delivery.prev {
        stored.read_up_to = next.delivery.entry;
    }
    let is_pair = is_pair(&stored.name);
    ctx.session.has_new_names |=
        is_pair && ctx.conversations.is_now_newest(next.delivery.conversation);
    is_conflict
}

fn request_after_position(ctx: &mut Ctx<'_>, id: ConversationId) {
    if let Some(known) = ctx.conversations.get(id) {
        let again = DeliverAgain {
            conversation: id,
            after: known.stored.received_up_to,
        };
        ctx.effects.send(Channel::Chat, &Message::control(again));
    }
}

/// What the conversation is called of which this delivery is an entry, if that can be told: a room's name is asked
/// for.
fn name_from(ctx: &Ctx<'_>, delivery: &Delivery<'_>, said: Option<&Said>) -> String {
    let is_own = delivery.author == ctx.me.id;
    let name = match (delivery.peer_name, said) {
        (Some(name), _) => Some(name),
        (None, Some(Said::Event(event))) if event.kind == EventKind::Invited && is_own => {
            event.subject.as_deref()
        }
        (None, Some(Said::Event(event))) if event.kind == EventKind::Invited => Some(&*event.actor),
        (None, _) => None,
    };
    truncate_name(name.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests;
