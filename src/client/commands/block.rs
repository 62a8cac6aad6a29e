//! `block [USER]` and `unblock USER`: whose words this user is not given.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Block;

impl Entry for Block {
    fn name(&self) -> &'static str {
        "block"
    }
    fn summary(&self) -> &'static str {
        "hide a user's messages from you, or list the blocked"
    }
}

impl ChatCommand for Block {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "[USER]",
            least: 0,
            most: 1,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        core.with_account(|account, effects| match arguments {
            [user] => account.block(now, user, true, effects),
            _ => account.list_blocked(effects),
        });
    }
}

/// See the summary.
pub(super) struct Unblock;

impl Entry for Unblock {
    fn name(&self) -> &'static str {
        "unblock"
    }
    fn summary(&self) -> &'static str {
        "receive a blocked user's messages again"
    }
}

impl ChatCommand for Unblock {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "USER",
            least: 1,
            most: 1,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        if let [user] = arguments {
            core.with_account(|account, effects| account.block(now, user, false, effects));
        }
    }
}
