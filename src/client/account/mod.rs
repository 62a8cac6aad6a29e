//! What a signed-in user has: identity, conversations, outbox, receipts, and who is online.
//!
//! It outlives the link: while the client reconnects, messages are still taken into the outbox. What comes in
//! on the chat channel is `deliveries`' part, what goes out `sending`'s; here are the beginning of a session,
//! the requests on the control channel, and the settling of a batch.

mod backlog;
mod blocked;
pub(super) mod conversations;
mod gaps;
pub(super) mod history;
pub(super) mod outbox;
pub(super) mod pending;
pub(super) mod receipts;
mod receive;
mod resync;
pub(super) mod rooms;
mod roster;
mod send;
pub(super) mod server;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;

use super::effects::Effects;
use super::env::{Names, Tone};
use super::name::canonical_target;
use super::storage::{State, StateError};
use super::ui::render;
use super::ui::time::Clock;
use crate::protocol::{
    Access, AccountId, ConversationId, DeviceId, EndReason, EntryId, Failure, Message,
    ReceiptsRequest, Received, ServerBody, ServerMessage, SessionStart,
};
use crate::text::printable;
use crate::transport::{Channel, Now};
use backlog::Backlog;
use blocked::BlockedUsers;
use conversations::Conversations;
use gaps::Gaps;
use history::Page;
use outbox::Outbox;
use pending::PendingRequests;
use receipts::{Receipts, ToldReceipt};
use rooms::FocusState;
use roster::Roster;
use server::Server;

/// How many messages of the chat channel wait until the positions are settled. At the limit the rest is dropped;
/// the gap is noticed and asked for.
const EARLY_MAX: usize = 1_024;

/// How long it may take until the mark of what was shown is durable, in a quiet session. As the server's marks.
const DISPLAY_MARK_DELAY: Duration = Duration::from_secs(1);

/// Why a user is not signed in any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignOutReason {
    /// The server ended the session.
    Ended(EndReason),
    /// This device's id had to be given up.
    Conflict,
}

/// Lines on their way to the screen: the count of the last one, the entries up to which they go, and the receipts that
/// they tell.
struct QueuedLines {
    lines: u64,
    places: Vec<(ConversationId, EntryId)>,
    told: Vec<ToldReceipt>,
}

/// A signed-in user.
pub(super) struct SignedIn {
    pub(super) id: AccountId,
    pub(super) name: String,
    pub(super) device: DeviceId,
    /// The epoch of the server's database in this session.
    pub(super) epoch: u64,
    /// When the user signed in, in this run.
    pub(super) since: Instant,
    /// The salts of what this user says come from here.
    pub(super) random: ChaCha20Rng,
    pub(super) state: State,
    pub(super) conversations: Conversations,
    pub(super) gaps: Gaps,
    pub(super) outbox: Outbox,
    pub(super) receipts: Receipts,
    pub(super) roster: Roster,
    pub(super) backlog: Option<Backlog>,
    pub(super) blocked: BlockedUsers,
    /// A conversation in which the server has numbers or entries of this device of which nothing is known here.
    pub(super) conflict_in: Option<ConversationId>,
    /// Whether the positions are settled and messages may flow.
    pub(super) is_settled: bool,
    /// The server has not answered for a while, and somebody who sits there is told so instead of having to wait.
    pub(super) is_silent: bool,
    /// The positions were said together with the ticket, and need not be said once that is taken.
    pub(super) is_hello_sent: bool,
    pub(super) early_messages: Vec<Vec<u8>>,
    pub(super) pending_acks: BTreeMap<ConversationId, EntryId>,
    pub(super) undisplayed: BTreeSet<ConversationId>,
    /// What was given to the console and may not be on the screen yet.
    queued: Option<QueuedLines>,
    /// Receipts that were told since.
    pub(super) receipts_shown: Vec<ToldReceipt>,
    pub(super) resolving: HashMap<u32, String>,
    pub(super) next_tag: u32,
    /// What the server has said that it takes.
    pub(super) server: Server,
    /// When what the server could not do is tried again.
    pub(super) retry_at: Option<Instant>,
    pub(super) damaged: u64,
    pub(super) heads: BTreeMap<ConversationId, EntryId>,
    /// The conversation to which plain text is said, by name.
    pub(super) focus: Option<String>,
    pub(super) focus_state: FocusState,
    pub(super) pending: PendingRequests,
    /// Rooms that are joined when there is a link.
    pub(super) rooms_to_join: BTreeMap<String, Option<Access>>,
    /// The page of history that is being put together.
    pub(super) page: Option<Page>,
    /// Where the last one ended.
    pub(super) page_end: Option<(ConversationId, EntryId)>,
    display_mark_due: Option<Instant>,
    offset_seconds: i32,
}

