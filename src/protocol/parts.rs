//! What bodies are made of, and the bodies that many commands share.

use serde_bytes::ByteBuf;

use super::address::RecipientData;
use super::digest::Digest;
use super::ids::{AccountId, ConversationId, DeviceId, DeviceSeq, EntryId};
use super::message::Deletion;
use super::wire::wire_struct;
use super::words::{Access, AccountChangeKind, ErrorCode, EventKind, Feature, MemberRole};

wire_struct! {
    /// Something that was done to the server. It has names as they were then.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct AuditEntry {
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
}

wire_struct! {
    /// What an end is, so that the other one knows what will not work.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Software {
        /// The program's version.
        pub version: String,
        pub features: Vec<Feature>,
    }
}

impl Software {
    /// This program, with these features.
    #[must_use]
    pub fn this(features: Vec<Feature>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            features,
        }
    }
}

wire_struct! {
    /// What a server takes of one account. A rate that is missing is not limited.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ServerLimits {
        /// The longest text, in bytes of UTF-8.
        pub text_bytes: u64,
        /// The largest file; zero where it takes none.
        pub file_bytes: u64,
        pub messages_per_second: Option<u64>,
        pub bytes_per_second: Option<u64>,
        pub bytes_per_day: Option<u64>,
    }
}

wire_struct! {
    /// The entry that has an idempotency key; it may have expired or been deleted since.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct SaidBefore {
        /// Where it was said, which may be another place than is asked for now.
        pub conversation: ConversationId,
        pub entry: EntryId,
        /// When it was stored, in milliseconds since 1970 (UTC).
        pub time_ms: u64,
        /// As in [`Stored`](super::Stored).
        pub recipients: u32,
        /// How many of them are online now.
        pub online: u32,
    }
}

wire_struct! {
    /// Why a request was refused.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Failure {
        /// The reason.
        pub code: ErrorCode,
        /// The reason in words, for a person; may be empty.
        pub detail: String,
        /// The `tag` of the request that failed, where it had one.
        pub tag: Option<u32>,
        /// The conversation of the message that was refused.
        pub conversation: Option<ConversationId>,
        /// The number of the message that was refused.
        pub number: Option<DeviceSeq>,
        /// The number that the server expects instead: with [`ErrorCode::Expect`] that of the message, with
        /// [`ErrorCode::EarlierAttempt`] that of the attempt, or a higher one.
        pub expected: Option<u64>,
        /// How long to wait before the next attempt, in milliseconds.
        pub wait_ms: Option<u64>,
        /// With [`ErrorCode::SaidBefore`], the entry that has the key.
        pub said_before: Option<Box<SaidBefore>>,
    }
}

impl Failure {
    /// A refusal with a reason in words and nothing else.
    #[must_use]
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            code,
            detail,
            tag: None,
            conversation: None,
            number: None,
            expected: None,
            wait_ms: None,
            said_before: None,
        }
    }

    /// The refusal of one chat message.
    #[must_use]
    pub fn of_number(code: ErrorCode, conversation: ConversationId, number: DeviceSeq) -> Self {
        Self {
            conversation: Some(conversation),
            number: Some(number),
            ..Self::new(code, "")
        }
    }
}

wire_struct! {
    /// A user whom the account blocks.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct BlockedUser {
        pub account: AccountId,
        pub name: String,
    }
}

wire_struct! {
    /// A device of the account.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Device {
        pub device: DeviceId,
        /// Whether it signs in without a password.
        pub has_ticket: bool,
        /// Whether a session of it is signed in now.
        pub online: bool,
        /// When it was last used, in milliseconds since 1970 (UTC), if that is known.
        pub used_ms: Option<u64>,
        /// The address at which it was last seen, if that is known.
        pub address: Option<RecipientData>,
    }
}

wire_struct! {
    /// A change of the account.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct AccountChange {
        pub kind: AccountChangeKind,
        /// OPAQUE's registration upload for the new password (PASSWORD).
        pub upload: Option<ByteBuf>,
        /// Which device (REVOKE).
        pub device: Option<DeviceId>,
    }
}

wire_struct! {
    /// How far a device has received one conversation.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Position {
        pub conversation: ConversationId,
        /// The last entry that the device has made durable.
        pub entry: EntryId,
        /// That entry's digest; all zero at [`EntryId::START`], and where the device was told to begin and has
        /// received nothing yet.
        pub digest: Digest,
    }
}

