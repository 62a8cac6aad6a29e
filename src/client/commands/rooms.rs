//! `rooms [PAGE]`: the rooms that one belongs to, is invited to or may join, the most used first.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::client::env::Tone;
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
            arguments: "[PAGE]",
            least: 0,
            most: 1,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let page = arguments.first().map_or(Ok(1), |page| page.parse::<u32>());
        let Some(page) = page.ok().filter(|page| *page > 0) else {
            core.show(Tone::Error, "a page is a number, as in `rooms 2`");
            return;
        };
        core.with_account(|account, effects| account.list_rooms(now, Aim::List(page), effects));
    }
}
