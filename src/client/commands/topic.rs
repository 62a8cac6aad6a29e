//! `topic [#ROOM] [TEXT]`: shown, or set by a moderator.

use super::{ChatCommand, Usage};
use super::{change, room_first};
use crate::client::core::Core;
use crate::client::env::Tone;
use crate::client::requests::Aim;
use crate::protocol::{Change, EventKind, TOPIC_MAX_BYTES};
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Topic;

impl Entry for Topic {
    fn name(&self) -> &'static str {
        "topic"
    }
    fn summary(&self) -> &'static str {
        "show or set what a room is about"
    }
}

impl ChatCommand for Topic {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "[#ROOM] [TEXT]",
            least: 0,
            most: 2,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let (named, text) = room_first(arguments);
        if let Some(text) = text {
            if text.len() > TOPIC_MAX_BYTES {
                let text = format!("a topic has at most {TOPIC_MAX_BYTES} bytes");
                core.show(Tone::Error, &text);
                return;
            }
            let change = Change {
                text: Some(text),
                ..change(EventKind::Topic)
            };
            core.with_account(|account, effects| account.change_room(now, named, change, effects));
            return;
        }
        core.with_account(|account, effects| {
            if let Some((_, name)) = account.room(named, effects) {
                account.list_rooms(now, Aim::Topic(name), effects);
            }
        });
    }
}