impl SignedIn {
    /// A session begins for the device whose tables these are.
    pub(super) fn new(
        now: Now,
        mut state: State,
        start: &SessionStart,
        offset_seconds: i32,
        random: ChaCha20Rng,
        effects: &mut Effects,
    ) -> Result<Self, StateError> {
        let is_other_account = state
            .identity()
            .is_some_and(|identity| identity.account != start.account);
        let is_other_device = state
            .identity()
            .is_some_and(|identity| identity.device != Some(start.device));
        let mut loaded = state.load()?;
        if is_other_account || is_other_device {
            for (sequence, unsent) in loaded.outbox.drain(..) {
                show_unconfirmed(&unsent.target, &unsent.text, effects);
                state.remove_unsent(sequence);
            }
        }
        if is_other_account {
            state.clear();
            loaded.conversations.clear();
            loaded.awaited.clear();
            loaded.blocked.clear();
        }
        let mut account = Self {
            id: start.account,
            name: start.name.clone(),
            device: start.device,
            epoch: start.epoch,
            since: now.instant,
            random,
            state,
            conversations: Conversations::default(),
            gaps: Gaps::default(),
            outbox: Outbox::load(loaded.outbox),
            receipts: Receipts::default(),
            roster: Roster::default(),
            backlog: None,
            blocked: BlockedUsers::load(loaded.blocked),
            conflict_in: None,
            is_settled: false,
            is_silent: false,
            is_hello_sent: false,
            early_messages: Vec::new(),
            pending_acks: BTreeMap::new(),
            undisplayed: BTreeSet::new(),
            queued: None,
            receipts_shown: Vec::new(),
            resolving: HashMap::new(),
            next_tag: 1,
            server: Server::default(),
            retry_at: None,
            damaged: 0,
            heads: BTreeMap::new(),
            focus: None,
            focus_state: FocusState::default(),
            pending: PendingRequests::default(),
            rooms_to_join: BTreeMap::new(),
            page: None,
            page_end: None,
            display_mark_due: None,
            offset_seconds,
        };
        account.roster.names_changed();
        for (id, mut place) in loaded.conversations {
            if is_other_device {
                place.last_own_seq = None;
            }
            account.conversations.insert(id, place);
        }
        for (conversation, entry, awaited) in loaded.awaited {
            let is_many = account.is_many(conversation);
            let typed = None;
            account
                .receipts
                .track(now.instant, (conversation, is_many), entry, awaited, typed);
        }
        account.show_undisplayed(now, effects)?;
        account.start_session(start, effects)?;
        Ok(account)
    }

    /// Whether a session is of this account and device, so that what is in memory holds.
    pub(super) fn is_of(&self, start: &SessionStart) -> bool {
        self.id == start.account && self.device == start.device
    }

    /// The tables, when nothing else of it is needed any more.
    pub(super) fn into_state(self) -> State {
        self.state
    }

    /// The link is lost: what was under way is lost with it.
    pub(super) fn link_lost(&mut self, effects: &mut Effects) {
        self.is_settled = false;
        self.conflict_in = None;
        self.is_silent = false;
        self.is_hello_sent = false;
        self.blocked.begin_session();
        self.requests_lost(effects);
        self.early_messages.clear();
        self.heads.clear();
        self.pending_acks.clear();
        self.resolving.clear();
        if let Some(named) = self.focus_state.resolving_focus.take() {
            self.focus_on(&canonical_target(&named), effects);
        }
        self.retry_at = None;
        self.outbox.requeue_all();
        self.conversations.forget_session();
        self.gaps.forget_session();
        self.roster.forget_session();
    }

    /// Whether a request can be expected to be answered.
    pub(super) const fn can_ask(&self) -> bool {
        self.is_settled && !self.is_silent
    }

    /// The server has answered again: what was put off is asked for.
    pub(super) fn on_active(&mut self, now: Now, effects: &mut Effects) {
        if std::mem::take(&mut self.is_silent) && self.is_settled {
            self.join_deferred_rooms(now, effects);
        }
    }

    /// Forgets the ticket, so that the next sign-in asks for the password; with `device`, the device's id too.
    pub(super) fn forget_ticket(&mut self, device: bool) -> Result<(), StateError> {
        if let Some(mut identity) = self.state.identity().cloned() {
            identity.ticket = None;
            if device {
                identity.device = None;
            }
            self.state.set_identity(identity);
        }
        self.close()
    }

