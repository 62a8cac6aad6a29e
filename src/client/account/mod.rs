//! A signed-in user: identity, conversations, outbox, receipts, and who is online.
//!
//! It outlives the link: while the client reconnects, messages are still queued in the outbox. Each part owns its own
//! state and is a file here; this file routes the server's messages to the parts, and ends each batch.

pub(super) mod administering;
pub(super) mod arrivals;
pub(super) mod attention;
pub(super) mod blocked;
pub(super) mod ctx;
pub(super) mod devices;
pub(super) mod files;
pub(super) mod history;
pub(super) mod mending;
pub(super) mod people;
pub(super) mod places;
pub(super) mod rooms;
pub(super) mod roster;
pub(super) mod sender;
pub(super) mod switching;

mod display;
mod failures;
mod inbox;
mod on_screen;
pub(super) mod reading;
mod receipts;
mod resync;
mod start;
#[cfg(test)]
mod testing;

use std::time::Instant;

use super::effects::Effects;
use super::env::Files;
use super::name::canonical_target;
use super::program::Until;
use super::storage::{State, StateError};
use crate::protocol::{
    Command, Delivery, EndReason, Envelope, HelloAnswer, ServerBody, ServerMessage, SessionStart,
    Stored,
};
use crate::transport::Now;
use attention::Attention;
use blocked::BlockedUsers;
use ctx::server::Server;
use ctx::{Ctx, Shared};
use display::Display;
use files::FileTransfers;
use history::HistoryPager;
use inbox::Inbox;
use mending::eraser::Eraser;
use mending::recent::Recent;
use mending::why;
use people::People;
use places::Places;
use reading::ReadReports;
use receipts::Receipts;
use resync::{Resync, Settled};
use rooms::{answers, joining};
use roster::Roster;
use sender::Sender;
use sender::outbox::Typed;
pub(super) use start::Preferences;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignOutReason {
    Ended(EndReason),
    /// Another copy of this device uses its id.
    Conflict,
}

pub(super) struct SignedIn {
    pub(super) shared: Shared,
    pub(super) parts: Parts,
}

/// The parts, each with its own state.
pub(super) struct Parts {
    pub(super) sender: Sender,
    pub(super) inbox: Inbox,
    pub(super) receipts: Receipts,
    pub(super) resync: Resync,
    pub(super) display: Display,
    pub(super) roster: Roster,
    pub(super) people: People,
    pub(super) blocked: BlockedUsers,
    pub(super) history: HistoryPager,
    pub(super) attention: Attention,
    pub(super) places: Places,
    pub(super) recent: Recent,
    pub(super) files: FileTransfers,
    eraser: Eraser,
    pub(super) reading: ReadReports,
}

impl Parts {
    /// An entry has come. Returns whether a later state of this device has written it.
    fn handle_delivery(
        &mut self,
        ctx: &mut Ctx<'_>,
        envelope: &Envelope<'_>,
        delivery: Delivery<'_>,
    ) -> bool {
        let id = delivery.conversation;
        let others = (&mut self.sender, &mut self.blocked, &mut self.attention);
        let outcome = self.inbox.handle_delivery(ctx, others, envelope, delivery);
        if let Some(spoken) = outcome.spoken {
            let place = (id, spoken.entry);
            self.recent.add(place, spoken.is_own, spoken.is_typed);
        }
        if let Some((at, file)) = outcome.file {
            files::save_small(ctx, &mut self.files, (id, at), file);
        }
        if let Some(event) = outcome.event {
            rooms::apply_event(ctx, &mut self.sender, id, &event);
        }
        outcome.is_conflict
    }

    /// What this device has sent is stored.
    fn handle_stored(&mut self, ctx: &mut Ctx<'_>, stored: &Stored) {
        let Some(done) = self.sender.handle_stored(ctx, stored) else {
            return;
        };
        self.inbox.handle_stored(ctx, stored, &done.digest);
        if !done.is_said {
            return;
        }
        why::begin(ctx, stored, done.typed_ms);
        let place = (stored.conversation, stored.entry);
        self.recent.add(place, true, true);
        let is_last = self.sender.outbox.said_waiting(None).next().is_none();
        self.receipts
            .tell_stored(ctx, stored, (done.typed, is_last));
        self.people.note_stored(ctx, stored);
        self.receipts.expect(ctx, stored, done.typed);
    }
}