wire_struct! {
    /// The server's state of one conversation, for one device.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Head {
        pub conversation: ConversationId,
        /// The other user's name in a pair; [`super::EVERYONE_NAME`] for everyone; [`super::NOTES_NAME`] for notes; a room's
        /// name with its `#`.
        pub name: String,
        /// The last entry of its log.
        pub head: EntryId,
        /// The last number that the server has from this device.
        pub last_number: DeviceSeq,
        /// Where deliveries to this device begin: its own position if it fits the log, else the place to which
        /// it must go back (a restored backup). In a conversation that it has not named, where its account stands
        /// if it has named none at all, being new, else the beginning of what the account may read.
        pub start: EntryId,
        /// The last entry that retention has removed: a device that stood before it has missed what was between.
        pub floor: EntryId,
        /// In a room that the account does not belong to any more, the last entry that it may read.
        pub until: Option<EntryId>,
        /// Whether retention has removed something that this device would have been sent.
        pub expired: bool,
        /// The last entry that the user has read, on any device.
        pub read: Option<EntryId>,
        /// Until when the user has muted it, in milliseconds since 1970 (UTC); 0 if not, [`super::MUTED_FOR_GOOD`] for
        /// good.
        pub muted_until_ms: Option<u64>,
        /// The user may read what follows this entry, as far as retention has left it.
        pub reads_after: Option<EntryId>,
    }
}

wire_struct! {
    /// An online user.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Contact {
        pub account: AccountId,
        /// Its user name.
        pub name: String,
        /// The address that its session is seen at.
        pub address: RecipientData,
        ;
        /// Whether the account is marked as a bot's; missing where it is not.
        pub bot: Option<bool>,
    }
}

wire_struct! {
    /// A user, as others may know them.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Person {
        pub account: AccountId,
        /// Its user name.
        pub name: String,
        pub online: bool,
        /// When they were last online, if they are not now and ever were; milliseconds since 1970 (UTC).
        pub seen_ms: Option<u64>,
        /// What they say of being away.
        pub away: Option<String>,
        ;
        /// As in [`Contact`].
        pub bot: Option<bool>,
    }
}

wire_struct! {
    /// How far one member of a conversation has received.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Mark {
        /// The member.
        pub account: AccountId,
        /// The member's user name.
        pub name: String,
        /// The furthest entry that a device of theirs has made durable.
        pub entry: EntryId,
        /// They read only what comes after this entry: what stands before it they have not received.
        pub since: EntryId,
    }
}

wire_struct! {
    /// A room, as one user sees it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Room {
        pub conversation: ConversationId,
        pub name: String,
        /// At most [`super::TOPIC_MAX_BYTES`] of UTF-8, may be empty.
        pub topic: String,
        /// Who may join it.
        pub access: Access,
        /// Of the asking user; `None` if they are not a member.
        pub role: Option<MemberRole>,
        /// The number of members.
        pub members: u32,
        /// How many of the last entries before their joining newcomers may read; 0 for none, [`super::HISTORY_ALL`] for
        /// all.
        pub history: Option<u64>,
    }
}

wire_struct! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RoomMember {
        pub account: AccountId,
        /// Its user name.
        pub name: String,
        /// What they may do.
        pub role: MemberRole,
        /// Whether they are online.
        pub online: bool,
        ;
        /// As in [`Contact`].
        pub bot: Option<bool>,
    }
}

wire_struct! {
    /// A change of a room that a member asks for.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Change {
        /// Which: all but [`EventKind::Joined`] and [`EventKind::Left`], for which there are JOIN and LEAVE.
        pub kind: EventKind,
        /// The user that it is about (INVITED, KICKED, ROLE), as typed.
        pub subject: Option<String>,
        /// The new topic (TOPIC), the reason (KICKED, may be missing), or how much newcomers may read (HISTORY), as
        /// [`super::history_text`] writes it.
        pub text: Option<String>,
        /// The new role (ROLE).
        pub role: Option<MemberRole>,
        /// Who may join from now on (ACCESS).
        pub access: Option<Access>,
    }
}

wire_struct! {
    /// How many members have received at least up to an entry.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Count {
        pub entry: EntryId,
        /// Without the user who receives the count.
        pub members: u32,
    }
}

wire_struct! {
    /// An entry of a log, in an answer to HISTORY.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct HistoryEntry {
        /// Its place.
        pub entry: EntryId,
        /// The entry before it that this reader was permitted.
        pub prev: EntryId,
        /// Who wrote it.
        pub author: AccountId,
        /// When the server stored it, in milliseconds since 1970 (UTC).
        pub time_ms: u64,
        /// The author's digest over the content.
        pub digest: Digest,
        /// The immutable part, as the author made it.
        pub content: ByteBuf,
        /// As in [`Delivery`](super::Delivery).
        pub author_name: Option<String>,
        /// As in [`Delivery`](super::Delivery).
        pub deleted: Option<Deletion>,
    }
}
