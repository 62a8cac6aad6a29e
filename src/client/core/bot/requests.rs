//! Carries out what a bot asks for. What comes of it is reported by the number of its request: at once, when the server answers, or,
//! for what adds an entry, once that is stored.

use crate::client::account::Parts;
use crate::client::account::ctx::pending::RoomsPurpose;
use crate::client::account::ctx::{Ctx, NO_LINK};
use crate::client::account::files::{self, File};
use crate::client::account::mending::ask::check_sign;
use crate::client::account::mending::target::{Refused, check_not_lost};
use crate::client::account::people::People;
use crate::client::account::rooms::{answers, joining};
use crate::client::account::sender::check_text;
use crate::client::bot::{Answer, Request};
use crate::client::env::{Fault, Files};
use crate::client::name::{canonical_room, canonical_target, is_room};
use crate::client::program::Report;
use crate::client::storage::records::{OutboxEntry, Referred};
use crate::client::ui::render;
use crate::protocol::{Access, Change, ConversationId, EntryId, EntryKind, EventKind};

/// Carries a request out, or says why not.
pub(super) fn carry_out(
    ctx: &mut Ctx<'_>,
    (parts, disk): (&mut Parts, &mut dyn Files),
    (said, request): (u64, Request),
) {
    if !request.can_wait() && !ctx.can_ask() {
        return ctx.fail(Fault::Unreachable, NO_LINK);
    }
    match request {
        Request::Send { .. } => send(ctx, (parts, disk), request),
        Request::Edit {
            conversation,
            entry,
            text,
        } => amend(ctx, parts, (&conversation, entry), (EntryKind::Edit, &text)),
        Request::Delete {
            conversation,
            entry,
        } => amend(ctx, parts, (&conversation, entry), (EntryKind::Delete, "")),
        Request::React {
            conversation,
            entry,
            sign,
        } => amend(
            ctx,
            parts,
            (&conversation, entry),
            (EntryKind::React, &sign),
        ),
        Request::Ack {
            conversation,
            entry,
        } => {
            let place = (&*conversation, entry);
            if parts.history.tail.acknowledge(ctx, disk, place) {
                done(ctx, said);
            }
        }
        Request::Join { room, private } => join(ctx, &room, private),
        Request::Leave { room } => joining::leave(ctx, Some(&room)),
        Request::Topic { room, text } => answers::change(ctx, Some(&room), topic(text)),
        Request::Rooms { page: 0 } => ctx.fail(Fault::Usage, "pages are counted from 1"),
        Request::Rooms { page } => answers::list(ctx, RoomsPurpose::List(page)),
        Request::Members { room } => answers::list_members(ctx, Some(&room)),
        Request::Whois { user } => People::whois(ctx, &user),
        Request::History {
            conversation,
            before,
            limit,
        } => match place(ctx, &conversation) {
            Ok((id, _)) => {
                let asked = &mut parts.history.asked;
                asked.begin(ctx, &parts.blocked, said, (id, before), limit);
            }
            Err((fault, text)) => ctx.fail(fault, text),
        },
        Request::Away { text } => People::set_away(ctx, text.as_deref()),
    }
}

/// Says something, or sends a file with what is said.
fn send(ctx: &mut Ctx<'_>, (parts, disk): (&mut Parts, &mut dyn Files), request: Request) {
    let Request::Send {
        to,
        text,
        file,
        key,
        answers,
    } = request
    else {
        return;
    };
    match (file, text, answers) {
        (None, None, _) => ctx.fail(Fault::Usage, "missing field `text`, or a file"),
        (Some(path), text, answers) => {
            let file = File {
                target: &to,
                path: &path,
                text: text.as_deref().unwrap_or_default(),
                key,
                answers: answers.map(EntryId),
            };
            let others = (&mut parts.files, &parts.sender);
            files::send(ctx, others, disk.transfers(), file);
        }
        (None, Some(text), answers) => {
            let unsent = OutboxEntry {
                key,
                refers_to: answers.map(|entry| Referred::Entry(EntryId(entry))),
                ..OutboxEntry::new(to, text)
            };
            parts.sender.send_text(ctx, &parts.blocked, unsent);
        }
    }
}

fn done(ctx: &mut Ctx<'_>, said: u64) {
    let answer = Answer::Done {};
    ctx.effects.report(Report::Done { said, answer });
}

/// A conversation that this device knows, and what it is called.
fn place(ctx: &Ctx<'_>, named: &str) -> Result<(ConversationId, String), Refused> {
    let name = canonical_target(named);
    match ctx.conversations.by_name(&name) {
        Some(id) => Ok((id, name)),
        None if is_room(&name) => Err((Fault::NoRecipient, joining::not_a_member(&name))),
        None => Err((Fault::NoRecipient, render::nothing_with(named))),
    }
}

/// Has an entry wait that changes another one. Whether that is there, and may be changed, the server knows.
fn amend(
    ctx: &mut Ctx<'_>,
    parts: &mut Parts,
    (named, entry): (&str, u64),
    (kind, text): (EntryKind, &str),
) {
    let checked = place(ctx, named).and_then(|(id, name)| {
        check_not_lost(ctx, (id, EntryId(entry)))?;
        match kind {
            EntryKind::Edit => check_text(ctx, &name, text)?,
            EntryKind::React => check_sign(text)?,
            _ => joining::check_target(ctx, &name).map_err(|why| (Fault::NoRecipient, why))?,
        }
        Ok(name)
    });
    match checked {
        Ok(name) => {
            let about = (&*name, Referred::Entry(EntryId(entry)));
            let what = (kind, text);
            parts.sender.queue_about(ctx, &parts.blocked, about, what);
        }
        Err((fault, text)) => ctx.fail(fault, text),
    }
}

/// Joins a room. One that is a member already is answered with the room, too.
fn join(ctx: &mut Ctx<'_>, named: &str, private: bool) {
    let name = canonical_room(named);
    if name.chars().count() < 2 {
        ctx.fail(Fault::Usage, "a room has a name, such as #bridge");
    } else if ctx.pending.is_joining(&name) {
        ctx.fail(Fault::Failed, "the room is being joined");
    } else {
        let access = private.then_some(Access::Private);
        joining::ask_to_join(ctx, name, access, false);
    }
}

const fn topic(text: String) -> Change {
    Change {
        kind: EventKind::Topic,
        subject: None,
        text: Some(text),
        role: None,
        access: None,
    }
}
