//! `login [NAME]`: by ticket, by password, or by opening an account.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::client::env::Tone;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Login;

impl Entry for Login {
    fn name(&self) -> &'static str {
        "login"
    }

    /// Who has no account yet looks for another word.
    fn aliases(&self) -> &'static [&'static str] {
        &["signup"]
    }

    fn summary(&self) -> &'static str {
        "sign in; offers an account for a name that has none"
    }
}

impl ChatCommand for Login {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "[NAME]",
            least: 0,
            most: 1,
            needs_sign_in: false,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        if let Some(user) = core.user() {
            let text = format!("already logged in as {user}");
            core.show(Tone::Plain, &text);
            return;
        }
        core.begin_sign_in(now, arguments.first().copied(), None);
    }
}