    /// Shows every unsent line as unconfirmed and forgets it: their numbers mean nothing any more.
    pub(super) fn give_up_outbox(&mut self, effects: &mut Effects) {
        for sequence in self.outbox.sequences() {
            if let Some(unsent) = self.outbox.remove(sequence) {
                show_unconfirmed(&unsent.target, &unsent.text, effects);
            }
            self.state.remove_unsent(sequence);
        }
    }

    /// Something has come on the control channel.
    pub(super) fn handle_control(
        &mut self,
        now: Now,
        message: ServerMessage,
        effects: &mut Effects,
    ) -> Option<SignOutReason> {
        match message.body {
            ServerBody::HelloAnswer(answer) => return self.handle_heads(now, answer, effects),
            ServerBody::Greeting(greeting) => {
                self.roster.greet(&greeting, effects);
                self.server = Server::of(&greeting);
            }
            ServerBody::SessionEnd(end) => return Some(SignOutReason::Ended(end.reason)),
            ServerBody::Joined(joined) => self.handle_joined(&joined, effects),
            ServerBody::Left(left) => self.handle_left(&left, effects),
            ServerBody::Rooms(rooms) => self.handle_rooms(rooms, effects),
            ServerBody::Members(members) => self.handle_members(members, effects),
            ServerBody::Moderated(done) => self.handle_moderated(&done, effects),
            ServerBody::Blocked(told) => self.handle_blocked(told, effects),
            ServerBody::Resolved(resolved) => self.handle_resolved(&resolved, effects),
            ServerBody::ListContacts(list) => self.roster.handle_list(list, &self.name, effects),
            ServerBody::Alert(alert) if alert.name != self.name => {
                self.roster.handle_alert(&alert, effects);
            }
            ServerBody::Failure(failure) => {
                return self.handle_failure(now, message.header.command, &failure, effects);
            }
            _ => {}
        }
        None
    }

    /// Asks for the receipts of a conversation, once in a session.
    pub(super) fn ask_receipts(&mut self, id: ConversationId, effects: &mut Effects) {
        if let Some(known) = self.conversations.get_mut(id)
            && !known.receipts_asked
        {
            known.receipts_asked = true;
            let request = ReceiptsRequest { conversation: id };
            effects.send(Channel::Chat, &Message::control(request));
        }
    }

    /// Puts a conversation's place among the changes.
    pub(super) fn save_conversation(&mut self, id: ConversationId) {
        if let Some(known) = self.conversations.get(id) {
            self.state.put_conversation(id, &known.stored);
        }
    }

    pub(super) const fn clock(&self, now: Now) -> Clock {
        Clock {
            now_ms: now.unix_ms,
            offset_seconds: self.offset_seconds,
        }
    }

    /// Ends a batch: numbers and sends what can be sent, says what there is to say, and makes all of it durable.
    /// The effects may leave once this has returned.
    pub(super) fn settle(&mut self, now: Now, effects: &mut Effects) -> Result<(), StateError> {
        if self.retry_at.is_some_and(|at| at <= now.instant) {
            self.retry_at = None;
            if !self.is_settled {
                // It was HELLO that the server could not answer.
                self.send_hello(effects);
            }
        }
        if self.is_settled && self.retry_at.is_none() {
            self.send_pending(now, effects);
        }
        self.requests_timeout(now, effects);
        self.gaps_timeout(now, effects);
        self.show_receipts(now, effects);
        if let Some(backlog) = &mut self.backlog
            && backlog.show(now.instant, effects)
        {
            self.backlog = None;
        }
        self.roster.handle_timeout(now, effects);
        for (conversation, entry) in std::mem::take(&mut self.pending_acks) {
            let received = Received {
                conversation,
                entry,
            };
            effects.send(Channel::Chat, &Message::control(received));
        }
        if self.display_mark_due.is_some_and(|due| due <= now.instant) {
            self.display_mark_due = None;
            for id in std::mem::take(&mut self.undisplayed) {
                self.save_conversation(id);
                let known = self.conversations.get(id);
                if known
                    .is_some_and(|known| known.stored.displayed_up_to < known.stored.received_up_to)
                {
                    // What came with this very batch is shown after it.
                    self.undisplayed.insert(id);
                }
            }
        }
        self.state.commit()
    }

