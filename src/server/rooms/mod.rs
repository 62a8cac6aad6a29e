//! Rooms: who joins and leaves, who changes what, which there are and who belongs to them.
//!
//! What is permitted inside a room the store decides, in the transaction that does it. The hub keeps who of those with
//! a session belongs to which room, since the entries of a room go to them; it learns that from the store's answers,
//! which come in the order in which things were done. A private room tells nothing of itself to those who are neither
//! in it nor invited: not who is in it, and, where rooms are not made by joining them, not even that there is one.

pub(super) mod directory;

use std::sync::mpsc::SyncSender;

use super::auth::{failure_of, too_many};
use super::hub::completions::{Pending, RequestOrigin, RoomCreation};
use super::hub::{CreateRoom, Ctx, Hub};
use super::names::{Name, RoomName, RoomNameError};
use super::policy::RoomCreationPolicy;
use crate::protocol::{
    Access, AccountId, Command, ConversationId, EntryId, ErrorCode, EventKind, Failure, Join,
    Joined, Leave, Left, Members, MembersRequest, Message, Moderate, Moderated, Room, RoomMember,
    Rooms, RoomsRequest, ServerBody, ServerMessage,
};
use crate::store::{Outcome, Read, Reply, Write};
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
    pub(super) fn join(&mut self, ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: &Join) {
        let Some(origin) = self.request_origin(id, channel, body.tag) else {
            return;
        };
        let name = match RoomName::parse(&body.name) {
            Ok(name) => name,
            Err(error) => {
                let failure = Failure::new(ErrorCode::BadName, error.to_string());
                return Self::reject_request(ctx, origin, Command::Join, failure);
            }
        };
        if !self.check_change_rate(ctx, origin, Command::Join) {
            return;
        }
        // A room that exists is joined all the same: its name was allowed when it was made.
        let bad_name = RoomName::parse_new(&body.name).err();
        let creation = self.check_room_rate(ctx, origin.account, bad_name);
        let (name, skeleton) = name.into_forms();
        let request = Write::Join {
            account: origin.account,
            device: origin.device,
            name,
            skeleton,
            access: body.access.unwrap_or(Access::Public),
            may_make: matches!(creation, RoomCreation::Counted),
            time_ms: ctx.now.unix_ms,
        };
        let pending = Pending::Join(origin, creation.clone());
        if !self.submit_for(ctx, origin, Command::Join, pending, request) {
            self.on_room_not_created(ctx, origin.account, &creation);
        }
    }

    /// The store has made the user a member, or not.
    pub(super) fn on_joined(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        creation: &RoomCreation,
        outcome: Outcome,
    ) {
        if !is_made(&outcome) {
            self.on_room_not_created(ctx, origin.account, creation);
        }
        let Outcome::Done(Reply::Joined(joined)) = outcome else {
            let mut failure = failure_of(&outcome);
            match creation {
                RoomCreation::TooSoon(wait) if failure.code == ErrorCode::NoSuchRoom => {
                    self.throttle.room_refused();
                    failure = too_many(*wait);
                }
                RoomCreation::BadName(error) if failure.code == ErrorCode::NoSuchRoom => {
                    failure = Failure::new(ErrorCode::BadName, error.to_string());
                }
                _ => {}
            }
            // Where no room is made by joining it, whether there is one that is private is nobody's business.
            if matches!(creation, RoomCreation::Closed)
                && matches!(failure.code, ErrorCode::NotInvited | ErrorCode::NoSuchRoom)
            {
                failure.code = ErrorCode::RoomsClosed;
            }
            // The room that has such a name already may be a private one.
            if failure.code == ErrorCode::NameLooksLike {
                failure.detail.clear();
            }
            return self.send_error_if_connected(ctx, origin, Command::Join, failure);
        };
        let standing = joined.standing;
        self.add_member(origin.account, standing.conversation, standing.joined_after);
        let answer = Joined {
            tag: origin.tag,
            room: joined.room,
            last_number: standing.last_number,
            start: standing.start,
        };
        self.respond_if_connected(ctx, origin, answer);
        if let Some(event) = joined.event {
            self.fan_out_event(ctx, &event);
        }
    }

    /// Whether an account may make a room now, which counts as one until it is known to be none.
    fn check_room_rate(
        &mut self,
        ctx: &Ctx<'_>,
        account: AccountId,
        bad_name: Option<RoomNameError>,
    ) -> RoomCreation {
        match (self.config.rooms, bad_name) {
            (RoomCreationPolicy::Closed, _) => RoomCreation::Closed,
            (RoomCreationPolicy::Open, Some(error)) => RoomCreation::BadName(error),
            (RoomCreationPolicy::Open, None) => {
                match self.throttle.make_room(ctx.now.instant, account) {
                    Ok(()) => RoomCreation::Counted,
                    Err(wait) => RoomCreation::TooSoon(wait),
                }
            }
        }
    }

    /// No room was made where one could have been.
    fn on_room_not_created(&mut self, ctx: &Ctx<'_>, account: AccountId, creation: &RoomCreation) {
        if matches!(creation, RoomCreation::Counted) {
            self.throttle.made_no_room(ctx.now.instant, account);
        }
    }

    /// The operator wants a room to be made.
    pub(super) fn create_room(&mut self, now: Now, room: CreateRoom, reply: SyncSender<Outcome>) {
        let pending = Pending::CreateRoom(room.owner, reply);
        // Where the store has no room, the other end of the channel learns it from its being closed.
        self.submit(pending, room.request(now.unix_ms));
    }

    /// The store has made the room, or not. The owner's devices learn of it by the entry, as of one joined elsewhere.
    pub(super) fn on_room_created(
        &mut self,
        ctx: &mut Ctx<'_>,
        owner: AccountId,
        reply: &SyncSender<Outcome>,
        outcome: Outcome,
    ) {
        if let Outcome::Done(Reply::Joined(joined)) = &outcome {
            self.add_member(
                owner,
                joined.standing.conversation,
                joined.standing.joined_after,
            );
            if let Some(event) = &joined.event {
                self.fan_out_event(ctx, event);
            }
        }
        // Whoever has gone away misses it.
        let _ = reply.try_send(outcome);
    }

    /// An account belongs to a room from now on, with all its sessions, and reads what comes after an entry.
    fn add_member(&mut self, account: AccountId, room: ConversationId, since: EntryId) {
        self.presence.enter(account, room);
        for id in self.sessions_of(account) {
            let Some(user) = self.sessions.user_mut(id) else {
                continue;
            };
            user.since.insert(room, since);
        }
    }

    /// An account belongs to a room no longer: what is said from now on is not for its sessions, nor who receives it.
    fn remove_member(&mut self, ctx: &Ctx<'_>, account: AccountId, room: ConversationId) {
        self.presence.exit(account, room);
        self.counts.leave(ctx.now.instant, room, account);
        for id in self.sessions_of(account) {
            self.unsubscribe(id, room);
        }
    }

    fn sessions_of(&self, account: AccountId) -> Vec<SessionId> {
        let here = self.presence.get(account).into_iter();
        here.flat_map(super::presence::OnlineAccount::sessions)
            .collect()
    }

    /// A user wants to belong to a room no longer.
    pub(super) fn leave(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: Leave,
    ) {
        let Some(origin) = self.request_origin(id, channel, body.tag) else {
            return;
        };
        let room = body.conversation;
        let request = Write::Leave {
            conversation: room,
            account: origin.account,
            time_ms: ctx.now.unix_ms,
        };
        let pending = Pending::Leave(origin, room);
        self.submit_for(ctx, origin, Command::Leave, pending, request);
    }

    /// The store has ended the membership: the one who left is sent the entry that says so, as the last one.
    pub(super) fn on_left(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        room: ConversationId,
        outcome: Outcome,
    ) {
        match outcome {
            Outcome::Done(Reply::Changed { event, .. }) => {
                if let Some(event) = event {
                    self.fan_out_event(ctx, &event);
                }
                self.remove_member(ctx, origin.account, room);
            }
            other => {
                return self.send_error_if_connected(
                    ctx,
                    origin,
                    Command::Leave,
                    failure_of(&other),
                );
            }
        }
        let answer = Left {
            tag: origin.tag,
            conversation: room,
        };
        self.respond_if_connected(ctx, origin, answer);
    }

    /// A user wants to change a room, or who belongs to it.
    pub(super) fn moderate(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: Moderate,
    ) {
        let (command, room) = (Command::Moderate, body.conversation);
        let Some(origin) = self.request_origin(id, channel, body.tag) else {
            return;
        };
        if !self.check_membership(ctx, origin, command, room) {
            return;
        }
        let mut change = body.change;
        if let Some(subject) = &mut change.subject {
            match Name::parse(subject) {
                Ok(name) => name.canonical().clone_into(subject),
                Err(error) => {
                    let failure = Failure::new(ErrorCode::NoSuchUser, error.to_string());
                    return Self::reject_request(ctx, origin, command, failure);
                }
            }
        }
        if !self.check_change_rate(ctx, origin, command) {
            return;
        }
        let request = Write::ChangeRoom {
            conversation: room,
            actor: origin.account,
            change,
            time_ms: ctx.now.unix_ms,
        };
        let pending = Pending::ChangeRoom(origin, room);
        self.submit_for(ctx, origin, command, pending, request);
    }

    /// The store has changed the room, or not. Who was removed is sent the entry that says so, as the last one.
    pub(super) fn on_moderated(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        room: ConversationId,
        outcome: Outcome,
    ) {
        let Outcome::Done(Reply::Changed { event, subject }) = outcome else {
            return self.send_error_if_connected(
                ctx,
                origin,
                Command::Moderate,
                failure_of(&outcome),
            );
        };
        let changed = event.is_some();
        if let Some(event) = event {
            self.fan_out_event(ctx, &event);
            if let (EventKind::Kicked, Some(subject)) = (event.kind, subject) {
                self.remove_member(ctx, subject, room);
            }
        }
        let answer = Moderated {
            tag: origin.tag,
            conversation: room,
            changed,
        };
        self.respond_if_connected(ctx, origin, answer);
    }

    /// Which rooms there are for a user.
    pub(super) fn list_rooms(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: RoomsRequest,
    ) {
        let Some(origin) = self.request_origin(id, channel, body.tag) else {
            return;
        };
        let page = body.page.unwrap_or(0);
        let next = self.directory.ask(ctx.now.instant, origin, page);
        if matches!(next, Next::Answer | Next::AnswerAndBegin) {
            self.list_page(ctx, origin, page);
        } else if let Some(session) = self.sessions.get_mut(id) {
            session.busy = true;
        }
        if matches!(next, Next::Begin | Next::AnswerAndBegin) {
            self.count_rooms(ctx, String::new());
        }
    }

    /// Asks the store for a page of the list, as the rooms are now.
    fn list_page(&mut self, ctx: &mut Ctx<'_>, origin: RequestOrigin, page: u32) {
        let (public, pages) = self.directory.page(page);
        let request = Read::Rooms {
            account: origin.account,
            own: page == 0,
            public,
        };
        let pending = Pending::Rooms(origin, pages);
        self.submit_for_list(ctx, origin, Command::Rooms, pending, request);
    }

    /// Asks how much the rooms behind one are used. Where the store has no room, the order stays as it is.
    fn count_rooms(&mut self, ctx: &mut Ctx<'_>, after: String) {
        let count = directory::STEP;
        if !self.submit(Pending::RoomUses, Read::RoomUses { after, count }) {
            let waiting = self.directory.give_up();
            self.list_pages(ctx, waiting);
        }
    }

    /// A step of the pass over all public rooms is done.
    pub(super) fn on_rooms_counted(&mut self, ctx: &mut Ctx<'_>, outcome: Outcome) {
        let waiting = match outcome {
            Outcome::Done(Reply::RoomUses { rooms, next }) => {
                self.directory.see(rooms);
                if let Some(after) = next {
                    return self.count_rooms(ctx, after);
                }
                self.directory.finish(ctx.now.instant)
            }
            _ => self.directory.give_up(),
        };
        self.list_pages(ctx, waiting);
    }

    /// Answers those who have waited for an order.
    fn list_pages(&mut self, ctx: &mut Ctx<'_>, waiting: Vec<(RequestOrigin, u32)>) {
        for (origin, page) in waiting {
            if self.is_on(origin.session, origin.device) {
                if let Some(session) = self.sessions.get_mut(origin.session) {
                    session.busy = false;
                }
                self.list_page(ctx, origin, page);
                if !self.sessions.get(origin.session).is_some_and(|it| it.busy) {
                    self.unblock(ctx, origin.session);
                }
            }
        }
    }

    pub(super) fn on_rooms_listed(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        pages: u32,
        outcome: Outcome,
    ) {
        let Outcome::Done(Reply::Rooms(rooms)) = outcome else {
            self.send_error_if_connected(ctx, origin, Command::Rooms, failure_of(&outcome));
            return self.unblock(ctx, origin.session);
        };
        if !self.is_on(origin.session, origin.device) {
            return;
        }
        let parts = in_parts(rooms, ROOMS_PER_PART, |rooms: Vec<Room>, more| Rooms {
            tag: origin.tag,
            rooms,
            more,
            pages: Some(pages),
        });
        self.respond_paged(ctx, origin.session, origin.channel, parts);
    }

    /// Who belongs to a room.
    pub(super) fn list_members(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: MembersRequest,
    ) {
        let (command, room) = (Command::Members, body.conversation);
        let Some(origin) = self.request_origin(id, channel, body.tag) else {
            return;
        };
        if !self.check_membership(ctx, origin, command, room) {
            return;
        }
        let request = Read::Members {
            conversation: room,
            account: origin.account,
        };
        let pending = Pending::Members(origin, room);
        self.submit_for_list(ctx, origin, command, pending, request);
    }

    pub(super) fn on_members_listed(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        room: ConversationId,
        outcome: Outcome,
    ) {
        let Outcome::Done(Reply::Members(members)) = outcome else {
            self.send_error_if_connected(ctx, origin, Command::Members, failure_of(&outcome));
            return self.unblock(ctx, origin.session);
        };
        if !self.is_on(origin.session, origin.device) {
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
            tag: origin.tag,
            conversation: room,
            members,
            more,
        });
        self.respond_paged(ctx, origin.session, origin.channel, parts);
    }

    /// Whether the asker has not changed rooms, or whom they block, too often of late.
    pub(super) fn check_change_rate(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        command: Command,
    ) -> bool {
        let counted = self.throttle.change_room(ctx.now.instant, origin.account);
        if let Err(wait) = counted {
            Self::reject_request(ctx, origin, command, too_many(wait));
        }
        counted.is_ok()
    }

    /// Whether the asker belongs to a room. Whoever does not is told nothing of it, nor whether there is one.
    fn check_membership(
        &self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        command: Command,
        room: ConversationId,
    ) -> bool {
        let belongs = self.presence.is_in(origin.account, room);
        if !belongs {
            let failure = Failure::new(ErrorCode::NotPermitted, "");
            Self::reject_request(ctx, origin, command, failure);
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
