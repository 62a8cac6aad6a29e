//! `kick USER [#ROOM] [REASON]`: a moderator removes somebody.

use super::{ChatCommand, Usage};
use super::{change, room_first};
use crate::client::core::Core;
use crate::client::env::Tone;
use crate::protocol::{Change, EventKind, TOPIC_MAX_BYTES};
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Kick;

impl Entry for Kick {
    fn name(&self) -> &'static str {
        "kick"
    }
    fn summary(&self) -> &'static str {
        "remove a user from a room"
    }
}

impl ChatCommand for Kick {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "USER [#ROOM] [REASON]",
            least: 1,
            most: 3,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        if let [user, rest @ ..] = arguments {
            let (named, text) = room_first(rest);
            if text
                .as_ref()
                .is_some_and(|text| text.len() > TOPIC_MAX_BYTES)
            {
                let text = format!("a reason has at most {TOPIC_MAX_BYTES} bytes");
                core.show(Tone::Error, &text);
                return;
            }
            let change = Change {
                subject: Some((*user).to_owned()),
                text,
                ..change(EventKind::Kicked)
            };
            core.with_account(|account, effects| account.change_room(now, named, change, effects));
        }
    }
}
