//! The limits of the store that a user can come to: what they are told, and under which name the operator sees it counted.

/// Of what there is as much as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreLimit {
    /// Edits of one message.
    Edits,
    /// Reactions of one user to one message.
    OwnReactions,
    /// Reactions of all to one message.
    Reactions,
    /// Pinned messages of one conversation.
    Pins,
    /// Users whom one user blocks.
    Blocked,
    /// Invitations to one user that are open.
    Invitations,
    /// Rooms that one user belongs to.
    RoomsJoined,
    /// Rooms that one user has made.
    RoomsMade,
    /// Members of one room.
    RoomMembers,
    /// Bytes of a topic or a reason.
    TopicBytes,
    /// Accounts that have a conversation with each other.
    Pairs,
    /// Accounts that have notes.
    Notes,
    /// Enrolment codes that are open.
    Codes,
    /// Bans of accounts and addresses.
    Bans,
    /// Bytes of an announcement.
    AnnouncementBytes,
    /// Names that one account had before.
    FormerNames,
}

impl StoreLimit {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 16] = [
        Self::Edits,
        Self::OwnReactions,
        Self::Reactions,
        Self::Pins,
        Self::Blocked,
        Self::Invitations,
        Self::RoomsJoined,
        Self::RoomsMade,
        Self::RoomMembers,
        Self::TopicBytes,
        Self::Pairs,
        Self::Notes,
        Self::Codes,
        Self::Bans,
        Self::AnnouncementBytes,
        Self::FormerNames,
    ];

    /// As `status` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Edits => "edits",
            Self::OwnReactions => "reactions_of_one_user",
            Self::Reactions => "reactions",
            Self::Pins => "pins",
            Self::Blocked => "blocked_users",
            Self::Invitations => "invitations",
            Self::RoomsJoined => "rooms_joined",
            Self::RoomsMade => "rooms_made",
            Self::RoomMembers => "room_members",
            Self::TopicBytes => "topic_bytes",
            Self::Pairs => "pairs",
            Self::Notes => "notes",
            Self::Codes => "codes",
            Self::Bans => "bans",
            Self::AnnouncementBytes => "announcement_bytes",
            Self::FormerNames => "former_names",
        }
    }

    /// What the user is told.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Edits => "64 edits of one message",
            Self::OwnReactions => "16 reactions of yours to one message",
            Self::Reactions => "256 reactions to one message",
            Self::Pins => "64 pinned messages in one conversation",
            Self::Blocked => "you block as many users as one may; unblock one first",
            Self::Invitations => "this user has as many open invitations as one may have",
            Self::RoomsJoined => "you belong to as many rooms as one user may: leave one first",
            Self::RoomsMade => "you have made as many rooms as one user may",
            Self::RoomMembers => "the room has as many members as one may have",
            Self::TopicBytes => "a topic or a reason is longer than it may be",
            Self::Pairs => "this server has too many accounts for another direct conversation",
            Self::Notes => "this server has too many accounts for notes of this one",
            Self::Codes => "as many codes are open as there may be: revoke one first",
            Self::Bans => "this server has as many bans as it may; remove one first",
            Self::AnnouncementBytes => "an announcement has 1,024 bytes at most",
            Self::FormerNames => "the account was renamed as often as one may be",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_counted_in_its_own_place() {
        for (place, limit) in StoreLimit::ALL.into_iter().enumerate() {
            assert_eq!(limit as usize, place);
        }
    }
}
