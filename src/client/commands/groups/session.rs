//! The commands about the session: the link, help, signing out, the end.

use crate::client::commands::arguments::{Argument, Source};
use crate::client::commands::help;
use crate::client::commands::row::{ChatCommand, Group, ROW};
use crate::client::script::{Awaited, Exit, FocusChange};

pub(super) const SESSION: Group = Group {
    name: "session",
    title: "the link, files on their way, help, signing out and leaving",
    is_for_all: true,
    commands: &[
        ChatCommand {
            name: "status",
            summary: "show connection statistics: round trip, loss, bytes",
            needs_sign_in: false,
            awaits: Awaited::Nothing,
            run: |core, _| core.requests().status = true,
            ..ROW
        },
        super::files::FILES,
        super::files::CANCEL,
        ChatCommand {
            name: "dnd",
            arguments: &[Argument::choice(&["on", "off"]).optional()],
            summary: "do not disturb: nothing rings on this device",
            awaits: Awaited::Nothing,
            run: |core, call| {
                let wanted = call.optional(0).map(|word| word == "on");
                core.with_signed_in(call.now, |parts, ctx| {
                    parts.attention.set_quiet(ctx, wanted);
                });
            },
            ..ROW
        },
        ChatCommand {
            name: "help",
            aliases: &["?"],
            arguments: &[
                Argument::word("COMMAND|GROUP", Source::Topics).optional(),
                // A whole call may be asked about, as it is typed.
                Argument::ignored(),
            ],
            summary: "show the menu, or what one command or group is for",
            needs_sign_in: false,
            awaits: Awaited::Nothing,
            run: help::run,
            ..ROW
        },
        ChatCommand {
            name: "logout",
            summary: "sign out; the next sign-in asks for the password",
            focus: FocusChange::Clears,
            awaits: Awaited::Nothing,
            run: |core, call| core.exit(call.now, Exit::LogOut),
            ..ROW
        },
        ChatCommand {
            name: "quit",
            aliases: &["exit"],
            summary: "leave; the next `/login` here asks for no password",
            needs_sign_in: false,
            awaits: Awaited::Nothing,
            is_basic: true,
            run: |core, call| core.exit(call.now, Exit::Quit),
            ..ROW
        },
    ],
};
