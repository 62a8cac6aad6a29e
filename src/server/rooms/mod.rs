//! Rooms: who joins and leaves, who changes what, which there are and who belongs to them.
//!
//! What is permitted inside a room the store decides, in the transaction that does it. The hub keeps who of those with
//! a session belongs to which room, since the entries of a room go to them; it learns that from the store's answers,
//! which come in the order in which things were done. A private room tells nothing of itself to those who are neither
//! in it nor invited: not who is in it, and, where rooms are not made by joining them, not even that there is one.

pub(super) mod directory;

use std::sync::mpsc::SyncSender;

use super::auth::{failure_of, too_many};
use super::hub::completions::{Asked, Making, Pending};
use super::hub::{Hub, MakeRoom, Turn};
use super::names::{Name, RoomName, RoomNameError};
use super::policy::RoomMaking;
use crate::protocol::{
    Access, AccountId, Command, ConversationId, EntryId, ErrorCode, EventKind, Failure, Join,
    Joined, Leave, Left, Members, MembersRequest, Message, Moderate, Moderated, Room, RoomMember,
    Rooms, RoomsRequest, ServerBody, ServerMessage,
};
use crate::store::{Outcome, Reply, Request};
use crate::transport::{Channel, Now, SessionId};
use directory::Next;

/// Rooms in one part of a list. Chosen: with the longest names and topics, 40 KB of the 64 that a message may have.
const ROOMS_PER_PART: usize = 100;

/// Members in one part of a list. Chosen: with the longest names, 30 KB.
const MEMBERS_PER_PART: usize = 200;

/// Members that a list names; of a larger room it names the first by name. Chosen: more than anybody reads, and at most
/// 300 KB that wait for a reader who is slow.
const MEMBERS_LISTED_MAX: usize = 2000;

impl Hub {
    /// A user wants to belong to a room.
    pub(super) fn join(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        channel: Channel,
        body: &Join,
    ) {
        let Some(asked) = self.asked(id, channel, body.tag) else {
            return;
        };
        let name = match RoomName::parse(&body.name) {
            Ok(name) => name,
            Err(error) => {
                let failure = Failure::new(ErrorCode::BadName, error.to_string());
                return Self::refuse_asked(turn, asked, Command::Join, failure);
            }
        };
        if !self.may_change(turn, asked, Command::Join) {
            return;
        }
        // A room that exists is joined all the same: its name was allowed when it was made.
        let bad_name = RoomName::parse_new(&body.name).err();
        let making = self.may_make_room(turn, asked.account, bad_name);
        let (name, skeleton) = name.into_forms();
        let request = Request::Join {
            account: asked.account,
            device: asked.device,
            name,
            skeleton,
            access: body.access.unwrap_or(Access::Public),
            may_make: matches!(making, Making::Counted),
            time_ms: turn.now.unix_ms,
        };
        let pending = Pending::Join(asked, making.clone());
        if !self.ask_for(turn, asked, Command::Join, pending, request) {
            self.not_made(turn, asked.account, &making);
        }
    }

    /// The store has made the user a member, or not.
    pub(super) fn joined(
        &mut self,
        turn: &mut Turn<'_>,
        asked: Asked,
        making: &Making,
        outcome: Outcome,
    ) {
        if !is_made(&outcome) {
            self.not_made(turn, asked.account, making);
        }
        let Outcome::Done(Reply::Joined(joined)) = outcome else {
            let mut failure = failure_of(&outcome);
            match making {
                Making::TooSoon(wait) if failure.code == ErrorCode::NoSuchRoom => {
                    self.throttle.room_refused();
                    failure = too_many(*wait);
                }
                Making::BadName(error) if failure.code == ErrorCode::NoSuchRoom => {
                    failure = Failure::new(ErrorCode::BadName, error.to_string());
                }
                _ => {}
            }
            // Where no room is made by joining it, whether there is one that is private is nobody's business.
            if matches!(making, Making::Closed)
                && matches!(failure.code, ErrorCode::NotInvited | ErrorCode::NoSuchRoom)
            {
                failure.code = ErrorCode::RoomsClosed;
            }
            // The room that has such a name already may be a private one.
            if failure.code == ErrorCode::NameLooksLike {
                failure.detail.clear();
            }
            return self.refuse_if_here(turn, asked, Command::Join, failure);
        };
        let standing = joined.standing;
        self.enter(asked.account, standing.conversation, standing.since);
        let answer = Joined {
            tag: asked.tag,
            room: joined.room,
            last_number: standing.last_number,
            start: standing.start,
        };
        self.answer_if_here(turn, asked, answer);
        if let Some(event) = joined.event {
            self.forward_event(turn, &event);
        }
    }

