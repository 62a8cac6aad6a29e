//! `access public|private [#ROOM]`: an owner opens or closes a room.

use super::change;
use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::client::env::Tone;
use crate::protocol::{self, Change, EventKind};
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Access;

impl Entry for Access {
    fn name(&self) -> &'static str {
        "access"
    }
    fn summary(&self) -> &'static str {
        "say who may join: everybody, or those invited"
    }
}

impl ChatCommand for Access {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "public|private [#ROOM]",
            least: 1,
            most: 2,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let [access, rest @ ..] = arguments else {
            return;
        };
        let access = match *access {
            "public" => protocol::Access::Public,
            "private" => protocol::Access::Private,
            _ => {
                core.show(Tone::Error, "usage: access public|private [#ROOM]");
                return;
            }
        };
        let change = Change {
            access: Some(access),
            ..change(EventKind::Access)
        };
        let named = rest.first().copied();
        core.with_account(|account, effects| account.change_room(now, named, change, effects));
    }
}
