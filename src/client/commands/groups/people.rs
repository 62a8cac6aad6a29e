//! The commands about other users.

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::people::People;
use crate::client::account::roster::Roster;
use crate::client::commands::arguments::{Argument, Source, USER};
use crate::client::commands::row::{ChatCommand, Group, ROW};
use crate::client::script::Awaited;
use crate::client::storage::settings::PresenceLines;

pub(super) const PEOPLE: Group = Group {
    name: "people",
    title: "other users; files of theirs",
    is_for_all: true,
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
            name: "roster",
            summary: "show with whom you share a room or a conversation",
            help: "For each it says whether they are online or away, or when they were last seen.",
            run: |core, call| core.with_signed_in(call.now, |_, ctx| People::list(ctx)),
            ..ROW
        },
        ChatCommand {
            name: "whois",
            arguments: &[USER],
            summary: "show where a user is, and which rooms you share",
            run: |core, call| {
                core.with_signed_in(call.now, |_, ctx| People::whois(ctx, call.required(0)));
            },
            ..ROW
        },
        ChatCommand {
            name: "away",
            arguments: &[Argument::text("TEXT").optional()],
            summary: "say that you are away, or that you are back",
            help: "Without a text you are back. It is shown in the rosters of others, and to who writes to you. It is forgotten when your last session \
                   ends.",
            run: |core, call| {
                core.with_signed_in(call.now, |_, ctx| People::set_away(ctx, call.optional(0)));
            },
            ..ROW
        },
        ChatCommand {
            name: "set",
            arguments: &[
                Argument::choice(&["presence"]),
                Argument::choice(PresenceLines::WORDS).optional(),
            ],
            summary: "set of whom you are told that they come and go",
            help: "Of nobody, of those in `/roster`, or of everybody. It is kept on this device.",
            awaits: Awaited::Nothing,
            run: |core, call| {
                core.with_signed_in(call.now, |_, ctx| {
                    People::set_presence(ctx, call.optional(1));
                });
            },
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
        ChatCommand {
            name: "ignore",
            arguments: &[USER.optional()],
            summary: "hide a user here only, or list whom you ignore",
            help: "Nobody is told, and your other devices show them. `/block` is for all your devices.",
            awaits: Awaited::Nothing,
            run: |core, call| {
                core.with_signed_in(call.now, |parts, ctx| {
                    parts.blocked.ignore(ctx, call.optional(0));
                });
            },
            ..ROW
        },
        ChatCommand {
            name: "unignore",
            arguments: &[Argument::word("USER", Source::Ignored)],
            summary: "show an ignored user's messages again",
            awaits: Awaited::Nothing,
            run: |core, call| {
                core.with_signed_in(call.now, |parts, ctx| {
                    parts.blocked.unignore(ctx, call.required(0));
                });
            },
            ..ROW
        },
        super::files::SAVE,
    ],
};
