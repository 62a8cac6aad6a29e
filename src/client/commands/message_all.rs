//! `message* TEXT`: a message to everyone.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::protocol::EVERYONE_NAME;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct MessageAll;

impl Entry for MessageAll {
    fn name(&self) -> &'static str {
        "message*"
    }

    fn summary(&self) -> &'static str {
        "say something to everyone"
    }
}

impl ChatCommand for MessageAll {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "TEXT",
            least: 1,
            most: 1,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        if let [text] = arguments {
            core.say(now, EVERYONE_NAME, text);
        }
    }
}
