//! `rooms`: those one belongs to, is invited to or may join.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::client::requests::Aim;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Rooms;

impl Entry for Rooms {
    fn name(&self) -> &'static str {
        "rooms"
    }
    fn summary(&self) -> &'static str {
        "show the rooms, and how much is unread in each"
    }
}

impl ChatCommand for Rooms {
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
        core.with_account(|account, effects| account.list_rooms(now, Aim::List, effects));
    }
}
