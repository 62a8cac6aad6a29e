//! What is told of users and rooms.

use super::{ConversationState, Event};
use crate::protocol::{Access, AccountId, ConversationId, MemberRole, Room};

/// A room, as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSummary {
    /// In canonical form, with its `#`.
    pub name: String,
    pub topic: String,
    pub access: Access,
    /// How many belong to it.
    pub members: u32,
    /// The names of its owners, the first few.
    pub owners: Vec<String>,
    /// How many entries its log has.
    pub entries: u64,
    /// What they count, in bytes.
    pub bytes: u64,
    /// When its last entry was written, in milliseconds since 1970 (UTC); 0 for never.
    pub time_ms: u64,
}

/// Somebody who belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomMember {
    /// Canonical name; empty if that cannot be read.
    pub name: String,
    pub role: MemberRole,
}

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

/// A membership of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Where the device stands in it.
    pub standing: ConversationState,
    /// The room, as the account sees it.
    pub room: Room,
    /// The news of it, unless the account was a member already.
    pub event: Option<Event>,
}
