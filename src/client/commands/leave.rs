//! `leave [#ROOM]`: the room where one stands, or another.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Leave;

impl Entry for Leave {
    fn name(&self) -> &'static str {
        "leave"
    }
    fn summary(&self) -> &'static str {
        "belong to a room no more"
    }
}

impl ChatCommand for Leave {
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
        core.with_account(|account, effects| account.leave_room(now, named, effects));
    }
}