    /// Whether an account may make a room now, which counts as one until it is known to be none.
    fn may_make_room(
        &mut self,
        turn: &Turn<'_>,
        account: AccountId,
        bad_name: Option<RoomNameError>,
    ) -> Making {
        match (self.config.rooms, bad_name) {
            (RoomMaking::Closed, _) => Making::Closed,
            (RoomMaking::Open, Some(error)) => Making::BadName(error),
            (RoomMaking::Open, None) => match self.throttle.make_room(turn.now.instant, account) {
                Ok(()) => Making::Counted,
                Err(wait) => Making::TooSoon(wait),
            },
        }
    }

    /// No room was made where one could have been.
    fn not_made(&mut self, turn: &Turn<'_>, account: AccountId, making: &Making) {
        if matches!(making, Making::Counted) {
            self.throttle.made_no_room(turn.now.instant, account);
        }
    }

    /// The operator wants a room to be made.
    pub(super) fn make_room(&mut self, now: Now, room: MakeRoom, reply: SyncSender<Outcome>) {
        let pending = Pending::MakeRoom(room.owner, reply);
        // Where the store has no room, the other end of the channel learns it from its being closed.
        self.ask(pending, room.request(now.unix_ms));
    }

    /// The store has made the room, or not. The owner's devices learn of it by the entry, as of one joined elsewhere.
    pub(super) fn room_made(
        &mut self,
        turn: &mut Turn<'_>,
        owner: AccountId,
        reply: &SyncSender<Outcome>,
        outcome: Outcome,
    ) {
        if let Outcome::Done(Reply::Joined(joined)) = &outcome {
            self.enter(owner, joined.standing.conversation, joined.standing.since);
            if let Some(event) = &joined.event {
                self.forward_event(turn, event);
            }
        }
        // Whoever has gone away misses it.
        let _ = reply.try_send(outcome);
    }

    /// An account belongs to a room from now on, with all its sessions, and reads what comes after an entry.
    fn enter(&mut self, account: AccountId, room: ConversationId, since: EntryId) {
        self.presence.enter(account, room);
        for id in self.sessions_of(account) {
            let Some(user) = self.sessions.user_mut(id) else {
                continue;
            };
            user.since.insert(room, since);
        }
    }

    /// An account belongs to a room no longer: what is said from now on is not for its sessions, nor who receives it.
    fn expel(&mut self, turn: &Turn<'_>, account: AccountId, room: ConversationId) {
        self.presence.exit(account, room);
        self.tallies.leave(turn.now.instant, room, account);
        for id in self.sessions_of(account) {
            self.stop_watching(id, room);
        }
    }

    fn sessions_of(&self, account: AccountId) -> Vec<SessionId> {
        let here = self.presence.get(account).into_iter();
        here.flat_map(super::presence::Here::sessions).collect()
    }

    /// A user wants to belong to a room no longer.
    pub(super) fn leave(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        channel: Channel,
        body: Leave,
    ) {
        let Some(asked) = self.asked(id, channel, body.tag) else {
            return;
        };
        let room = body.conversation;
        let request = Request::Leave {
            conversation: room,
            account: asked.account,
            time_ms: turn.now.unix_ms,
        };
        let pending = Pending::Leave(asked, room);
        self.ask_for(turn, asked, Command::Leave, pending, request);
    }

    /// The store has ended the membership: the one who left is sent the entry that says so, as the last one.
    pub(super) fn left(
        &mut self,
        turn: &mut Turn<'_>,
        asked: Asked,
        room: ConversationId,
        outcome: Outcome,
    ) {
        match outcome {
            Outcome::Done(Reply::Changed { event, .. }) => {
                if let Some(event) = event {
                    self.forward_event(turn, &event);
                }
                self.expel(turn, asked.account, room);
            }
            other => {
                return self.refuse_if_here(turn, asked, Command::Leave, failure_of(&other));
            }
        }
        let answer = Left {
            tag: asked.tag,
            conversation: room,
        };
        self.answer_if_here(turn, asked, answer);
    }

