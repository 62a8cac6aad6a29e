//! What is told of what the operator does.

use super::{Purge, StoredEntry};
use crate::protocol::{AccountId, ConversationId, Digest};

/// What the operator, or who may act as one, has done. It has names as they were then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedAction {
    /// Counts up.
    pub number: u64,
    /// In milliseconds since 1970 (UTC).
    pub time_ms: u64,
    /// The account that did it; empty for the operator.
    pub by: String,
    /// The command that does it.
    pub action: String,
    /// The account or conversation that it was done to; empty for the server.
    pub subject: String,
    /// What else there is to know of it; may be empty.
    pub detail: String,
}

/// What an enrolment code is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeUse {
    /// Another password for this account.
    Reset(AccountId),
    /// Another account.
    Invitation,
}

/// An enrolment code, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenCode {
    /// Under which it is revoked.
    pub number: u32,
    /// Whose password is set with it; none if it opens an account.
    pub account: Option<AccountId>,
    /// In milliseconds since 1970 (UTC).
    pub made_ms: u64,
    /// When it is good no longer.
    pub expires_ms: u64,
    /// How often it was good.
    pub uses: u32,
    /// How often it still is.
    pub uses_left: u32,
}

/// An entry by which the operator has deleted another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    pub conversation: ConversationId,
    /// The immutable part, and the digest over it.
    pub content: Vec<u8>,
    pub digest: Digest,
    pub stored: StoredEntry,
}

/// What a deletion has left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chore {
    /// A deleted room is to be cleared.
    Room(ConversationId),
    /// A step of a purge.
    Purge(Purge),
}
