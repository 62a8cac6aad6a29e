//! The commands about one's account: opening it, signing in, and what only its password permits.

use crate::client::account::devices::list as list_devices;
use crate::client::auth::step_up::Wish;
use crate::client::commands::arguments::{Argument, Source};
use crate::client::commands::row::{Call, ChatCommand, Group, ROW};
use crate::client::core::Core;
use crate::client::env::{Fault, Tone};
use crate::client::name::canonical;
use crate::client::script::Awaited;
use crate::protocol::DeviceId;

pub(super) const ACCOUNT: Group = Group {
    name: "account",
    title: "opening an account, signing in, and what guards it",
    is_for_all: true,
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
            help: "You learn whether the name is free, and whether accounts can be opened here, before you choose a password. It has at \
                   least 12 characters; 15 or more are better.",
            needs_sign_in: false,
            is_basic: true,
            awaits: Awaited::Nothing,
            run: sign_up,
            ..ROW
        },
        ChatCommand {
            name: "enrol",
            arguments: &[Argument::word("NAME", Source::Users).optional()],
            summary: "set a password, or open an account, with a code",
            help: "The code is the operator's. It asks for that, then twice for the new password, and signs in. A code is good for one name or for one new \
                   account, once, and for a day or as long as the operator has said.",
            needs_sign_in: false,
            awaits: Awaited::Nothing,
            run: enrol,
            ..ROW
        },
        ChatCommand {
            name: "passwd",
            summary: "change your password, and sign out other devices",
            help: "It asks for the old password first. The new one has at least 12 characters; 15 or more are better. All other \
               devices are signed out, and sign in with the new password.",
            run: |core, call| core.begin_step_up(call.now, Wish::Password),
            ..ROW
        },
        ChatCommand {
            name: "devices",
            arguments: &[
                Argument::choice(&["revoke"]).optional(),
                Argument::number("N").optional(),
            ],
            summary: "list your devices, or sign one out",
            help: "It shows when each was last used, and at which address. `/devices revoke N` asks for the password, ends the \
               sessions of device N and makes its ticket worthless: from then on it needs the password.",
            run: devices,
            ..ROW
        },
        ChatCommand {
            name: "account",
            arguments: &[Argument::choice(&["delete"])],
            summary: "delete your account, for good",
            help: "It asks for your name and password. You leave all rooms and are signed out everywhere. Your messages stay \
                   with those who have them, and nobody else can use the name.",
            run: |core, call| core.begin_step_up(call.now, Wish::Delete),
            ..ROW
        },
    ],
};

fn devices(core: &mut Core, call: &Call<'_>) {
    let (word, number) = (call.optional(0), call.optional(1));
    let device = number.and_then(|number| number.parse().ok()).map(DeviceId);
    match (word, device) {
        (None, None) => core.with_signed_in(call.now, |_, ctx| list_devices(ctx)),
        (Some(_), Some(device)) => core.begin_step_up(call.now, Wish::Revoke(device)),
        _ => core.fail(Fault::Usage, "usage: devices [revoke N]"),
    }
}

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
    if !refuses_second(core) {
        core.begin_sign_up(call.now, call.optional(0));
    }
}

fn enrol(core: &mut Core, call: &Call<'_>) {
    if !refuses_second(core) {
        core.begin_enrolment(call.now, call.optional(0));
    }
}

/// Whether somebody is signed in already, who is told so.
fn refuses_second(core: &mut Core) -> bool {
    let Some(user) = core.user() else {
        return false;
    };
    let text = format!("already logged in as {user}; `/logout` first");
    core.fail(Fault::Failed, &text);
    true
}
