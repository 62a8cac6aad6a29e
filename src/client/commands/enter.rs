//! `enter USER|#ROOM|everyone`: stands in a conversation, so that plain text is said there.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Enter;

impl Entry for Enter {
    fn name(&self) -> &'static str {
        "enter"
    }
    fn summary(&self) -> &'static str {
        "say what you type to a user, or in a room of yours"
    }
}

impl ChatCommand for Enter {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "USER|#ROOM|everyone",
            least: 1,
            most: 1,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let _ = now;
        if let [name] = arguments {
            core.with_account(|account, effects| account.enter(name, effects));
        }
    }
}
