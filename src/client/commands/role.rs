//! `role USER member|moderator|owner [#ROOM]`: an owner says what a member may do.

use super::change;
use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::client::env::Tone;
use crate::protocol::{Change, EventKind, MemberRole};
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Role;

impl Entry for Role {
    fn name(&self) -> &'static str {
        "role"
    }
    fn summary(&self) -> &'static str {
        "say what a user may do in a room"
    }
}

impl ChatCommand for Role {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "USER member|moderator|owner [#ROOM]",
            least: 2,
            most: 3,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let [user, role, rest @ ..] = arguments else {
            return;
        };
        let role = match *role {
            "member" => MemberRole::Member,
            "moderator" => MemberRole::Moderator,
            "owner" => MemberRole::Owner,
            _ => {
                core.show(
                    Tone::Error,
                    "usage: role USER member|moderator|owner [#ROOM]",
                );
                return;
            }
        };
        let change = Change {
            subject: Some((*user).to_owned()),
            role: Some(role),
            ..change(EventKind::Role)
        };
        let named = rest.first().copied();
        core.with_account(|account, effects| account.change_room(now, named, change, effects));
    }
}
