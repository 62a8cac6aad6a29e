//! The commands about one's account: opening it and signing in.

use crate::client::commands::arguments::{Argument, Source};
use crate::client::commands::row::{Call, ChatCommand, Group, ROW};
use crate::client::core::Core;
use crate::client::env::{Fault, Tone};
use crate::client::name::canonical;
use crate::client::script::Awaited;

pub(super) const ACCOUNT: Group = Group {
    name: "account",
    title: "opening an account, signing in, and what guards it",
    commands: &[
        ChatCommand {
            name: "login",
            arguments: &[Argument::word("NAME", Source::Users).optional()],
            summary: "sign in; offers an account for a name that has none",
            needs_sign_in: false,
            is_basic: true,
            awaits: Awaited::Nothing,
            run: login,
            ..ROW
        },
        ChatCommand {
            name: "signup",
            arguments: &[Argument::word("NAME", Source::Nothing).optional()],
            summary: "open an account, and sign in with it",
            help: "The password has at least 12 characters; 15 or more are better. Whether the name is free, and whether accounts \
               can be opened here, is said before it is asked for.",
            needs_sign_in: false,
            is_basic: true,
            awaits: Awaited::Nothing,
            run: sign_up,
            ..ROW
        },
    ],
};

fn login(core: &mut Core, call: &Call<'_>) {
    if let Some(user) = core.user() {
        let text = format!("already logged in as {user}");
        // What follows would go out under another name than was meant.
        if call.optional(0).is_some_and(|name| canonical(name) != user) {
            core.fail(Fault::Failed, &text);
        } else {
            core.show(Tone::Plain, &text);
        }
        return;
    }
    core.begin_sign_in(call.now, call.optional(0));
}

fn sign_up(core: &mut Core, call: &Call<'_>) {
    if let Some(user) = core.user() {
        let text = format!("already logged in as {user}; `logout` first");
        core.fail(Fault::Failed, &text);
        return;
    }
    core.begin_sign_up(call.now, call.optional(0));
}