    /// A user wants to change a room, or who belongs to it.
    pub(super) fn moderate(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        channel: Channel,
        body: Moderate,
    ) {
        let (command, room) = (Command::Moderate, body.conversation);
        let Some(asked) = self.asked(id, channel, body.tag) else {
            return;
        };
        if !self.belongs(turn, asked, command, room) {
            return;
        }
        let mut change = body.change;
        if let Some(subject) = &mut change.subject {
            match Name::parse(subject) {
                Ok(name) => name.canonical().clone_into(subject),
                Err(error) => {
                    let failure = Failure::new(ErrorCode::NoSuchUser, error.to_string());
                    return Self::refuse_asked(turn, asked, command, failure);
                }
            }
        }
        if !self.may_change(turn, asked, command) {
            return;
        }
        let request = Request::ChangeRoom {
            conversation: room,
            actor: asked.account,
            change,
            time_ms: turn.now.unix_ms,
        };
        let pending = Pending::ChangeRoom(asked, room);
        self.ask_for(turn, asked, command, pending, request);
    }

    /// The store has changed the room, or not. Who was removed is sent the entry that says so, as the last one.
    pub(super) fn moderated(
        &mut self,
        turn: &mut Turn<'_>,
        asked: Asked,
        room: ConversationId,
        outcome: Outcome,
    ) {
        let Outcome::Done(Reply::Changed { event, subject }) = outcome else {
            return self.refuse_if_here(turn, asked, Command::Moderate, failure_of(&outcome));
        };
        let changed = event.is_some();
        if let Some(event) = event {
            self.forward_event(turn, &event);
            if let (EventKind::Kicked, Some(subject)) = (event.kind, subject) {
                self.expel(turn, subject, room);
            }
        }
        let answer = Moderated {
            tag: asked.tag,
            conversation: room,
            changed,
        };
        self.answer_if_here(turn, asked, answer);
    }

    /// Which rooms there are for a user.
    pub(super) fn list_rooms(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        channel: Channel,
        body: RoomsRequest,
    ) {
        let Some(asked) = self.asked(id, channel, body.tag) else {
            return;
        };
        let page = body.page.unwrap_or(0);
        let next = self.directory.ask(turn.now.instant, asked, page);
        if matches!(next, Next::Answer | Next::AnswerAndBegin) {
            self.list_page(turn, asked, page);
        } else if let Some(session) = self.sessions.get_mut(id) {
            session.busy = true;
        }
        if matches!(next, Next::Begin | Next::AnswerAndBegin) {
            self.see_rooms(turn, String::new());
        }
    }

    /// Asks the store for a page of the list, as the rooms are now.
    fn list_page(&mut self, turn: &mut Turn<'_>, asked: Asked, page: u32) {
        let (public, pages) = self.directory.page(page);
        let request = Request::Rooms {
            account: asked.account,
            own: page == 0,
            public,
        };
        let pending = Pending::Rooms(asked, pages);
        self.ask_for_list(turn, asked, Command::Rooms, pending, request);
    }

    /// Asks how much the rooms behind one are used. Where the store has no room, the order stays as it is.
    fn see_rooms(&mut self, turn: &mut Turn<'_>, after: String) {
        let count = directory::STEP;
        if !self.ask(Pending::RoomUses, Request::RoomUses { after, count }) {
            let waiting = self.directory.give_up();
            self.list_pages(turn, waiting);
        }
    }

    /// A step of the pass over all public rooms is done.
    pub(super) fn rooms_seen(&mut self, turn: &mut Turn<'_>, outcome: Outcome) {
        let waiting = match outcome {
            Outcome::Done(Reply::RoomUses { rooms, next }) => {
                self.directory.see(rooms);
                if let Some(after) = next {
                    return self.see_rooms(turn, after);
                }
                self.directory.finish(turn.now.instant)
            }
            _ => self.directory.give_up(),
        };
        self.list_pages(turn, waiting);
    }

    /// Answers those who have waited for an order.
    fn list_pages(&mut self, turn: &mut Turn<'_>, waiting: Vec<(Asked, u32)>) {
        for (asked, page) in waiting {
            if self.is_on(asked.session, asked.device) {
                if let Some(session) = self.sessions.get_mut(asked.session) {
                    session.busy = false;
                }
                self.list_page(turn, asked, page);
                if !self.sessions.get(asked.session).is_some_and(|it| it.busy) {
                    self.resume(turn, asked.session);
                }
            }
        }
    }