    /// What was to be shown has been given to the console, so many lines in all, of which so many are on the screen.
    /// That is recorded, as far as it is on the screen, with the next change, or soon.
    pub(super) fn lines_queued(&mut self, now: Now, lines: u64, printed: u64) {
        self.lines_printed(printed);
        // What was said while the user was away is gathered first.
        let shows = self.backlog.is_none() && !self.undisplayed.is_empty();
        if self.queued.is_none() && (shows || !self.receipts_shown.is_empty()) {
            let place = |id: &ConversationId| {
                let known = self.conversations.get(*id)?;
                Some((*id, known.stored.received_up_to))
            };
            let undisplayed = self.undisplayed.iter().filter(|_| shows);
            self.queued = Some(QueuedLines {
                lines,
                places: undisplayed.filter_map(place).collect(),
                told: std::mem::take(&mut self.receipts_shown),
            });
            self.lines_printed(printed);
        }
        let is_owed = shows || self.queued.is_some() || self.state.has_changes();
        if is_owed && self.display_mark_due.is_none() {
            self.display_mark_due = Some(now.instant + DISPLAY_MARK_DELAY);
        }
    }

    /// So many of the lines given to the console are on the screen.
    pub(super) fn lines_printed(&mut self, printed: u64) {
        let Some(queued) = self.queued.take_if(|queued| queued.lines <= printed) else {
            return;
        };
        for (id, entry) in queued.places {
            if let Some(known) = self.conversations.get_mut(id) {
                // The position may have been moved back meanwhile, by a server that was restored.
                let place = &mut known.stored;
                place.displayed_up_to = place.displayed_up_to.max(entry).min(place.received_up_to);
            }
        }
        self.confirm_receipts(queued.told);
    }

    /// The lines that told these receipts are on the screen.
    fn confirm_receipts(&mut self, told: Vec<ToldReceipt>) {
        for told in told {
            let awaited = self.receipts.on_screen(told);
            self.state
                .put_awaited(told.conversation, told.entry, awaited.as_ref());
        }
    }

    /// Records at the end what was shown: nothing but a crash stops the console now.
    pub(super) fn close(&mut self) -> Result<(), StateError> {
        self.lines_printed(u64::MAX);
        let told = std::mem::take(&mut self.receipts_shown);
        self.confirm_receipts(told);
        for id in std::mem::take(&mut self.undisplayed) {
            // What came with the very message that ended it is on its way to the console; what was gathered is not.
            if let Some(known) = self.conversations.get_mut(id)
                && self.backlog.is_none()
            {
                known.stored.displayed_up_to = known.stored.received_up_to;
            }
            self.save_conversation(id);
        }
        self.state.commit()
    }

    /// When [`SignedIn::settle`] has something to do without anything having come.
    pub(super) fn deadline(&self) -> Option<Instant> {
        [
            self.retry_at,
            self.receipts.deadline(),
            self.backlog.as_ref().map(Backlog::deadline),
            self.display_mark_due,
            self.roster.deadline(),
            self.pending.deadline(),
            self.gaps.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether everything that was typed has been stored, and received by those who were online.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_settled
            && self.outbox.len() == 0
            && !self.receipts.awaits_online()
            && self.backlog.is_none()
            && !self.awaits_answer()
    }

    /// Whether the user waits for an answer of the server.
    pub(super) fn awaits_answer(&self) -> bool {
        self.roster.awaits_answer()
            || self.pending.awaits_answer()
            || self.focus_state.resolving_focus.is_some()
    }

    /// Whether an answer of the server decides to whom the next line is said.
    pub(super) fn is_changing_focus(&self) -> bool {
        self.pending.is_changing_focus() || self.focus_state.resolving_focus.is_some()
    }

    /// The names that the tab key completes, if they are others than before.
    pub(super) fn take_names(&mut self) -> Option<Names> {
        let users = harmless(self.roster.take_names()?);
        Some(Names {
            users,
            rooms: harmless(&self.room_names()),
            blocked: harmless(self.blocked.names()),
        })
    }

    /// A chat message has come, or an answer to one; it waits until the positions are settled.
    pub(super) fn handle_chat(
        &mut self,
        now: Now,
        bytes: &[u8],
        effects: &mut Effects,
    ) -> Option<SignOutReason> {
        if self.is_settled {
            return self.handle_settled_chat(now, bytes, effects);
        }
        if self.early_messages.len() < EARLY_MAX {
            self.early_messages.push(bytes.to_vec());
        }
        None
    }
}

/// Says that nobody knows what became of a message.
pub(super) fn show_unconfirmed(target: &str, text: &str, effects: &mut Effects) {
    effects.show(
        Tone::Error,
        format!(
            "unconfirmed: may not have reached {target}: {}",
            render::quote(text)
        ),
    );
}

/// Names of others, fit to be shown.
fn harmless<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let names = names.into_iter();
    names
        .map(|name| printable::line(name).into_owned())
        .collect()
}

/// What a refusal was about, where that is a request of this account.
pub(super) fn tag_of(failure: &Failure) -> u32 {
    failure.tag.unwrap_or(0)
}
