//! The commands for rooms: belonging to one, and changing one.

use crate::client::account::administering;
use crate::client::account::ctx::pending::RoomsPurpose;
use crate::client::account::places;
use crate::client::account::rooms::{answers, joining};
use crate::client::account::switching;
use crate::client::commands::arguments::{Argument, CONVERSATION, ROOM, Source, USER};
use crate::client::commands::row::{Call, ChatCommand, Group, ROW};
use crate::client::core::Core;
use crate::client::env::Fault;
use crate::client::name::is_room;
use crate::client::script::{Awaited, FocusChange};
use crate::protocol::{
    Access, AdminAction, Change, EventKind, HISTORY_ALL, MemberRole, TOPIC_MAX_BYTES, history_text,
};

pub(super) const ROOMS: Group = Group {
    name: "rooms",
    title: "conversations and rooms",
    is_for_all: true,
    commands: &[
        ChatCommand {
            name: "join",
            arguments: &[ROOM, Argument::choice(&["private"]).optional()],
            summary: "join a room, or create it, and switch to it",
            help: "Without a link it waits for one. Without a terminal it switches nowhere. With `private`, a room that does not exist is created as one that \
               only invited users may join.",
            is_basic: true,
            run: |core, call| {
                let access = call.optional(1).map(|_| Access::Private);
                // The next line of a script means what it meant before.
                let takes_focus = core.is_interactive();
                core.with_signed_in(call.now, |_, ctx| {
                    joining::join(ctx, call.required(0), access, takes_focus);
                });
            },
            ..ROW
        },
        ChatCommand {
            name: "enter",
            arguments: &[CONVERSATION],
            summary: "switch to a conversation: what you type goes there",
            awaits: Awaited::Nothing,
            focus: FocusChange::Sets,
            is_basic: true,
            run: |core, call| {
                core.with_signed_in(call.now, |_, ctx| joining::enter(ctx, call.required(0)));
            },
            ..ROW
        },
        ChatCommand {
            name: "back",
            summary: "switch to no conversation; you leave no room by it",
            awaits: Awaited::Nothing,
            focus: FocusChange::Clears,
            is_basic: true,
            run: |core, call| core.with_signed_in(call.now, |_, ctx| switching::clear_focus(ctx)),
            ..ROW
        },
        ChatCommand {
            name: "next",
            summary: "switch to where something is unread",
            help: "Where you are mentioned comes first, then private messages, then rooms.",
            awaits: Awaited::Nothing,
            focus: FocusChange::Sets,
            run: |core, call| core.with_signed_in(call.now, |_, ctx| places::next(ctx)),
            ..ROW
        },
        ChatCommand {
            name: "1",
            aliases: &["2", "3", "4", "5", "6", "7", "8", "9"],
            arguments: &[CONVERSATION.optional()],
            summary: "switch to the conversation at place 1 to 9",
            help: "`/1 #bridge` puts #bridge at place 1 and switches to it; from then on `/1` does. Places are kept on this \
               device. `/places` lists them.",
            awaits: Awaited::Nothing,
            focus: FocusChange::Sets,
            run: |core, call| {
                let place = call.word.parse().unwrap_or(1);
                core.with_signed_in(call.now, |parts, ctx| {
                    parts.places.go(ctx, place, call.optional(0));
                });
            },
            ..ROW
        },
        ChatCommand {
            name: "places",
            summary: "list what is at `/1` to `/9`",
            awaits: Awaited::Nothing,
            run: |core, call| core.with_signed_in(call.now, |parts, ctx| parts.places.list(ctx)),
            ..ROW
        },
        ChatCommand {
            name: "leave",
            arguments: &[ROOM.optional()],
            summary: "leave a room",
            focus: FocusChange::Clears,
            run: |core, call| {
                core.with_signed_in(call.now, |_, ctx| {
                    joining::leave(ctx, call.optional(0));
                });
            },
            ..ROW
        },
        ChatCommand {
            name: "rooms",
            arguments: &[Argument::word("PAGE", Source::Nothing).optional()],
            summary: "show the rooms, and how much is unread in each",
            is_basic: true,
            run: list,
            ..ROW
        },
        ChatCommand {
            name: "members",
            arguments: &[ROOM.optional()],
            summary: "show the members of a room",
            run: |core, call| {
                core.with_signed_in(call.now, |_, ctx| {
                    answers::list_members(ctx, call.optional(0));
                });
            },
            ..ROW
        },
        ChatCommand {
            name: "topic",
            arguments: &[
                ROOM.optional(),
                Argument::choice(&["--clear"]).optional(),
                Argument::text("TEXT").optional(),
            ],
            summary: "show, set or clear a room's topic",
            run: topic,
            ..ROW
        },
        ChatCommand {
            name: "invite",
            arguments: &[USER, ROOM.optional()],
            summary: "invite a user to a room, also to a private one",
            run: |core, call| {
                let subject = Some(call.required(0).to_owned());
                let invited = change(EventKind::Invited);
                apply(core, call, 1, Change { subject, ..invited });
            },
            ..ROW
        },
        ChatCommand {
            name: "kick",
            arguments: &[USER, ROOM.optional(), Argument::text("REASON").optional()],
            summary: "remove a user from a room, or end their sessions",
            help: "Where neither a room is named nor the prompt shows one, a moderator of the server ends all sessions of the user by it. They may come \
                   back at once; `/ban` keeps them out.",
            run: kick,
            ..ROW
        },
        ChatCommand {
            name: "role",
            arguments: &[
                USER,
                Argument::choice(&["member", "moderator", "owner"]),
                ROOM.optional(),
            ],
            summary: "change what a member may do in a room",
            help: "Moderators set the topic, invite users to a private room and kick members; owners may do everything.",
            run: role,
            ..ROW
        },
        ChatCommand {
            name: "access",
            arguments: &[
                Argument::choice(&[
                    "public",
                    "private",
                    "readonly",
                    "private-readonly",
                    "history",
                ])
                .shown_as("public|private|[private-]readonly|history"),
                Argument::choice(&["none", "last", "all"]).optional(),
                Argument::number("N").optional(),
                ROOM.optional(),
            ],
            summary: "set who may join, write, and read older messages",
            help: "`public` lets everybody join, `private` only invited users. With `readonly` and `private-readonly` only \
               moderators and owners write, edit, react and pin; what members have written they can delete. `/access history none|last N|all` sets which \
               earlier messages those who join from now on may read; in a new room it is `none`. Messages of a time when it was \
               `none` stay hidden from them, and current members keep what they can read.",
            run: access,
            ..ROW
        },
    ],
};

