//! Rooms: the effect of joins, leaves and kicks on this user.
//!
//! Membership follows from the room's log, from the answer to JOIN and, when a session begins, from the server's answer
//! to HELLO. The focus belongs to this client alone.

pub(crate) mod answers;
pub(crate) mod joining;

use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::focus::ToShow;
use crate::client::account::ctx::pending::{PendingRequest, RoomsPurpose};
use crate::client::account::sender::Sender;
use crate::client::account::switching;
use crate::client::bot::Answer;
use crate::client::env::Fault;
use crate::client::name::{canonical_target, is_room, truncate_name};
use crate::client::storage::records::StoredConversation;
use crate::client::ui::render_rooms;
use crate::protocol::{ConversationId, EntryId, EventKind, Joined, Left, RoomEvent};
use joining::not_a_member;

/// A join was accepted.
pub(crate) fn handle_joined(ctx: &mut Ctx<'_>, sender: &mut Sender, joined: &Joined) {
    let Some(PendingRequest::Join { name, takes_focus }) = ctx.pending.take(joined.tag) else {
        return;
    };
    let (id, room) = (
        joined.room.conversation,
        truncate_name(joined.room.name.clone()),
    );
    if !is_room(&room) {
        return;
    }
    let known = ctx.conversations.get(id);
    let is_new = known.is_none_or(|known| known.stored.received_up_to < joined.start);
    if !take_up(ctx, &room, joined) {
        let line = ctx.pending.take_answered(joined.tag);
        let line = line.or(ctx.effects.script_line);
        let text = "too many conversations on this device";
        return ctx.effects.fail_at(line, Fault::Failed, text);
    }
    if let Some(known) = ctx.conversations.get_mut(id) {
        known.set_last_seq(joined.last_number);
        known.is_joined_here = true;
    }
    ctx.session.has_new_names = true;
    ctx.save_conversation(id);
    if !ctx.respond(joined.tag, || {
        Answer::Room(answers::room_info(&joined.room))
    }) {
        ctx.notice(render_rooms::joined(&joined.room));
    }
    if takes_focus || ctx.focus.is_on(&name) {
        switching::focus_on(ctx, &room);
        let has_history = joined.room.history.is_some_and(|last| last > 0);
        if has_history && is_new && ctx.conversations.is_attended {
            let begin = EntryId(joined.start.0.saturating_add(1));
            ctx.focus.to_show = Some(ToShow::Before(id, begin));
        }
    }
    sender
        .numbering
        .assign_waiting(ctx, &mut sender.outbox, id, |typed| {
            let typed = canonical_target(typed);
            typed == name || typed == room
        });
}

/// The conversation begins where the server lets the user in, unless more of it is here. Returns whether there is room for it.
fn take_up(ctx: &mut Ctx<'_>, room: &str, joined: &Joined) -> bool {
    let is_closed = joined.room.history.is_none_or(|last| last == 0);
    let begins = StoredConversation {
        nothing_before: Some(joined.start).filter(|_| is_closed),
        ..StoredConversation::at(room, joined.start)
    };
    let id = joined.room.conversation;
    match ctx.conversations.get_mut(id) {
        None => return ctx.conversations.insert(id, begins),
        // The answer may be older than what this device has used since: its numbers are not forgotten.
        Some(known) if known.stored.received_up_to < joined.start => {
            known.stored = StoredConversation {
                rewound_from: known.stored.rewound_from,
                last_own_seq: known.stored.last_own_seq,
                hold_until: known.stored.hold_until,
                // Another device may have read on before the answer came here.
                read_up_to: known.stored.read_up_to.max(joined.start),
                muted_until_ms: known.stored.muted_until_ms,
                ..begins
            };
        }
        Some(known) => {
            room.clone_into(&mut known.stored.name);
            known.stored.is_left = false;
        }
    }
    true
}

/// The server has removed the user from a room, as its log will tell; this closes the request.
pub(crate) fn handle_left(ctx: &mut Ctx<'_>, sender: &mut Sender, left: &Left) {
    if ctx.pending.take(left.tag).is_some() {
        ctx.respond(left.tag, || Answer::Done {});
        mark_left(ctx, sender, left.conversation);
    }
}

/// What an entry of a log changes for this user.
pub(crate) fn apply_event(
    ctx: &mut Ctx<'_>,
    sender: &mut Sender,
    id: ConversationId,
    event: &RoomEvent,
) {
    let is_actor = event.actor == ctx.me.name;
    let is_subject = event.subject.as_deref() == Some(&*ctx.me.name);
    match event.kind {
        EventKind::Joined if is_actor => {
            if let Some(known) = ctx.conversations.get_mut(id) {
                known.stored.is_left = false;
                ctx.session.has_new_names = true;
                let is_unknown = known.stored.name.is_empty();
                ctx.save_conversation(id);
                if is_unknown && ctx.session.is_settled && !ctx.pending.is_learning_names() {
                    answers::list(ctx, RoomsPurpose::Names);
                }
            }
        }
        EventKind::Left if is_actor => {
            mark_left(ctx, sender, id);
        }
        EventKind::Kicked | EventKind::Deleted
            if is_subject || event.kind == EventKind::Deleted =>
        {
            let name = ctx.name_of(id).to_owned();
            if mark_left(ctx, sender, id) {
                switching::show_focus_lost(ctx, &name);
            }
        }
        _ => {}
    }
}

/// The user is no longer a member of a room. Returns whether it had the focus.
pub(crate) fn mark_left(ctx: &mut Ctx<'_>, sender: &mut Sender, id: ConversationId) -> bool {
    let Some(known) = ctx.conversations.get_mut(id) else {
        return false;
    };
    if !is_room(&known.stored.name) {
        return false;
    }
    known.is_joined_here = false;
    known.stored.is_left = true;
    known.stored.unread = 0;
    let name = known.stored.name.clone();
    ctx.session.has_new_names = true;
    ctx.save_conversation(id);
    let had_focus = ctx.focus.leave(&name);
    sender.drop_waiting(ctx, Fault::NoRecipient, &not_a_member(&name), |typed| {
        canonical_target(typed) == name
    });
    had_focus
}
