//! `back`: steps out, and leaves nothing.

use super::{ChatCommand, Usage};
use crate::client::account::Account;
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Back;

impl Entry for Back {
    fn name(&self) -> &'static str {
        "back"
    }
    fn summary(&self) -> &'static str {
        "step out of where you stand; you still belong to it"
    }
}

impl ChatCommand for Back {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "",
            least: 0,
            most: 0,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let _ = (now, arguments);
        core.with_account(Account::step_out);
    }
}
