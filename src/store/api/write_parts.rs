//! What writes are made of. The message log records them as it does the writes, so the same rule holds for them: see [`Write`].

use serde::{Deserialize, Serialize};

use super::Write;
use crate::protocol::{
    AccountId, ConversationId, DeviceId, DeviceSeq, Digest, EntryId, EntryKind, RecipientData,
};

/// What is done to the running server itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// It ends.
    #[serde(rename = "1")]
    Stop,
    /// It reads its settings again.
    #[serde(rename = "2")]
    Reload,
}

/// A log, as the operator names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogOf {
    #[serde(rename = "0")]
    Everyone,
    /// The room's name in canonical form, with its `#`.
    #[serde(rename = "1")]
    Room(String),
    /// What these two say to each other; what one says to itself, if both are the same.
    #[serde(rename = "2")]
    Pair(AccountId, AccountId),
}

/// A step of the purge of what an account has said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purge {
    pub account: AccountId,
    pub conversation: ConversationId,
    /// Which of its entries are deleted.
    pub entries: Vec<EntryId>,
    /// Behind which entry the next step looks for others; none if this is the last step.
    pub next: Option<(ConversationId, EntryId)>,
}

/// An enrolment code to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCode {
    /// Whose password is set with it; none if it opens an account.
    pub account: Option<AccountId>,
    pub code: CodeHash,
    /// How often it is good.
    pub uses: u32,
    /// The account that makes it; none for the operator.
    pub by: Option<AccountId>,
    /// The time, in milliseconds since 1970 (UTC).
    pub time_ms: u64,
    /// When it is good no longer.
    pub expires_ms: u64,
}

/// What somebody wants who administers the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audited {
    /// The account; none for the operator.
    pub by: Option<AccountId>,
    /// In milliseconds since 1970 (UTC).
    pub time_ms: u64,
    /// What is to be done.
    pub write: Box<Write>,
}

/// When a device was last used, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceUse {
    pub account: AccountId,
    pub device: DeviceId,
    /// In milliseconds since 1970 (UTC).
    pub time_ms: u64,
    /// None leaves the address as it is.
    pub address: Option<RecipientData>,
}

/// A BLAKE3 hash of a resume ticket (and of what it is bound to): tickets themselves are never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketHash(pub [u8; 32]);

/// A BLAKE3 hash of an enrolment code: codes themselves are never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeHash(pub [u8; 32]);

/// How much of a conversation is kept: whichever limit is reached first. None says nothing, zero is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Entries younger than so many days.
    pub days: Option<u64>,
    /// So many last entries.
    pub messages: Option<u64>,
    /// So many megabytes (of a million bytes) of last entries.
    pub megabytes: Option<u64>,
}

/// How many bytes of the logs may stand, or of files. None is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    /// Written by one account.
    pub account_bytes: Option<u64>,
    /// By all.
    pub all_bytes: Option<u64>,
}

/// An account to be opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewAccount {
    /// Canonical name.
    pub name: String,
    /// UTS 39 skeleton of the name: no two accounts share one.
    pub skeleton: String,
    /// OPAQUE's registration record.
    #[serde(with = "serde_bytes")]
    pub record: Vec<u8>,
    /// OPAQUE's credential identifier: random, never the name, so that accounts could be renamed.
    pub credential_identifier: [u8; 16],
    /// When, in milliseconds since 1970 (UTC).
    pub time_ms: u64,
}

/// What an entry is to another one of its log: see [`EntryKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// Of the entry that refers to the other.
    pub kind: EntryKind,
    pub refers_to: EntryId,
}

/// A message to be appended to its conversation's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Append {
    pub conversation: ConversationId,
    pub author: AccountId,
    /// The author's device.
    pub device: DeviceId,
    /// The device's number in this conversation.
    pub number: DeviceSeq,
    /// The author's digest over `content`.
    pub digest: Digest,
    /// The immutable part, as it came.
    #[serde(with = "serde_bytes")]
    pub content: Vec<u8>,
    /// The time to label it with, in milliseconds since 1970 (UTC); the log makes it max(this, previous).
    pub time_ms: u64,
    /// What its author, and all, may have written: refused with [`super::Refusal::QuotaFull`] or [`super::Refusal::StorageFull`]. The
    /// message log goes without it: what stands there was within it.
    #[serde(skip)]
    pub quota: Quota,
    /// What its header says of another entry, if anything. The message log has it with the entry.
    #[serde(skip)]
    pub relation: Option<Relation>,
    /// Whether a file belongs to it, as its header says. Where the message log is replayed the header itself is read.
    #[serde(skip)]
    pub has_file: bool,
    /// Its idempotency key, if it has one. The message log has it as a [`Write::Keyed`].
    #[serde(skip)]
    pub key: Option<[u8; 16]>,
}
