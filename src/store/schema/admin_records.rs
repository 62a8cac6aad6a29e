//! The records of what the operator has done, as `records` has those of the others.

use serde::{Deserialize, Serialize};

/// A row of `disabled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct DisabledRecord {
    /// Why, as the user is told it; may be empty.
    pub(in crate::store) reason: String,
}

/// A row of `audit`. It has names, not ids: what an account or a room was called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct AuditRecord {
    /// In milliseconds since 1970 (UTC).
    pub(in crate::store) time_ms: u64,
    /// The account that did it; empty for the operator.
    pub(in crate::store) by: String,
    /// The command that does it.
    pub(in crate::store) action: String,
    /// The account or conversation that it was done to; empty for the server.
    pub(in crate::store) subject: String,
    /// What else there is to know of it; may be empty.
    pub(in crate::store) detail: String,
}

/// A row of `codes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct CodeRecord {
    /// When it was made, in milliseconds since 1970 (UTC).
    pub(in crate::store) made_ms: u64,
    /// When it is good no longer.
    pub(in crate::store) expires_ms: u64,
    /// How often it was good for something when it was made.
    pub(in crate::store) uses: u32,
    /// How often it still is.
    pub(in crate::store) uses_left: u32,
    /// The account that made it; none for the operator.
    pub(in crate::store) by: Option<u64>,
}

/// A row of `chores`: how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct ChoreRecord {
    /// Of a purge, the conversation that is looked through; of a room, the account whose invitations are.
    pub(in crate::store) conversation: u64,
    /// Of a purge, the last entry that was looked at there; of a room, the next room to which the account is invited.
    pub(in crate::store) entry: u64,
}

/// A row of `resets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct ResetRecord {
    /// When the password was last set by a code, in milliseconds since 1970 (UTC).
    pub(in crate::store) time_ms: u64,
    /// The devices that there were then and that have not been told.
    pub(in crate::store) untold: Vec<u64>,
}
