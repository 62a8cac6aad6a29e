//! What is told of users and rooms.

use crate::protocol::{AccountId, ConversationId, MemberRole};

/// How much a room is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomUse {
    pub conversation: ConversationId,
    /// How many belong to it.
    pub members: u32,
    /// When its last entry was written, in milliseconds since 1970 (UTC).
    pub time_ms: u64,
}

/// Somebody who belongs to a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub account: AccountId,
    /// Its canonical name.
    pub name: String,
    /// What they may do.
    pub role: MemberRole,
    /// Whether the account is marked as a bot's.
    pub is_bot: bool,
}

/// A user, as others may know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquaintance {
    pub account: AccountId,
    /// Its canonical name.
    pub name: String,
    /// When a session of it was last online; zero for never.
    pub seen_ms: u64,
    /// Whether it is marked as a bot's.
    pub is_bot: bool,
}
