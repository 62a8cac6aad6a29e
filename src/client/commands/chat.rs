//! The commands for writing messages and for reading those of others.

use super::arguments::{Argument, CONVERSATION, Source, USER, USER_OR_ROOM};
use super::row::{Call, ChatCommand, ROW};
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::history::search::search;
use crate::client::account::roster::Roster;
use crate::client::core::Core;
use crate::client::env::Fault;
use crate::client::script::Awaited;
use crate::client::ui::time::HistoryAnchor;
use crate::protocol::EVERYONE_NAME;

pub(super) const WRITE: &[ChatCommand] = &[
    ChatCommand {
        name: "message",
        aliases: &["msg"],
        arguments: &[USER_OR_ROOM, Argument::text("TEXT")],
        summary: "send a message to a user or to a room",
        awaits: Awaited::Nothing,
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
    ChatCommand {
        name: "contacts",
        aliases: &["who"],
        summary: "show who is online, and at which address",
        run: |core, call| core.with_signed_in(call.now, |_, ctx| Roster::list(ctx)),
        ..ROW
    },
];

pub(super) const READ: &[ChatCommand] = &[
    ChatCommand {
        name: "block",
        arguments: &[USER.optional()],
        summary: "hide a user's messages, or list whom you block",
        run: |core, call| {
            core.with_signed_in(call.now, |parts, ctx| match call.optional(0) {
                Some(user) => BlockedUsers::block(ctx, user, true),
                None => parts.blocked.list(ctx),
            });
        },
        ..ROW
    },
    ChatCommand {
        name: "unblock",
        arguments: &[Argument::word("USER", Source::Blocked)],
        summary: "receive a blocked user's messages again",
        run: |core, call| {
            core.with_signed_in(call.now, |_, ctx| {
                BlockedUsers::block(ctx, call.required(0), false);
            });
        },
        ..ROW
    },
    ChatCommand {
        name: "history",
        arguments: &[
            CONVERSATION.optional(),
            Argument::option("--before", "WHEN|ENTRY"),
            Argument::number("N").optional(),
        ],
        summary: "show recent messages; repeat for older ones",
        help: "It shows the last 20 entries, or N, before a time (14:02, Tue 14:02, 2026-03-17, 2026-03-17 14:02) or an \
               entry's number. Entries that this device does not hold are fetched from the server.",
        continues: true,
        awaits: Awaited::Stored,
        run: history,
        ..ROW
    },
    ChatCommand {
        name: "search",
        arguments: &[Argument::text("WORDS")],
        summary: "find messages on this device",
        help: "It shows the newest messages that have all these words, however they are written: capitals, composed characters \
               and characters that are not shown make no difference.",
        awaits: Awaited::Stored,
        run: |core, call| {
            core.with_signed_in(call.now, |parts, ctx| {
                search(ctx, &parts.blocked, call.required(0));
            });
        },
        ..ROW
    },
];

fn history(core: &mut Core, call: &Call<'_>) {
    core.with_signed_in(call.now, |parts, ctx| {
        let clock = ctx.clock();
        let before = call.optional(1).map(|typed| clock.read(typed));
        let (before, note) = match before.unwrap_or(Ok((HistoryAnchor::Now, None))) {
            Ok(before) => before,
            Err(why) => return ctx.fail(Fault::Usage, format!("--before: {why}")),
        };
        if let Some(note) = note {
            ctx.notice(note);
        }
        let want = call.optional(2).and_then(|number| number.parse().ok());
        parts
            .history
            .show(ctx, &parts.blocked, call.optional(0), before, want);
    });
}
