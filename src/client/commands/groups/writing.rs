//! The commands for writing.

use crate::client::commands::arguments::{Argument, USER_OR_ROOM};
use crate::client::commands::row::{ChatCommand, Group, ROW};
use crate::client::script::Awaited;
use crate::protocol::EVERYONE_NAME;

pub(super) const WRITING: Group = Group {
    name: "writing",
    title: "writing messages",
    commands: &[
        ChatCommand {
            name: "message",
            aliases: &["msg"],
            arguments: &[USER_OR_ROOM, Argument::text("TEXT")],
            summary: "send a message to a user or to a room",
            awaits: Awaited::Nothing,
            is_basic: true,
            run: |core, call| core.send_text(call.now, call.required(0), call.required(1)),
            ..ROW
        },
        ChatCommand {
            name: "message*",
            arguments: &[Argument::text("TEXT")],
            summary: "send a message to everyone",
            awaits: Awaited::Nothing,
            run: |core, call| core.send_text(call.now, EVERYONE_NAME, call.required(0)),
            ..ROW
        },
    ],
};
