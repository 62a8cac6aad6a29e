//! The commands for writing.

use super::reading::history;
use crate::client::commands::arguments::{Argument, IN, USER_OR_ROOM};
use crate::client::commands::row::{ChatCommand, Group, Needs, ROW};
use crate::client::commands::saying::send;
use crate::client::env::Fault;
use crate::client::script::Awaited;
use crate::protocol::{EVERYONE_NAME, NOTES_NAME};

pub(super) const WRITING: Group = Group {
    name: "writing",
    title: "writing messages, and files",
    is_for_all: true,
    commands: &[
        ChatCommand {
            name: "message",
            aliases: &["msg"],
            arguments: &[USER_OR_ROOM, Argument::text("TEXT")],
            summary: "send a message to a user or to a room",
            awaits: Awaited::Nothing,
            is_basic: true,
            run: |core, call| send(core, call.now, call.required(0), call.required(1)),
            ..ROW
        },
        ChatCommand {
            name: "message*",
            arguments: &[Argument::text("TEXT")],
            summary: "send a message to everyone",
            awaits: Awaited::Nothing,
            run: |core, call| send(core, call.now, EVERYONE_NAME, call.required(0)),
            ..ROW
        },
        ChatCommand {
            name: "note",
            arguments: &[Argument::text("TEXT")],
            summary: "keep a note to yourself, which nobody else sees",
            help: "It is on all your devices, in a conversation that is called notes: `/notes` shows it, `/enter notes` goes \
                   there, and what works in other conversations works in it.",
            awaits: Awaited::Nothing,
            run: |core, call| send(core, call.now, NOTES_NAME, call.required(0)),
            ..ROW
        },
        ChatCommand {
            name: "notes",
            arguments: &[
                Argument::option("--before", "WHEN|ENTRY"),
                Argument::number("N").optional(),
            ],
            summary: "show your notes to yourself; repeat for older ones",
            help: "It is `/history notes`.",
            continues: true,
            awaits: Awaited::Stored,
            run: |core, call| {
                history(
                    core,
                    call,
                    Some(NOTES_NAME),
                    [0, 1].map(|at| call.optional(at)),
                );
            },
            ..ROW
        },
        ChatCommand {
            name: "compose",
            arguments: &[USER_OR_ROOM.optional(), Argument::text("TEXT").optional()],
            summary: "write a message with an editor of your own",
            help: "It opens $VISUAL or $EDITOR with TEXT, in a file that only you can read and that is removed afterwards. What \
                   you write then stands at the prompt, and Enter sends it as one text, whatever its lines look like. In a conversation all words are TEXT.",
            awaits: Awaited::Nothing,
            // At the prompt it is carried out before it comes here.
            needs: Needs::Programs,
            run: |core, _| {
                core.fail(
                    Fault::Usage,
                    "name who gets the text, as in `/compose bob`; it takes a terminal that can edit lines",
                );
            },
            ..ROW
        },
        super::files::FILE,
        ChatCommand {
            name: "me",
            arguments: &[IN, Argument::text("TEXT")],
            summary: "say what you do, such as `/me waves`",
            awaits: Awaited::Nothing,
            run: |core, call| {
                core.with_signed_in(call.now, |parts, ctx| {
                    let sender = &mut parts.sender;
                    sender.send_action(ctx, &parts.blocked, call.optional(0), call.required(1));
                });
            },
            ..ROW
        },
    ],
};
