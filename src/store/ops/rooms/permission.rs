//! Who may do what inside a room: one match, and nothing of it anywhere else.

use crate::protocol::{Access, MemberRole};

/// What a member wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Deed {
    /// Say something in a room of this access.
    Say(Access),
    /// Invite somebody to a room of this access.
    Invite(Access),
    /// Set the topic.
    Topic,
    /// Remove a member who has this role.
    Kick(MemberRole),
    /// Give a member a role.
    Role,
    /// Open or close the room.
    Access,
    /// Let newcomers read what was said before.
    History,
    /// Delete what another has said.
    Delete,
    /// Pin what somebody has said, or no longer.
    Pin,
}

/// Whether a member of this role may do it. A role that this version does not know is an ordinary member's.
pub(in crate::store) const fn permits(role: MemberRole, deed: Deed) -> bool {
    match (deed, role) {
        (
            Deed::Say(Access::Public | Access::Private | Access::Other(_))
            | Deed::Invite(Access::Public | Access::ReadOnly),
            _,
        )
        | (
            Deed::Say(_)
            | Deed::Invite(_)
            | Deed::Topic
            | Deed::Delete
            | Deed::Pin
            | Deed::Kick(MemberRole::Member | MemberRole::Other(_)),
            MemberRole::Moderator,
        )
        | (_, MemberRole::Owner) => true,
        (
            Deed::Kick(MemberRole::Moderator | MemberRole::Owner)
            | Deed::Role
            | Deed::Access
            | Deed::History,
            MemberRole::Moderator,
        )
        | (_, MemberRole::Member | MemberRole::Other(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_table_says_and_no_more() {
        let (private, public) = (Access::Private, Access::Public);
        let table = [
            (Deed::Say(public), "mMO"),
            (Deed::Say(private), "mMO"),
            (Deed::Say(Access::ReadOnly), "MO"),
            (Deed::Say(Access::PrivateReadOnly), "MO"),
            (Deed::Invite(public), "mMO"),
            (Deed::Invite(Access::ReadOnly), "mMO"),
            (Deed::Invite(private), "MO"),
            (Deed::Invite(Access::PrivateReadOnly), "MO"),
            (Deed::Topic, "MO"),
            (Deed::Kick(MemberRole::Member), "MO"),
            (Deed::Kick(MemberRole::Moderator), "O"),
            (Deed::Kick(MemberRole::Owner), "O"),
            (Deed::Role, "O"),
            (Deed::Access, "O"),
            (Deed::History, "O"),
            (Deed::Delete, "MO"),
            (Deed::Pin, "MO"),
        ];
        for (deed, those) in table {
            for (role, letter) in [
                (MemberRole::Member, 'm'),
                (MemberRole::Other(9), 'm'),
                (MemberRole::Moderator, 'M'),
                (MemberRole::Owner, 'O'),
            ] {
                let permitted = those.contains(letter);
                assert_eq!(permits(role, deed), permitted, "{deed:?} by {role}");
            }
        }
    }
}
