//! Lists and changes of rooms: the requests, and their answers.

use super::joining::room;
use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::pending::{LISTED_MAX, PendingRequest, RoomsPurpose};
use crate::client::bot::{Answer, MemberInfo, RoomInfo};
use crate::client::env::{Fault, Tone};
use crate::client::name::{is_room, truncate_name};
use crate::client::ui::{render, render_rooms};
use crate::protocol::{
    Change, Members, MembersRequest, Moderate, Moderated, Room, RoomMember, Rooms, RoomsRequest,
};
use crate::text::printable;

/// How many members of a room a bot is told. Chosen: they fit one line of udpchat-bot(7). At the limit it is told that there
/// are more.
const MEMBERS_MAX: usize = 4_000;

/// Asks for the rooms; without a link it shows those that this device knows.
pub(crate) fn list(ctx: &mut Ctx<'_>, purpose: RoomsPurpose) {
    if !ctx.can_ask() && matches!(purpose, RoomsPurpose::List(_)) {
        let mut lines = Vec::new();
        for room in ctx.conversations.rooms() {
            let unread = match room.unread {
                0 => String::new(),
                unread => format!("  {unread} unread"),
            };
            lines.push(format!("{}{unread}", room.name));
        }
        lines.sort();
        for line in lines {
            ctx.plain(line);
        }
        ctx.notice("not connected; these are the rooms you are a member of");
        return;
    }
    let rooms = Vec::new();
    let page = match purpose {
        RoomsPurpose::List(page) => page.checked_sub(1),
        RoomsPurpose::Topic(_) | RoomsPurpose::Names => None,
    };
    let body = |tag| RoomsRequest { tag, page };
    ctx.request(PendingRequest::Rooms { purpose, rooms }, body);
}

/// Asks for the members of a room.
pub(crate) fn list_members(ctx: &mut Ctx<'_>, named: Option<&str>) {
    if let Some((conversation, name)) = room(ctx, named) {
        let members = Vec::new();
        let body = |tag| MembersRequest { tag, conversation };
        ctx.request(PendingRequest::Members { name, members }, body);
    }
}

/// Asks for a change of a room, or of its members.
pub(crate) fn change(ctx: &mut Ctx<'_>, named: Option<&str>, change: Change) {
    let text = change.text.as_deref().unwrap_or_default();
    if !text.is_empty() && printable::is_blank(text) {
        ctx.fail(Fault::Usage, render::NOTHING_SEEN);
        return;
    }
    if let Some((conversation, name)) = room(ctx, named) {
        let request = PendingRequest::Change {
            name,
            change: change.clone(),
        };
        let body = |tag| Moderate {
            tag,
            conversation,
            change,
        };
        ctx.request(request, body);
    }
}

/// A change is made, and the log says so, unless there was nothing to change.
pub(crate) fn handle_moderated(ctx: &mut Ctx<'_>, done: &Moderated) {
    if let Some(PendingRequest::Change { name, change }) = ctx.pending.take(done.tag)
        && !ctx.respond(done.tag, || Answer::Done {})
        && !done.changed
    {
        let text = render_rooms::unchanged(&change, &ctx.me.name, &name);
        ctx.plain(text);
    }
}

/// The rooms, or a part of them.
pub(crate) fn handle_rooms(ctx: &mut Ctx<'_>, answer: Rooms) {
    let Some(PendingRequest::Rooms { rooms, .. }) = ctx.pending.get_mut(answer.tag) else {
        return;
    };
    let room_for = LISTED_MAX.saturating_sub(rooms.len());
    rooms.extend(answer.rooms.into_iter().take(room_for));
    if answer.more {
        return;
    }
    let pages = answer.pages.unwrap_or(1);
    let Some(PendingRequest::Rooms { purpose, rooms }) = ctx.pending.take(answer.tag) else {
        return;
    };
    learn_names(ctx, &rooms);
    if let RoomsPurpose::List(page) = purpose
        && ctx.respond(answer.tag, || Answer::Rooms {
            rooms: rooms.iter().map(room_info).collect(),
            page,
            pages,
        })
    {
        return;
    }
    match purpose {
        RoomsPurpose::Names => {}
        RoomsPurpose::Topic(name) => {
            let room = rooms.iter().find(|room| room.name == name);
            let topic = room.map(|room| &*room.topic).unwrap_or_default();
            let line = if topic.is_empty() {
                format!("{name} has no topic; `/topic {name} TEXT` sets one")
            } else {
                format!("{name}: {topic}")
            };
            ctx.plain(line);
        }
        RoomsPurpose::List(page) => show_rooms(ctx, rooms, (page, pages)),
    }
}

