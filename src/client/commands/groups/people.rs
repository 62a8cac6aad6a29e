//! The commands about other users.

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::roster::Roster;
use crate::client::commands::arguments::{Argument, Source, USER};
use crate::client::commands::row::{ChatCommand, Group, ROW};

pub(super) const PEOPLE: Group = Group {
    name: "people",
    title: "other users",
    commands: &[
        ChatCommand {
            name: "contacts",
            aliases: &["who"],
            summary: "show who is online, and at which address",
            is_basic: true,
            run: |core, call| core.with_signed_in(call.now, |_, ctx| Roster::list(ctx)),
            ..ROW
        },
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
    ],
};
