//! Joining, leaving and changing rooms.

use crate::protocol::{
    Access, AccountId, Command, ConversationId, EntryId, ErrorCode, Failure, Join, Joined, Leave,
    Left, Moderate, Moderated,
};
use crate::server::ctx::Ctx;
use crate::server::ctx::reply::{failure_of, too_many};
use crate::server::ctx::requests::{Pending, RequestOrigin, RoomCreation};
use crate::server::names::{Name, RoomName, RoomNameError};
use crate::server::policy::RoomCreationPolicy;
use crate::store::{Outcome, Reply, Write};
use crate::transport::{Channel, SessionId};

/// A room that the operator wants to be created.
#[derive(Debug)]
pub struct CreateRoom {
    /// With the `#`.
    pub name: RoomName,
    /// Who becomes its owner.
    pub owner: AccountId,
    /// Who else may join it.
    pub access: Access,
}

impl CreateRoom {
    /// What is asked of the store for it.
    #[must_use]
    pub fn request(self, time_ms: u64) -> Write {
        let (name, skeleton) = self.name.into_forms();
        Write::MakeRoom {
            owner: self.owner,
            name,
            skeleton,
            access: self.access,
            time_ms,
        }
    }
}

/// A user wants to belong to a room.
pub fn join(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: &Join) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    let name = match RoomName::parse(&body.name) {
        Ok(name) => name,
        Err(error) => {
            let failure = Failure::new(ErrorCode::BadName, error.to_string());
            return ctx.reject_request(origin, Command::Join, failure);
        }
    };
    if !ctx.check_change_rate(origin, Command::Join) {
        return;
    }
    // A room that exists is joined all the same: its name was allowed when it was made.
    let bad_name = RoomName::parse_new(&body.name).err();
    let creation = if body.must_exist == Some(true) && ctx.config.rooms == RoomCreationPolicy::Open
    {
        RoomCreation::Unwanted
    } else {
        check_room_rate(ctx, origin.account, bad_name)
    };
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
    if !ctx.submit_for(origin, Command::Join, pending, request) {
        on_room_not_created(ctx, origin.account, &creation);
    }
}

/// The store has made the user a member, or not: they are told.
pub fn on_joined(
    ctx: &mut Ctx<'_>,
    origin: RequestOrigin,
    creation: &RoomCreation,
    outcome: &Outcome,
) {
    if !is_made(outcome) {
        on_room_not_created(ctx, origin.account, creation);
    }
    let Outcome::Done(Reply::Joined(joined)) = outcome else {
        let failure = join_failure(ctx, creation, outcome);
        return ctx.send_error_if_connected(origin, Command::Join, failure);
    };
    let answer = Joined {
        tag: origin.tag,
        room: joined.room.clone(),
        last_number: joined.standing.last_number,
        start: joined.standing.start,
    };
    ctx.respond_if_connected(origin, answer);
}

/// Why a room was not joined, with nothing of rooms that are private.
fn join_failure(ctx: &mut Ctx<'_>, creation: &RoomCreation, outcome: &Outcome) -> Failure {
    let mut failure = failure_of(outcome);
    match creation {
        RoomCreation::TooSoon(wait) if failure.code == ErrorCode::NoSuchRoom => {
            ctx.throttle.room_refused();
            failure = too_many(*wait);
        }
        RoomCreation::BadName(error) if failure.code == ErrorCode::NoSuchRoom => {
            failure = Failure::new(ErrorCode::BadName, error.to_string());
        }
        _ => {}
    }
    // Where joining creates no rooms, whether there is one that is private is nobody's business.
    if matches!(creation, RoomCreation::Closed)
        && matches!(failure.code, ErrorCode::NotInvited | ErrorCode::NoSuchRoom)
    {
        failure.code = ErrorCode::RoomsClosed;
    }
    // The room that has such a name already may be a private one.
    if failure.code == ErrorCode::NameLooksLike {
        failure.detail.clear();
    }
    failure
}