fn list(core: &mut Core, call: &Call<'_>) {
    let page = call.optional(0).map_or(Ok(1), str::parse);
    match page {
        Ok(0) | Err(_) => core.fail(Fault::Usage, "a page is a number, as in `/rooms 2`"),
        Ok(page) => core.with_signed_in(call.now, |_, ctx| {
            answers::list(ctx, RoomsPurpose::List(page));
        }),
    }
}

fn topic(core: &mut Core, call: &Call<'_>) {
    match (call.optional(1), call.optional(2)) {
        (Some(_), Some(_)) => core.fail(
            Fault::Usage,
            "a topic is either set or cleared: `/topic TEXT` or `/topic --clear`",
        ),
        (Some(_), None) => apply_text(core, call, 0, "", change(EventKind::Topic)),
        (None, Some(text)) => apply_text(core, call, 0, text, change(EventKind::Topic)),
        (None, None) => core.with_signed_in(call.now, |_, ctx| {
            if let Some((_, name)) = joining::room(ctx, call.optional(0)) {
                answers::list(ctx, RoomsPurpose::Topic(name));
            }
        }),
    }
}

fn kick(core: &mut Core, call: &Call<'_>) {
    let focus = core
        .shared()
        .and_then(|shared| shared.focus.current.as_deref());
    if call.optional(1).is_none() && !focus.is_some_and(is_room) {
        return disconnect(core, call);
    }
    let kicked = Change {
        subject: Some(call.required(0).to_owned()),
        ..change(EventKind::Kicked)
    };
    match call.optional(2) {
        Some(reason) => apply_text(core, call, 1, reason, kicked),
        None => apply(core, call, 1, kicked),
    }
}

/// Ends a user's sessions, by who has a role.
fn disconnect(core: &mut Core, call: &Call<'_>) {
    if call.optional(2).is_some() {
        let text =
            "name the room, as in `/kick bob #bridge REASON`; outside of rooms it takes no reason";
        return core.fail(Fault::Usage, text);
    }
    let subject = Some(call.required(0).to_owned());
    let body = administering::request(AdminAction::Disconnect, subject);
    core.with_signed_in(call.now, |_, ctx| administering::ask(ctx, body));
}

fn role(core: &mut Core, call: &Call<'_>) {
    let role = match call.required(1) {
        "owner" => MemberRole::Owner,
        "moderator" => MemberRole::Moderator,
        _ => MemberRole::Member,
    };
    let given = Change {
        subject: Some(call.required(0).to_owned()),
        role: Some(role),
        ..change(EventKind::Role)
    };
    apply(core, call, 2, given);
}

fn access(core: &mut Core, call: &Call<'_>) {
    let number = call.optional(2).and_then(|number| number.parse().ok());
    let (access, history) = match (call.required(0), call.optional(1), number) {
        ("public", None, None) => (Some(Access::Public), None),
        ("private", None, None) => (Some(Access::Private), None),
        ("readonly", None, None) => (Some(Access::ReadOnly), None),
        ("private-readonly", None, None) => (Some(Access::PrivateReadOnly), None),
        ("history", Some("none"), None) => (None, Some(0)),
        ("history", Some("last"), Some(last)) => (None, Some(last)),
        ("history", Some("all"), None) => (None, Some(HISTORY_ALL)),
        _ => {
            let usage = "usage: /access public|private|readonly|private-readonly|history none|last N|all [#ROOM]";
            return core.fail(Fault::Usage, usage);
        }
    };
    let kind = history.map_or(EventKind::Access, |_| EventKind::History);
    let set = Change {
        access,
        text: history.map(history_text),
        ..change(kind)
    };
    apply(core, call, 3, set);
}

/// A change of a room of this kind, which says nothing further.
const fn change(kind: EventKind) -> Change {
    Change {
        kind,
        subject: None,
        text: None,
        role: None,
        access: None,
    }
}

/// Asks for a change with a text, such as a topic or a reason.
fn apply_text(core: &mut Core, call: &Call<'_>, room: usize, text: &str, change: Change) {
    if text.len() > TOPIC_MAX_BYTES {
        let subject = match change.kind {
            EventKind::Topic => "topic",
            _ => "reason",
        };
        let refused = format!("a {subject} has at most {TOPIC_MAX_BYTES} bytes");
        core.fail(Fault::Failed, &refused);
        return;
    }
    let text = Some(text.to_owned());
    apply(core, call, room, Change { text, ..change });
}

/// Asks for a change of the room that the argument at `room` names, or of the one where the prompt stands.
fn apply(core: &mut Core, call: &Call<'_>, room: usize, change: Change) {
    core.with_signed_in(call.now, |_, ctx| {
        answers::change(ctx, call.optional(room), change);
    });
}
