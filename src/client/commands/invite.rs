//! `invite USER [#ROOM]`: an invitation, which also reaches one who is away.

use super::change;
use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::protocol::{Change, EventKind};
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Invite;

impl Entry for Invite {
    fn name(&self) -> &'static str {
        "invite"
    }
    fn summary(&self) -> &'static str {
        "ask a user into a room, also into a private one"
    }
}

impl ChatCommand for Invite {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "USER [#ROOM]",
            least: 1,
            most: 2,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        if let [user, rest @ ..] = arguments {
            let change = Change {
                subject: Some((*user).to_owned()),
                ..change(EventKind::Invited)
            };
            let named = rest.first().copied();
            core.with_account(|account, effects| account.change_room(now, named, change, effects));
        }
    }
}
