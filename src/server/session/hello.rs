//! What a signed-in session is told first, and what it may ask about others: HELLO, contacts, alerts.

use super::ReadCursor;
use crate::protocol::{
    AccountId, Alert, Blocked, Command, Contact, EntryId, ErrorCode, Failure, Feature, Greeting,
    Head, Hello, HelloAnswer, Hop, ListContacts, Message, ServerMessage, Software, encode,
};
use crate::server::hub::completions::Pending;
use crate::server::hub::{CODE_HELLO, CODE_NOT_READING, Ctx, Hub};
use crate::server::policy::RoomCreationPolicy;
use crate::store::{ConversationState, Outcome, Reply, Write};
use crate::transport::{Channel, SessionId};

/// Positions that one HELLO may name in all its parts; more are refused. Chosen: 0.6 MB.
const POSITIONS_MAX: usize = 10_000;
/// Characters of a client's version that are logged.
const VERSION_MAX: usize = 32;
/// Heads in one part of the answer. Chosen: with names of 32 characters, 16 KB.
const HEADS_PER_PART: usize = 200;
/// Contacts in one list; who else is online is not listed, and is reached all the same. Chosen: what a session's send
/// buffer holds with the longest names, since a list is made at once.
const CONTACTS_MAX: usize = 1000;
/// Contacts in one part of the list. Chosen: with names of 32 characters, 16 KB.
const CONTACTS_PER_PART: usize = 200;

