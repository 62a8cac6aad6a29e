//! `join #ROOM [private]`: a room, made at the first join.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::client::env::Tone;
use crate::protocol::Access;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Join;

impl Entry for Join {
    fn name(&self) -> &'static str {
        "join"
    }
    fn summary(&self) -> &'static str {
        "belong to a room and stand in it, made if need be"
    }
}

impl ChatCommand for Join {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "#ROOM [private]",
            least: 1,
            most: 2,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let (room, access) = match arguments {
            [room] => (room, None),
            [room, "private"] => (room, Some(Access::Private)),
            _ => {
                core.show(Tone::Error, "usage: join #ROOM [private]");
                return;
            }
        };
        core.with_account(|account, effects| account.join(now, room, access, effects));
    }
}