impl SignedIn {
    /// Splits the parts from what each of them is handed.
    pub(super) fn split<'a>(
        &'a mut self,
        now: Now,
        effects: &'a mut Effects,
    ) -> (&'a mut Parts, Ctx<'a>) {
        (&mut self.parts, self.shared.ctx(now, effects))
    }

    /// Whether a session is of this account and device, so that what is in memory holds.
    pub(super) fn is_of(&self, start: &SessionStart) -> bool {
        let me = &self.shared.me;
        me.id == start.account && me.device == start.device
    }

    /// The tables, and what of them was typed in this run and never sent.
    pub(super) fn into_state(self) -> (State, Vec<(u64, Typed)>) {
        (self.shared.state, self.parts.sender.outbox.never_sent())
    }

    /// The link is lost: what was under way is lost with it.
    pub(super) fn link_lost(&mut self, now: Now, effects: &mut Effects) {
        let (parts, mut ctx) = self.split(now, effects);
        ctx.session.has_link = false;
        ctx.session.is_settled = false;
        ctx.session.is_silent = false;
        ctx.pending.is_overdue = false;
        parts.blocked.begin_session();
        failures::requests_lost(&mut ctx, &mut parts.history);
        parts.inbox.forget_session();
        parts.files.forget_session();
        parts.history.tail.forget_session();
        parts.resync = Resync::default();
        if let Some(named) = ctx.focus.resolving.take() {
            switching::focus_on(&mut ctx, &canonical_target(&named));
        }
        parts.sender.forget_session();
        ctx.conversations.forget_session();
        parts.roster.forget_session();
    }

    /// The server has answered again: what was put off is requested.
    pub(super) fn on_active(&mut self, now: Now, effects: &mut Effects) {
        let (_, mut ctx) = self.split(now, effects);
        if std::mem::take(&mut ctx.session.is_silent) && ctx.session.is_settled {
            joining::join_deferred(&mut ctx);
        }
    }

    pub(super) fn handle_control(
        &mut self,
        now: Now,
        message: ServerMessage,
        effects: &mut Effects,
    ) -> Option<SignOutReason> {
        let (parts, mut ctx) = self.split(now, effects);
        let ctx = &mut ctx;
        ctx.pending.is_overdue = false;
        match message.body {
            ServerBody::HelloAnswer(answer) => return self.handle_heads(now, answer, effects),
            ServerBody::SessionEnd(end) => return Some(SignOutReason::Ended(end.reason)),
            ServerBody::Failure(failure) => {
                let command = message.header.command;
                return failures::handle(ctx, parts, command, &failure);
            }
            ServerBody::Greeting(greeting) => {
                ctx.session.server = Server::of(&greeting);
                parts.roster.greet(ctx, &greeting);
            }
            ServerBody::ListContacts(list) => parts.roster.handle_list(ctx, list),
            ServerBody::Alert(alert) if alert.name != ctx.me.name => {
                parts.roster.handle_alert(ctx, &parts.people, &alert);
            }
            ServerBody::Roster(list) => parts.people.handle_list(ctx, list),
            ServerBody::Whois(answer) => People::handle_whois(ctx, answer),
            ServerBody::Away(told) => parts.people.handle_away(ctx, told),
            ServerBody::Joined(joined) => rooms::handle_joined(ctx, &mut parts.sender, &joined),
            ServerBody::Left(left) => rooms::handle_left(ctx, &mut parts.sender, &left),
            ServerBody::Rooms(rooms) => answers::handle_rooms(ctx, rooms),
            ServerBody::Members(members) => answers::handle_members(ctx, members),
            ServerBody::Moderated(done) => answers::handle_moderated(ctx, &done),
            ServerBody::Administered(done) => administering::handle_done(ctx, done),
            ServerBody::Devices(told) => devices::handle_list(ctx, told),
            ServerBody::ReadElsewhere(told) => reading::handle_elsewhere(ctx, told),
            ServerBody::Muted(told) => reading::handle_muted(ctx, &told),
            ServerBody::Blocked(told) => parts.blocked.handle_list(ctx, told),
            ServerBody::Resolved(resolved) => {
                if let Some(target) = parts.sender.handle_resolved(ctx, &resolved) {
                    let found = (&*target, resolved.conversation);
                    parts.history.handle_found(ctx, &parts.blocked, found);
                }
            }
            _ => {}
        }
        None
    }

    /// What the server has for this device; after the last part, messages may flow.
    fn handle_heads(
        &mut self,
        now: Now,
        answer: HelloAnswer,
        effects: &mut Effects,
    ) -> Option<SignOutReason> {
        let (parts, mut ctx) = self.split(now, effects);
        let ctx = &mut ctx;
        let (sender, receipts) = (&mut parts.sender, &mut parts.receipts);
        let settled = parts.resync.handle_answer(ctx, sender, receipts, answer);
        let missing = match settled {
            Settled::Nothing => return None,
            Settled::Conflict => return Some(SignOutReason::Conflict),
            Settled::Missing(missing) => missing,
        };
        parts.blocked.settle(ctx);
        if ctx.me.is_sending_only {
            parts.inbox.request_held(ctx, missing);
        } else {
            parts.inbox.gather(ctx, missing);
        }
        for conversation in parts.receipts.conversations() {
            ctx.ask_receipts(conversation);
        }
        parts.roster.begin_session(ctx);
        parts.people.begin_session(ctx);
        joining::join_deferred(ctx);
        let mut reason = None;
        for bytes in parts.inbox.take_early() {
            reason = reason.or(self.handle_chat(now, &bytes, effects));
        }
        reason
    }

    /// A chat message has come, or an answer to one; it waits until the positions are settled.
    pub(super) fn handle_chat(
        &mut self,
        now: Now,
        bytes: &[u8],
        effects: &mut Effects,
    ) -> Option<SignOutReason> {
        let (parts, mut ctx) = self.split(now, effects);
        let ctx = &mut ctx;
        ctx.pending.is_overdue = false;
        if !ctx.session.is_settled {
            parts.inbox.keep_early(bytes);
            return None;
        }
        let Ok(envelope) = Envelope::decode(bytes) else {
            // It may have been the answer to any message that is under way.
            parts.sender.outbox.requeue_all();
            return None;
        };
        if let Some(delivery) = envelope.hop.delivery {
            let is_conflict = parts.handle_delivery(ctx, &envelope, delivery);
            return is_conflict.then_some(SignOutReason::Conflict);
        }
        let Ok(message) = envelope.open() else {
            parts.sender.outbox.requeue_all();
            return None;
        };
        match message.body {
            // In no log an entry stands before itself.
            ServerBody::Stored(stored) if stored.entry <= stored.prev => {}
            ServerBody::Stored(stored) => parts.handle_stored(ctx, &stored),
            ServerBody::Voided(it) => parts.sender.handle_voided(ctx, it.conversation, it.number),
            ServerBody::SendAgain(again) => parts.sender.handle_send_again(ctx, again.damaged),
            ServerBody::Receipts(receipts) => parts.receipts.handle_marks(ctx, &receipts),
            ServerBody::ReceiptCounts(it) => {
                parts.receipts.count(it.conversation, it.members, &it.steps);
            }
            _ => return self.handle_control(now, message, effects),
        }
        None
    }

    /// Older entries have come on the bulk channel, or the word that there are none.
    pub(super) fn handle_bulk(
        &mut self,
        now: Now,
        message: Option<ServerMessage>,
        effects: &mut Effects,
    ) -> Result<(), StateError> {
        let (parts, mut ctx) = self.split(now, effects);
        ctx.pending.is_overdue = false;
        let command = message.as_ref().map(|message| message.header.command);
        match message.map(|message| message.body) {
            Some(ServerBody::UploadState(state)) => {
                let outbox = &mut parts.sender.outbox;
                parts.files.handle_state(&mut ctx, outbox, &state);
            }
            Some(ServerBody::DownloadPiece(piece)) => parts.files.handle_piece(&mut ctx, &piece),
            Some(ServerBody::History(history)) => {
                return parts
                    .history
                    .handle_answer(&mut ctx, &parts.blocked, history);
            }
            Some(ServerBody::Failure(failure)) => {
                let command = command.unwrap_or(Command::History);
                failures::refused_on_bulk(&mut ctx, parts, command, &failure);
            }
            Some(_) => {}
            None => {
                parts.files.note_damage();
                parts.history.give_up(&mut ctx);
            }
        }
        Ok(())
    }

    /// Ends a batch: numbers and sends what can be sent, shows what there is to show, and makes all of it durable.
    /// The effects may leave once this has returned.
    pub(super) fn settle(&mut self, now: Now, effects: &mut Effects) -> Result<(), StateError> {
        let (parts, mut ctx) = self.split(now, effects);
        let ctx = &mut ctx;
        if parts.sender.take_retry(now.instant) && !ctx.session.is_settled {
            // It was HELLO that the server could not answer.
            resync::send_hello(ctx);
        }
        if ctx.session.is_settled && parts.sender.retry_at.is_none() {
            parts.sender.send_pending(ctx);
        }
        let sending = parts.sender.outbox.conversations();
        let are_sent = |id| sending.contains(&id);
        parts
            .display
            .add_receipts(parts.receipts.show(ctx, are_sent));
        parts.inbox.show_backlog(ctx);
        parts.history.show_unread(ctx, &parts.blocked)?;
        parts.reading.settle(ctx, &parts.blocked)?;
        parts.inbox.send_acks(ctx);
        ctx.state.commit()?;
        parts.eraser.after_commit(ctx);
        Ok(())
    }

    /// Writes what is durable to the logs of what is said.
    pub(super) fn write_log(&mut self, now: Now, effects: &mut Effects, files: &mut dyn Files) {
        let (parts, mut ctx) = self.split(now, effects);
        parts
            .history
            .chat_log
            .write(&mut ctx, files, &parts.blocked);
    }

    /// Reads and writes the files that are on their way, now that all of which it follows is durable.
    pub(super) fn move_files(&mut self, now: Now, effects: &mut Effects, files: &mut dyn Files) {
        let (parts, mut ctx) = self.split(now, effects);
        if let Some(disk) = files.transfers() {
            parts.files.step(&mut ctx, &mut parts.sender.outbox, disk);
        }
    }

    /// Removes the copies of files that are not sent after all.
    pub(super) fn drop_copies(&mut self, now: Now, effects: &mut Effects, files: &mut dyn Files) {
        let (parts, mut ctx) = self.split(now, effects);
        if let Some(disk) = files.transfers() {
            let outbox = &parts.sender.outbox;
            parts.files.drop_copies(&mut ctx, outbox, disk);
        }
    }

    /// Tells a program that reads what is durable, as far as its console, which was given so many lines and has printed so
    /// many, keeps up.
    pub(super) fn tell(
        &mut self,
        now: Now,
        effects: &mut Effects,
        files: &mut dyn Files,
        lines: (u64, u64),
    ) {
        let (parts, mut ctx) = self.split(now, effects);
        let is_complete = ctx.session.is_settled && !parts.inbox.awaits_backlog(now.instant);
        let blocked = &parts.blocked;
        let tail = &mut parts.history.tail;
        tail.on_printed(&mut ctx, files, lines.1);
        tail.go_on(&mut ctx, blocked, (lines.0, is_complete));
        tail.record_beginning(&mut ctx, files);
    }

    /// Does what is due, without anything having come.
    pub(super) fn handle_timeout(&mut self, now: Now, effects: &mut Effects) {
        let (parts, mut ctx) = self.split(now, effects);
        let ctx = &mut ctx;
        failures::requests_timeout(ctx, &mut parts.history);
        parts.sender.handle_timeout(ctx);
        parts.inbox.handle_timeout(ctx);
        parts.roster.handle_timeout(ctx);
        parts.display.handle_timeout(ctx);
        parts.eraser.handle_timeout(ctx);
    }

    /// When [`SignedIn::handle_timeout`], or [`SignedIn::settle`] after it, has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        [
            self.parts.sender.retry_at,
            self.parts.sender.queued_due(),
            self.parts.receipts.deadline(),
            self.parts.inbox.deadline(),
            self.parts.display.deadline(),
            self.parts.eraser.deadline(),
            self.parts.files.deadline(),
            self.parts.history.chat_log.deadline(),
            self.parts.history.tail.deadline(),
            self.parts.roster.deadline(),
            self.parts.reading.deadline(&self.shared),
            self.shared.pending.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether everything that was typed has been stored, and what was missed has been shown.
    pub(super) fn is_stored(&self, now: Instant) -> bool {
        self.shared.session.is_settled
            && !self.parts.inbox.awaits_backlog(now)
            && self.has_nothing_open()
    }

    /// How many messages wait to be stored, without those that are put off.
    pub(super) fn waiting(&self) -> usize {
        let (sender, files) = (&self.parts.sender, &self.parts.files);
        (sender.waiting() + files.copying()).saturating_sub(files.put_off(&sender.outbox))
    }

    /// Whether nothing waits for the server.
    pub(super) fn has_nothing_open(&self) -> bool {
        self.waiting() == 0
            && !self.parts.files.are_saving()
            && self.shared.pending.deferred_joins().next().is_none()
            && !self.awaits_answer()
    }

    /// Whether receipts are missing until that which was typed has come so far.
    pub(super) fn awaits_receipts(&self, until: Until) -> bool {
        let receipts = &self.parts.receipts;
        match until {
            Until::Queued | Until::Stored => false,
            Until::HeardOnline => receipts.awaits_online(),
            Until::Received => receipts.awaits_all(),
        }
    }

    pub(super) fn awaits_answer(&self) -> bool {
        self.awaits_answer_at_once() || self.parts.history.fetcher.is_busy()
    }

    /// The same for what is answered at once, if the server is there.
    pub(super) fn awaits_answer_at_once(&self) -> bool {
        self.shared.pending.awaits_answer()
            || self.shared.focus.resolving.is_some()
            || self.parts.history.is_looking_for_user()
    }

    /// Whether an answer of the server decides where the next line goes.
    pub(super) fn is_changing_focus(&self) -> bool {
        self.shared.pending.is_changing_focus() || self.shared.focus.resolving.is_some()
    }
}