    pub(super) fn rooms_listed(
        &mut self,
        turn: &mut Turn<'_>,
        asked: Asked,
        pages: u32,
        outcome: Outcome,
    ) {
        let Outcome::Done(Reply::Rooms(rooms)) = outcome else {
            self.refuse_if_here(turn, asked, Command::Rooms, failure_of(&outcome));
            return self.resume(turn, asked.session);
        };
        if !self.is_on(asked.session, asked.device) {
            return;
        }
        let parts = in_parts(rooms, ROOMS_PER_PART, |rooms: Vec<Room>, more| Rooms {
            tag: asked.tag,
            rooms,
            more,
            pages: Some(pages),
        });
        self.answer_in_parts(turn, asked.session, asked.channel, parts);
    }

    /// Who belongs to a room.
    pub(super) fn list_members(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        channel: Channel,
        body: MembersRequest,
    ) {
        let (command, room) = (Command::Members, body.conversation);
        let Some(asked) = self.asked(id, channel, body.tag) else {
            return;
        };
        if !self.belongs(turn, asked, command, room) {
            return;
        }
        let request = Request::Members {
            conversation: room,
            account: asked.account,
        };
        let pending = Pending::Members(asked, room);
        self.ask_for_list(turn, asked, command, pending, request);
    }

    pub(super) fn members_listed(
        &mut self,
        turn: &mut Turn<'_>,
        asked: Asked,
        room: ConversationId,
        outcome: Outcome,
    ) {
        let Outcome::Done(Reply::Members(members)) = outcome else {
            self.refuse_if_here(turn, asked, Command::Members, failure_of(&outcome));
            return self.resume(turn, asked.session);
        };
        if !self.is_on(asked.session, asked.device) {
            return;
        }
        let members: Vec<RoomMember> = members
            .into_iter()
            .take(MEMBERS_LISTED_MAX)
            .map(|member| RoomMember {
                online: self.presence.is_online(member.account),
                account: member.account,
                name: member.name,
                role: member.role,
            })
            .collect();
        let parts = in_parts(members, MEMBERS_PER_PART, |members, more| Members {
            tag: asked.tag,
            conversation: room,
            members,
            more,
        });
        self.answer_in_parts(turn, asked.session, asked.channel, parts);
    }

    /// Whether the asker has not changed rooms, or whom they block, too often of late.
    pub(super) fn may_change(
        &mut self,
        turn: &mut Turn<'_>,
        asked: Asked,
        command: Command,
    ) -> bool {
        let counted = self.throttle.change_room(turn.now.instant, asked.account);
        if let Err(wait) = counted {
            Self::refuse_asked(turn, asked, command, too_many(wait));
        }
        counted.is_ok()
    }

    /// Whether the asker belongs to a room. Whoever does not is told nothing of it, nor whether there is one.
    fn belongs(
        &self,
        turn: &mut Turn<'_>,
        asked: Asked,
        command: Command,
        room: ConversationId,
    ) -> bool {
        let belongs = self.presence.is_in(asked.account, room);
        if !belongs {
            let failure = Failure::new(ErrorCode::NotPermitted, "");
            Self::refuse_asked(turn, asked, command, failure);
        }
        belongs
    }
}

/// Whether joining has made a room, or may have: whoever makes it writes the first entry of its log.
fn is_made(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Done(Reply::Joined(joined)) => {
            let event = joined.event.as_ref();
            event.is_some_and(|event| event.stored.prev == EntryId::START)
        }
        Outcome::Unknown => true,
        Outcome::Done(_) | Outcome::Refused(_) => false,
    }
}

/// A list in parts that each fit a message; there is at least one.
fn in_parts<T, B>(
    rows: Vec<T>,
    per_part: usize,
    part: impl Fn(Vec<T>, bool) -> B,
) -> Vec<ServerMessage>
where
    B: Into<ServerBody>,
{
    let mut rows = rows.into_iter().peekable();
    let mut parts = Vec::new();
    loop {
        let some = rows.by_ref().take(per_part).collect();
        let more = rows.peek().is_some();
        parts.push(Message::control(part(some, more)));
        if !more {
            return parts;
        }
    }
}
