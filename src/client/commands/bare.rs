//! The commands that take no arguments: rows, each with what it calls.

use super::{ChatCommand, Usage};
use crate::client::account::Account;
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// One of them.
#[derive(Clone, Copy)]
pub(super) struct Bare {
    name: &'static str,
    aliases: &'static [&'static str],
    summary: &'static str,
    needs_sign_in: bool,
    run: fn(&mut Core, Now),
}

/// Steps out, and leaves nothing.
pub(super) const BACK: Bare = Bare {
    name: "back",
    aliases: &[],
    summary: "step out of where you stand; you still belong to it",
    needs_sign_in: true,
    run: |core, _| core.with_account(Account::step_out),
};

/// Who is online.
pub(super) const CONTACTS: Bare = Bare {
    name: "contacts",
    aliases: &["who"],
    summary: "show who is online, and at which address",
    needs_sign_in: true,
    run: Core::list_contacts,
};

/// How the link to the server does.
pub(super) const STATUS: Bare = Bare {
    name: "status",
    aliases: &[],
    summary: "show how the link does: round trip, losses, bytes",
    needs_sign_in: false,
    run: |core, _| core.wish_status(),
};

/// The server is told, and the ticket of this device forgotten.
pub(super) const LOGOUT: Bare = Bare {
    name: "logout",
    aliases: &[],
    summary: "sign out; the next sign-in asks for the password",
    needs_sign_in: true,
    run: Core::log_out,
};

/// As Ctrl-D. The ticket is kept, so that the next start asks for no password.
pub(super) const QUIT: Bare = Bare {
    name: "quit",
    aliases: &["exit"],
    summary: "leave; the next `login` here asks for no password",
    needs_sign_in: false,
    run: Core::quit,
};

impl Entry for Bare {
    fn name(&self) -> &'static str {
        self.name
    }
    fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }
    fn summary(&self) -> &'static str {
        self.summary
    }
}

impl ChatCommand for Bare {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "",
            least: 0,
            most: 0,
            needs_sign_in: self.needs_sign_in,
        }
    }

    fn run(&self, core: &mut Core, now: Now, _: &[&str]) {
        (self.run)(core, now);
    }
}