/// Whether an account may make a room now, which counts as one until it is known to be none.
fn check_room_rate(
    ctx: &mut Ctx<'_>,
    account: AccountId,
    bad_name: Option<RoomNameError>,
) -> RoomCreation {
    match (ctx.config.rooms, bad_name) {
        (RoomCreationPolicy::Closed, _) => RoomCreation::Closed,
        (RoomCreationPolicy::Open, Some(error)) => RoomCreation::BadName(error),
        (RoomCreationPolicy::Open, None) => {
            match ctx.throttle.make_room(ctx.now.instant, account) {
                Ok(()) => RoomCreation::Counted,
                Err(wait) => RoomCreation::TooSoon(wait),
            }
        }
    }
}

/// No room was made where one could have been.
fn on_room_not_created(ctx: &mut Ctx<'_>, account: AccountId, creation: &RoomCreation) {
    if matches!(creation, RoomCreation::Counted) {
        ctx.throttle.made_no_room(ctx.now.instant, account);
    }
}

/// An account belongs to a room from now on, with all its sessions, and reads what comes after an entry.
pub fn add_member(ctx: &mut Ctx<'_>, account: AccountId, room: ConversationId, since: EntryId) {
    ctx.presence.enter(account, room);
    for id in ctx.sessions_of(account) {
        if let Some(user) = ctx.sessions.user_mut(id) {
            user.since.insert(room, since);
        }
    }
}

/// A user wants to belong to a room no longer.
pub fn leave(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: Leave) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    let room = body.conversation;
    let request = Write::Leave {
        conversation: room,
        account: origin.account,
        time_ms: ctx.now.unix_ms,
    };
    let pending = Pending::Leave(origin, room);
    ctx.submit_for(origin, Command::Leave, pending, request);
}

/// The store has ended the membership, or not: the one who wanted it is told.
pub fn on_left(ctx: &mut Ctx<'_>, origin: RequestOrigin, room: ConversationId, outcome: &Outcome) {
    if !matches!(outcome, Outcome::Done(Reply::Changed { .. })) {
        return ctx.send_error_if_connected(origin, Command::Leave, failure_of(outcome));
    }
    let answer = Left {
        tag: origin.tag,
        conversation: room,
    };
    ctx.respond_if_connected(origin, answer);
}

/// A user wants to change a room, or who belongs to it.
pub fn moderate(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: Moderate) {
    let (command, room) = (Command::Moderate, body.conversation);
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    if !ctx.check_membership(origin, command, room) {
        return;
    }
    let mut change = body.change;
    if let Some(subject) = &mut change.subject {
        match Name::parse(subject) {
            Ok(name) => name.canonical().clone_into(subject),
            Err(error) => {
                let failure = Failure::new(ErrorCode::NoSuchUser, error.to_string());
                return ctx.reject_request(origin, command, failure);
            }
        }
    }
    if !ctx.check_change_rate(origin, command) {
        return;
    }
    let request = Write::ChangeRoom {
        conversation: room,
        actor: origin.account,
        change,
        time_ms: ctx.now.unix_ms,
    };
    let pending = Pending::ChangeRoom(origin, room);
    ctx.submit_for(origin, command, pending, request);
}

/// The store has changed the room, or not: the one who wanted it is told.
pub fn on_moderated(
    ctx: &mut Ctx<'_>,
    origin: RequestOrigin,
    room: ConversationId,
    outcome: &Outcome,
) {
    let Outcome::Done(Reply::Changed { event, .. }) = outcome else {
        return ctx.send_error_if_connected(origin, Command::Moderate, failure_of(outcome));
    };
    let answer = Moderated {
        tag: origin.tag,
        conversation: room,
        changed: event.is_some(),
    };
    ctx.respond_if_connected(origin, answer);
}

/// Whether joining has created a room, or may have: the first entry of a log is its creator's.
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
