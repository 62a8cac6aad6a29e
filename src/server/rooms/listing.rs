//! The lists of rooms and of a room's members.

use super::directory::{self, Directory, Next};
use crate::protocol::{
    Command, ConversationId, Members, MembersRequest, Room, RoomMember, Rooms, RoomsRequest,
};
use crate::server::ctx::Ctx;
use crate::server::ctx::reply::{failure_of, in_parts};
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::store::{Outcome, Read, Reply};
use crate::transport::{Channel, SessionId};

/// Rooms in one part of a list. Chosen: with the longest names and topics, 40 KB of the 64 that a message may have.
const ROOMS_PER_PART: usize = 100;

/// Members in one part of a list. Chosen: with the longest names, 30 KB.
const MEMBERS_PER_PART: usize = 200;

/// Members that a list names; of a larger room it names the first by name. Chosen: more than anybody reads, and at most
/// 300 KB that wait for a reader who is slow.
const MEMBERS_LISTED_MAX: usize = 2000;

/// The list of public rooms, and those who wait for it.
#[derive(Debug, Default)]
pub struct RoomLists {
    directory: Directory,
}

impl RoomLists {
    /// Which rooms there are for a user.
    pub fn list_rooms(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: RoomsRequest,
    ) {
        let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
            return;
        };
        let page = body.page.unwrap_or(0);
        let next = self.directory.ask(ctx.now.instant, origin, page);
        if matches!(next, Next::Answer | Next::AnswerAndBegin) {
            self.list_page(ctx, origin, page);
        } else if let Some(session) = ctx.sessions.get_mut(id) {
            session.busy = true;
        }
        if matches!(next, Next::Begin | Next::AnswerAndBegin) {
            self.count_rooms(ctx, String::new());
        }
    }

    /// Asks the store for a page of the list, as the rooms are now.
    fn list_page(&self, ctx: &mut Ctx<'_>, origin: RequestOrigin, page: u32) {
        let (public, pages) = self.directory.page(page);
        let request = Read::Rooms {
            account: origin.account,
            own: page == 0,
            public,
        };
        let pending = Pending::Rooms(origin, pages);
        ctx.submit_for_list(origin, Command::Rooms, pending, request);
    }

    /// Asks how much the rooms after one are used. Where the store has no room, the order stays as it is.
    fn count_rooms(&mut self, ctx: &mut Ctx<'_>, after: String) {
        let count = directory::STEP;
        if !ctx
            .store
            .submit(Pending::RoomUses, Read::RoomUses { after, count })
        {
            let waiting = self.directory.give_up();
            self.list_pages(ctx, waiting);
        }
    }

    /// A step of the pass over all public rooms is done.
    pub fn on_rooms_counted(&mut self, ctx: &mut Ctx<'_>, outcome: Outcome) {
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
    fn list_pages(&self, ctx: &mut Ctx<'_>, waiting: Vec<(RequestOrigin, u32)>) {
        for (origin, page) in waiting {
            if ctx.is_connected(origin) {
                if let Some(session) = ctx.sessions.get_mut(origin.session) {
                    session.busy = false;
                }
                self.list_page(ctx, origin, page);
                if !ctx.sessions.get(origin.session).is_some_and(|it| it.busy) {
                    ctx.unblock(origin.session);
                }
            }
        }
    }
}

/// The store has listed a page of rooms.
pub fn on_rooms_listed(ctx: &mut Ctx<'_>, origin: RequestOrigin, pages: u32, outcome: Outcome) {
    let Outcome::Done(Reply::Rooms(rooms)) = outcome else {
        ctx.send_error_if_connected(origin, Command::Rooms, failure_of(&outcome));
        return ctx.unblock(origin.session);
    };
    if !ctx.is_connected(origin) {
        return;
    }
    let parts = in_parts(rooms, ROOMS_PER_PART, |rooms: Vec<Room>, more| Rooms {
        tag: origin.tag,
        rooms,
        more,
        pages: Some(pages),
    });
    ctx.respond_paged(origin.session, origin.channel, parts);
}

/// Who belongs to a room.
pub fn list_members(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: MembersRequest) {
    let (command, room) = (Command::Members, body.conversation);
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    if !ctx.check_membership(origin, command, room) {
        return;
    }
    let request = Read::Members {
        conversation: room,
        account: origin.account,
    };
    let pending = Pending::Members(origin, room);
    ctx.submit_for_list(origin, command, pending, request);
}

pub fn on_members_listed(
    ctx: &mut Ctx<'_>,
    origin: RequestOrigin,
    room: ConversationId,
    outcome: Outcome,
) {
    let Outcome::Done(Reply::Members { members, history }) = outcome else {
        ctx.send_error_if_connected(origin, Command::Members, failure_of(&outcome));
        return ctx.unblock(origin.session);
    };
    if !ctx.is_connected(origin) {
        return;
    }
    let members: Vec<RoomMember> = members
        .into_iter()
        .take(MEMBERS_LISTED_MAX)
        .map(|member| RoomMember {
            online: ctx.presence.is_online(member.account),
            account: member.account,
            name: member.name,
            role: member.role,
            bot: member.is_bot.then_some(true),
        })
        .collect();
    let parts = in_parts(members, MEMBERS_PER_PART, |members, more| Members {
        tag: origin.tag,
        conversation: room,
        members,
        more,
        history: Some(history),
    });
    ctx.respond_paged(origin.session, origin.channel, parts);
}