fn show_rooms(ctx: &mut Ctx<'_>, rooms: Vec<Room>, (page, pages): (u32, u32)) {
    if rooms.is_empty() {
        let text = match page {
            1 if ctx.session.server.creates_rooms => {
                "there are no rooms; `/join #NAME` creates one".to_owned()
            }
            1 => "there are no rooms; only the operator makes them here".to_owned(),
            _ => format!("page {page} of the rooms is empty; there are {pages} pages"),
        };
        return ctx.plain(text);
    }
    let rows = rooms.into_iter().map(|room| {
        let known = ctx.conversations.get(room.conversation);
        let stored = known.map(|known| &known.stored);
        render_rooms::RoomRow {
            unread: stored.map_or(0, |stored| stored.unread),
            is_muted: stored.is_some_and(|stored| stored.is_muted(ctx.now.unix_ms)),
            room,
        }
    });
    let rooms: Vec<_> = rows.collect();
    ctx.effects
        .show_table(Tone::Plain, &render_rooms::rooms(&rooms));
    if page < pages {
        let next = page + 1;
        let text = format!("page {page} of {pages}; `/rooms {next}` shows more");
        ctx.notice(text);
    }
}

/// A room, for a bot.
pub(crate) fn room_info(room: &Room) -> RoomInfo {
    RoomInfo {
        room: truncate_name(room.name.clone()),
        topic: room.topic.clone(),
        access: render_rooms::access(room.access),
        role: room.role.map(render_rooms::role),
        members: room.members,
    }
}

/// The members of a room, for a bot.
fn member_infos(room: &str, members: &[RoomMember]) -> Answer {
    let listed = members.iter().take(MEMBERS_MAX);
    let infos = listed.map(|member| MemberInfo {
        user: truncate_name(member.name.clone()),
        role: render_rooms::role(member.role),
        online: member.online,
        bot: member.bot == Some(true),
    });
    Answer::Members {
        room: room.to_owned(),
        members: infos.collect(),
        more: members.len() > MEMBERS_MAX,
    }
}

/// Rooms that another device joined have entries here before they have a name.
fn learn_names(ctx: &mut Ctx<'_>, rooms: &[Room]) {
    for room in rooms {
        let Some(known) = ctx.conversations.get_mut(room.conversation) else {
            continue;
        };
        if known.stored.name.is_empty() && is_room(&room.name) {
            known.stored.name = truncate_name(room.name.clone());
            let text = format!("you belong to {} now", known.stored.name);
            ctx.notice(text);
            ctx.session.has_new_names = true;
            ctx.save_conversation(room.conversation);
        }
    }
}

/// The members of a room, or a part of them.
pub(crate) fn handle_members(ctx: &mut Ctx<'_>, answer: Members) {
    let Some(PendingRequest::Members { members, .. }) = ctx.pending.get_mut(answer.tag) else {
        return;
    };
    let room_for = LISTED_MAX.saturating_sub(members.len());
    members.extend(answer.members.into_iter().take(room_for));
    if answer.more {
        return;
    }
    if let Some(PendingRequest::Members { members, name }) = ctx.pending.take(answer.tag) {
        if ctx.respond(answer.tag, || member_infos(&name, &members)) {
            return;
        }
        let rows = render_rooms::member_list(&members, &ctx.me.name);
        ctx.effects.show_table(Tone::Plain, &rows);
        if let Some(history) = answer.history {
            ctx.notice(render_rooms::for_newcomers(&name, history));
        }
    }
}