impl Hub {
    /// A device says where it stands; when it has said all, the store says what there is.
    pub(in crate::server) fn hello(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: Hello,
    ) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let Some(user) = session.user_mut() else {
            return;
        };
        if let Some(Software { version, .. }) = &body.software {
            let version: String = version.chars().take(VERSION_MAX).collect();
            tracing::debug!(session = id.0, version, "a client says what it is");
        }
        let refusal = if user.hello.len() + body.positions.len() > POSITIONS_MAX {
            user.hello = Vec::new();
            Failure::new(ErrorCode::Malformed, "a HELLO names too many positions")
        } else if body.more {
            user.hello.extend(body.positions);
            let kept = user.hello.len();
            return self.hold_partial_hello(ctx, id, kept);
        } else {
            let mut positions = std::mem::take(&mut user.hello);
            positions.extend(body.positions);
            let named = positions.len();
            let request = Write::Hello {
                account: user.account,
                device: user.device,
                epoch: body.epoch,
                positions,
            };
            session.busy = true;
            if self.submit(
                Pending::Hello {
                    session: id,
                    channel,
                },
                request,
            ) {
                self.hold_partial_hello(ctx, id, named);
                return self.pending_hellos.complete(id);
            }
            Failure::new(ErrorCode::Unavailable, "")
        };
        self.start_hello_timer(ctx, id);
        if let Some(session) = self.sessions.get_mut(id) {
            session.busy = false;
        }
        Self::send_error(ctx, id, channel, Command::Hello, refusal);
    }

    /// A device may begin its HELLO again, of which nothing is kept; it must, if it never said it.
    fn start_hello_timer(&mut self, ctx: &Ctx<'_>, id: SessionId) {
        self.pending_hellos.forget(id);
        if self.sessions.user(id).is_some_and(|user| !user.ready) {
            self.pending_hellos.note(ctx.now.instant, id, 0);
        }
    }

    /// So much of a session's HELLO is kept now. Closes whose HELLO is the longest while all are too long together.
    fn hold_partial_hello(&mut self, ctx: &mut Ctx<'_>, id: SessionId, positions: usize) {
        self.pending_hellos.note(ctx.now.instant, id, positions);
        while let Some(longest) = self.pending_hellos.excess() {
            let words = "too many HELLOs are incomplete, and this one is the longest";
            self.evict(ctx, longest, CODE_HELLO, words);
        }
    }

    /// Closes those who have not said in time where they stand.
    pub(in crate::server) fn close_overdue_hellos(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(late) = self.pending_hellos.late(ctx.now.instant) {
            let words = "the device did not complete its HELLO in time";
            self.evict(ctx, late, CODE_HELLO, words);
        }
    }

    /// What waits for room of a session has changed. Closes those for whom the most waits while it is too much for all.
    pub(in crate::server) fn note_pending_responses(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        if let Some(user) = self.sessions.user_mut(id) {
            let parts = user.pending_parts();
            self.pending_responses
                .set(id, &mut user.pending_share, parts);
        }
        while self.pending_responses.is_over()
            && let Some(most) = self.pending_responses.hungriest()
            && self.sessions.user(most).is_some()
        {
            self.evict(ctx, most, CODE_NOT_READING, "answers were not read");
        }
    }

    /// The store has said what there is: the device is told, greeted, and sent what it missed.
    pub(in crate::server) fn on_hello_loaded(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        outcome: Outcome,
    ) {
        self.pending_hellos.forget(id);
        let Outcome::Done(Reply::Hello { standings, blocked }) = outcome else {
            self.start_hello_timer(ctx, id);
            Self::send_outcome_error(ctx, id, channel, Command::Hello, &outcome);
            return self.unblock(ctx, id);
        };
        let others = self.presence.online_count().saturating_sub(1);
        let Some(user) = self.sessions.user_mut(id) else {
            return;
        };
        user.ready = true;
        let account = user.account;
        self.blocks.set(account, &blocked);
        let mut moved = Vec::new();
        for standing in &standings {
            let conversation = standing.conversation;
            if standing.is_room && standing.until.is_none() {
                self.presence.enter(account, conversation);
            }
            if standing.joined_after > EntryId::START {
                user.since.insert(conversation, standing.joined_after);
            }
            if standing.delivered_up_to > standing.joined_after {
                moved.push((
                    conversation,
                    user.mark(conversation, standing.delivered_up_to),
                ));
            }
            if standing.log_start > standing.delivered_up_to.max(standing.joined_after) {
                // What lies between has expired before any device of theirs had it.
                user.since.insert(conversation, standing.log_start);
            }
        }
        for standing in standings
            .iter()
            .filter(|standing| standing.start < standing.head)
        {
            let reader = ReadCursor {
                cursor: standing.start,
                head: standing.head,
                is_reading: false,
                is_suspended: false,
            };
            user.lagging.insert(standing.conversation, reader);
        }
        if !blocked.is_empty() {
            // Before anything is delivered that is to be hidden.
            let news = Blocked {
                tag: None,
                users: blocked,
            };
            user.pending_responses
                .push_back((channel, Message::control(news)));
        }
        let mut heads = standings.into_iter().map(Head::from).peekable();
        loop {
            let part: Vec<Head> = heads.by_ref().take(HEADS_PER_PART).collect();
            let more = heads.peek().is_some();
            let answer = HelloAnswer { heads: part, more };
            let part = (channel, Message::control(answer));
            user.pending_responses.push_back(part);
            if !more {
                break;
            }
        }
        let greeting = Greeting {
            text: self.config.greeting.clone(),
            online: u32::try_from(others).unwrap_or(u32::MAX),
            software: Some(Software::this(match self.config.rooms {
                RoomCreationPolicy::Open => vec![Feature::RoomCreation],
                RoomCreationPolicy::Closed => Vec::new(),
            })),
            limits: Some(self.config.limits.told()),
        };
        user.pending_responses
            .push_back((channel, Message::control(greeting)));
        for (conversation, mark) in moved {
            self.on_mark_advanced(ctx, conversation, mark);
        }
        self.flush_responses(ctx, id);
    }

    /// Answers in as many parts as it takes, of which the session asks nothing more before they have gone out.
    pub(in crate::server) fn respond_paged(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        parts: impl IntoIterator<Item = ServerMessage>,
    ) {
        if let Some(user) = self.sessions.user_mut(id) {
            let parts = parts.into_iter().map(|part| (channel, part));
            user.pending_responses.extend(parts);
        }
        self.flush_responses(ctx, id);
    }

    /// Sends of a long answer what there is room for. It may be longer than a send buffer, since others decide how
    /// many talk to this account, and how many belong to a room; the rest follows when there is room.
    pub(in crate::server) fn flush_responses(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        self.send_pending_responses(ctx, id);
        self.note_pending_responses(ctx, id);
    }

    fn send_pending_responses(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        loop {
            let user = self.sessions.user(id);
            let Some((channel, message)) = user.and_then(|user| user.pending_responses.front())
            else {
                return;
            };
            if Self::send(ctx, id, *channel, message).is_err() {
                // Event::Writable goes on from here; a session that is closed needs nothing more.
                return;
            }
            let Some(user) = self.sessions.user_mut(id) else {
                return;
            };
            user.pending_responses.pop_front();
            if user.pending_responses.is_empty() {
                self.read_next(ctx, id);
                return self.unblock(ctx, id);
            }
        }
    }

    /// Lists who is online, with the addresses that their sessions are seen at.
    pub(in crate::server) fn contacts(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        tag: u32,
    ) {
        let own = self.sessions.user(id);
        let own = own.and_then(|user| Some((user.account, self.presence.get(user.account)?)));
        let is_other = |account| own.is_none_or(|(own, _)| account != own);
        // Whoever blocks somebody is told nothing of their coming and going.
        let hides = |account| own.is_some_and(|(own, _)| self.blocks.hides(own, account));
        let others = self.presence.online();
        let others = others.filter(|(id, _)| is_other(*id) && !hides(*id));
        let mut contacts: Vec<Contact> = own
            .into_iter()
            .chain(others)
            .filter_map(|(account, here)| {
                let address = here
                    .sessions()
                    .find_map(|session| ctx.endpoint.remote(session))?;
                Some(Contact {
                    account,
                    name: here.name.clone(),
                    address: address.into(),
                })
            })
            .take(CONTACTS_MAX)
            .collect();
        contacts.sort_by(|a, b| a.name.cmp(&b.name));
        let mut contacts = contacts.into_iter().peekable();
        loop {
            let part: Vec<Contact> = contacts.by_ref().take(CONTACTS_PER_PART).collect();
            let more = contacts.peek().is_some();
            let list = ListContacts {
                tag,
                contacts: part,
                more,
            };
            Self::respond(ctx, id, channel, &Message::control(list));
            if !more {
                break;
            }
        }
    }

    /// Tells everybody else that somebody came or went, as far as the budget goes. Whoever has no room for it goes
    /// without: the list of contacts tells the same.
    pub(in crate::server) fn alert(
        &mut self,
        ctx: &mut Ctx<'_>,
        account: AccountId,
        name: &str,
        online: bool,
    ) {
        if !self
            .alerts
            .take(ctx.now.instant, self.presence.online_count())
        {
            return;
        }
        let alert = Alert {
            name: name.to_owned(),
            online,
        };
        let bytes = encode(&ServerMessage::control(alert), Hop::default());
        for (id, session) in self.sessions.iter() {
            if session
                .user()
                .filter(|user| user.ready && user.account != account)
                .is_some_and(|user| !self.blocks.hides(user.account, account))
            {
                let now = ctx.now.instant;
                let _ = ctx.endpoint.send(now, id, Channel::Control, &bytes);
            }
        }
    }
}

impl From<ConversationState> for Head {
    fn from(standing: ConversationState) -> Self {
        let ConversationState {
            conversation,
            name,
            head,
            last_number,
            start,
            log_start: floor,
            until,
            expired,
            ..
        } = standing;
        Self {
            conversation,
            name,
            head,
            last_number,
            start,
            floor,
            until,
            expired,
        }
    }
}
