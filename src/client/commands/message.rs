//! `message USER|#ROOM TEXT`: a private message, or one to a room from outside of it.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Message;

impl Entry for Message {
    fn name(&self) -> &'static str {
        "message"
    }
    fn aliases(&self) -> &'static [&'static str] {
        &["msg"]
    }
    fn summary(&self) -> &'static str {
        "say something to one user, or in a room"
    }
}

impl ChatCommand for Message {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "USER|#ROOM TEXT",
            least: 2,
            most: 2,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        if let [user, text] = arguments {
            core.say(now, user, text);
        }
    }
}
