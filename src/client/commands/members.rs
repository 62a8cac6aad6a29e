//! `members [#ROOM]`: who belongs to a room, and what they may do.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Members;

impl Entry for Members {
    fn name(&self) -> &'static str {
        "members"
    }
    fn summary(&self) -> &'static str {
        "show who belongs to a room"
    }
}

impl ChatCommand for Members {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "[#ROOM]",
            least: 0,
            most: 1,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let named = arguments.first().copied();
        core.with_account(|account, effects| account.list_members(now, named, effects));
    }
}
