//! `logout`: the server is told, and the ticket of this device forgotten.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Logout;

impl Entry for Logout {
    fn name(&self) -> &'static str {
        "logout"
    }

    fn summary(&self) -> &'static str {
        "sign out; the next sign-in asks for the password"
    }
}

impl ChatCommand for Logout {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "",
            least: 0,
            most: 0,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let _ = arguments;
        core.log_out(now);
    }
}
