//! What comes back from a store: what each reply is made of, and why something was refused.

use std::collections::BTreeMap;

use super::{
    Acquaintance, AuditedAction, BanOf, Chore, CodeUse, Joined, Member, OpenCode, Removal,
    Retention, RoomMember, RoomSummary, RoomUse, StoreLimit,
};
pub use crate::protocol::BlockedUser;
use crate::protocol::{
    AccountId, AccountRole, ConversationId, DeviceId, DeviceSeq, Digest, EntryId, EntryKind,
    EventKind, FileRoot, FileSize, RecipientData, Room,
};
use crate::store::blobs::BlobKey;

/// What a request that was done returns.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// It is done; there is nothing to say.
    Nothing,
    /// To [`Write::CreateAccount`](super::Write::CreateAccount) and [`Read::FindAccount`](super::Read::FindAccount).
    Account(Account),
    /// To [`Write::ChangePassword`](super::Write::ChangePassword) and [`Write::RevokeDevice`](super::Write::RevokeDevice).
    Revoked {
        /// How many other devices had tickets, which are void now.
        devices: u32,
    },
    /// To [`Write::DeleteAccount`](super::Write::DeleteAccount): the rooms were left with these.
    Deleted(Vec<Event>),
    /// It was so already: nothing is written, noted in the audit log, or told to others.
    Unchanged,
    /// To [`Read::Devices`](super::Read::Devices): by id.
    Devices(Vec<Device>),
    /// To [`Read::ListAccounts`](super::Read::ListAccounts).
    Accounts {
        /// The accounts, by name.
        accounts: Vec<Account>,
        /// Of those that are disabled, why; may be empty.
        disabled: BTreeMap<AccountId, String>,
        /// How many there are beside them whose record is damaged.
        unreadable: u64,
    },
    /// To [`Read::Bans`](super::Read::Bans).
    Bans {
        /// In the order of their subjects.
        bans: Vec<BanOf>,
        /// Whether there are further ones after the last.
        has_more: bool,
    },
    /// To [`Read::Audit`](super::Read::Audit).
    Audit(Vec<AuditedAction>),
    /// To [`Read::FindCode`](super::Read::FindCode).
    Code(CodeUse),
    /// To [`Read::ListCodes`](super::Read::ListCodes): the expired are among them.
    Codes(Vec<OpenCode>),
    /// To [`Write::OpenDevice`](super::Write::OpenDevice) and [`Write::Resume`](super::Write::Resume).
    Device {
        account: AccountId,
        /// Its canonical name.
        name: String,
        /// Whether it is marked as a bot's.
        is_bot: bool,
        role: AccountRole,
        device: DeviceId,
        /// The database's epoch.
        epoch: u64,
        /// When the password was last set by an enrolment code, if the device is to be told, in milliseconds since 1970 (UTC).
        reset_ms: Option<u64>,
    },
    /// To [`Write::Hello`](super::Write::Hello).
    Hello {
        /// One for each conversation of the account.
        standings: Vec<ConversationState>,
        /// Whom the account blocks, by name.
        blocked: Vec<BlockedUser>,
    },
    /// To [`Read::Resolve`](super::Read::Resolve).
    Resolved {
        /// Where the device stands in it.
        standing: ConversationState,
        /// The other account, or this one if it asked for its notes.
        peer: AccountId,
    },
    /// To [`Write::Append`](super::Write::Append).
    Stored(StoredEntry),
    /// To [`Read::Entries`](super::Read::Entries): the entries, and the head of the log at that moment.
    Entries {
        entries: Vec<Entry>,
        /// The last entry of the log.
        head: EntryId,
        /// Whether retention has removed something between the place and the first of these that the reader was
        /// permitted.
        has_expired: bool,
    },
    /// To [`Read::Marks`](super::Read::Marks).
    Marks {
        /// How many belong to the conversation.
        members: u32,
        /// Those of them who have received something since; none, where they are more than were to be named.
        marks: Vec<MemberMark>,
    },
    /// To [`Write::Join`](super::Write::Join) and [`Write::MakeRoom`](super::Write::MakeRoom).
    Joined(Box<Joined>),
    /// To [`Write::Leave`](super::Write::Leave) and [`Write::ChangeRoom`](super::Write::ChangeRoom).
    Changed {
        /// The news of it, if anything changed.
        event: Option<Event>,
        /// The account that it is about, if not the actor's.
        subject: Option<AccountId>,
    },
    /// To [`Write::Read`](super::Write::Read): what moved, and to where.
    Read(Vec<(ConversationId, AccountId, EntryId)>),
    /// To [`Write::SetOwner`](super::Write::SetOwner).
    OwnerSet {
        room: ConversationId,
        /// The entry after which it reads, and the news of it, if the account has joined the room.
        joined: Option<(u64, Event)>,
        /// The news of who has which role.
        events: Vec<Event>,
    },
    /// To [`Write::DeleteEntry`](super::Write::DeleteEntry) and [`Write::Purge`](super::Write::Purge).
    Removed(Vec<Removal>),
    /// To [`Write::PurgeAccount`](super::Write::PurgeAccount).
    Purging {
        account: AccountId,
        /// The rooms were left with these.
        left: Vec<Event>,
    },
    /// To [`Read::NextChore`](super::Read::NextChore).
    Chore(Option<Chore>),
    /// To [`Read::ListRooms`](super::Read::ListRooms): by name, and after which there are others.
    RoomList {
        rooms: Vec<RoomSummary>,
        next: Option<String>,
    },
    /// To [`Read::ShowRoom`](super::Read::ShowRoom).
    RoomShown {
        room: RoomSummary,
        members: Vec<RoomMember>,
        /// Behind which member there are others.
        next: Option<AccountId>,
    },
    /// To [`Read::Rooms`](super::Read::Rooms).
    Rooms(Vec<Room>),
    /// To [`Read::RoomUses`](super::Read::RoomUses).
    RoomUses {
        rooms: Vec<RoomUse>,
        /// The last one's name, if there are others after it.
        next: Option<String>,
    },
    /// To [`Read::Members`](super::Read::Members).
    Members {
        members: Vec<Member>,
        /// What newcomers may read, as in [`Room::history`].
        history: u64,
    },
    /// To [`Read::Acquaintances`](super::Read::Acquaintances).
    Acquaintances(Vec<Acquaintance>),
    /// To [`Read::Acquaintance`](super::Read::Acquaintance), with the names of the rooms.
    Acquaintance(Acquaintance, Vec<String>),
    /// To [`Write::Expire`](super::Write::Expire).
    Expired {
        /// How many entries were removed.
        removed: u64,
        /// Where the next step of this pass begins; none at its end.
        next: Option<ConversationId>,
        /// Nothing was removed, because the clock has jumped since the last pass: that one's time, in milliseconds
        /// since 1970 (UTC).
        jumped_from_ms: Option<u64>,
    },
    /// To [`Read::ListRetained`](super::Read::ListRetained) and [`Read::Retained`](super::Read::Retained): names, and
    /// what is kept.
    Retained(Vec<(String, Retention)>),
    /// To [`Read::History`](super::Read::History): oldest first.
    History {
        entries: Vec<Entry>,
        /// Whether the reader may read others before them.
        more: bool,
    },
    /// To [`Read::Usage`](super::Read::Usage).
    Usage {
        /// How many bytes of the logs stand.
        bytes: u64,
        /// How many accounts have written as many as they may.
        full_accounts: u64,
        /// How many accounts there are, without those that were deleted.
        accounts: u64,
        /// How many rooms there are.
        rooms: u64,
        /// How many bytes of attached files are kept, each counted as quotas count it.
        file_bytes: u64,
    },
    /// To [`Write::Block`](super::Write::Block).
    Blocked {
        /// The user that it was about.
        other: AccountId,
        /// Whom the account blocks now, by name.
        blocked: Vec<BlockedUser>,
        /// The conversation of the two, if there is one, and the entry up to which the other is told no receipts of the
        /// account, also once they are not blocked any more.
        pair: Option<(ConversationId, EntryId)>,
    },
    /// To [`Read::File`](super::Read::File).
    File(BlobKey),
    /// To [`Read::HasFile`](super::Read::HasFile).
    HasFile {
        /// How long it is, if it is there.
        size: Option<FileSize>,
        /// How many bytes of files are kept for the account.
        account_bytes: u64,
        /// How many are for all.
        all_bytes: u64,
        /// How many the account has brought in the day, as far as they are still noted, if that was asked for. Each file
        /// counts the less the longer ago it came.
        day_bytes: Option<u64>,
    },
    /// To [`Read::FilesKept`](super::Read::FilesKept).
    FilesKept(Vec<BlobKey>),
    /// To [`Write::SweepFiles`](super::Write::SweepFiles).
    FilesSwept {
        /// How many files were forgotten.
        removed: u64,
        /// The file after which the next step of this pass begins; none at its end.
        next: Option<(AccountId, FileRoot)>,
    },
}

/// An entry that the store itself has written: something happened in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// In whose log it stands: the room's, or the pair's for an invitation.
    pub conversation: ConversationId,
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub author: AccountId,
    /// Where it stands, and who reads it.
    pub stored: StoredEntry,
    /// Its content, as it stands in the log.
    pub content: Vec<u8>,
    /// The digest over the content.
    pub digest: Digest,
}

/// What signing in needs to know of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub id: AccountId,
    /// Its canonical name.
    pub name: String,
    /// OPAQUE's registration record.
    pub record: Vec<u8>,
    /// OPAQUE's credential identifier.
    pub credential_identifier: [u8; 16],
    /// When it was opened, in milliseconds since 1970 (UTC).
    pub created_ms: u64,
    /// Whether it is marked as a bot's.
    pub is_bot: bool,
    pub role: AccountRole,
}

/// A device of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    pub device: DeviceId,
    /// When its ticket ends, in milliseconds since 1970 (UTC); zero without one.
    pub expires_ms: u64,
    /// When it was last used, in milliseconds since 1970 (UTC), if that was noted.
    pub used_ms: Option<u64>,
    /// Where that was.
    pub address: Option<RecipientData>,
}

/// The state of one conversation for one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationState {
    pub conversation: ConversationId,
    /// Whether it is a room, whose readers are those who belong to it now.
    pub is_room: bool,
    /// The other's name in a pair; "everyone"; a room's name with its `#`.
    pub name: String,
    /// The last entry of the log that the account may read.
    pub head: EntryId,
    /// The last number the server has from this device.
    pub last_number: DeviceSeq,
    /// Where deliveries to this device begin: its position if the entry there has the digest that it names; else
    /// the last place common to both; in a conversation that it does not name, the account's mark if the device
    /// is a new one that names none, else the beginning of what the account may read.
    pub start: EntryId,
    /// Others are told the account's receipts only of what comes after this entry.
    pub joined_after: EntryId,
    /// The furthest entry that any device of the account has made durable, this one included.
    pub delivered_up_to: EntryId,
    /// The last entry that retention has removed.
    pub log_start: EntryId,
    /// In a room that the account does not belong to any more, the last entry that it may read.
    pub until: Option<EntryId>,
    /// Whether retention has removed something that the device would have been sent.
    pub expired: bool,
    /// The last entry that the account has read.
    pub read_up_to: EntryId,
    /// Until when the account has muted it, in milliseconds since 1970 (UTC); 0 if not.
    pub muted_until_ms: u64,
    /// The account may read what follows this entry.
    pub reads_after: EntryId,
}

/// How far a member of a conversation has received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberMark {
    pub account: AccountId,
    /// The member's canonical name.
    pub name: String,
    /// The furthest entry that a device of theirs has made durable.
    pub entry: EntryId,
    /// It says so only of what comes after this entry.
    pub joined_after: EntryId,
}

/// A message that stands in its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    pub entry: EntryId,
    /// The entry before it that the author is given.
    pub prev: EntryId,
    /// Its time label.
    pub time_ms: u64,
    /// It stood there already: this was a repetition.
    pub repeated: bool,
    /// Who reads this conversation.
    pub audience: Audience,
}

/// Who reads a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Two accounts; and of the one who is not the author, what they see of it.
    Pair {
        /// The lower id.
        low: AccountId,
        /// The higher id.
        high: AccountId,
        /// When the one who is not the author was last seen, in milliseconds since 1970 (UTC); zero for never.
        peer_seen_ms: u64,
        /// The entry before it that the one who is not the author was given; none if this one is withheld from them, or
        /// stood there already.
        peer_prev: Option<EntryId>,
        /// The name of the one who is not the author, where this is the first entry that the author is given.
        peer_name: Option<String>,
    },
    /// One account, for which the author, who is it, notes something.
    Notes {
        account: AccountId,
        /// Whether it is the first entry that the account is given.
        is_first: bool,
    },
    /// Every account; so many there are.
    Everyone {
        /// How many accounts there are.
        accounts: u32,
    },
    /// Those who belong to the room; the hub knows which of them are online.
    Room {
        /// How many they are.
        members: u32,
    },
}

impl Audience {
    /// How many read it, where they are counted; else 0.
    pub(in crate::store) const fn readers(&self) -> u32 {
        match self {
            Self::Pair { .. } | Self::Notes { .. } => 0,
            Self::Everyone { accounts: readers } | Self::Room { members: readers } => *readers,
        }
    }

    /// The same with so many as were counted once, if any were.
    pub(in crate::store) fn with_readers(mut self, counted: u32) -> Self {
        if counted > 0
            && let Self::Everyone { accounts: readers } | Self::Room { members: readers } =
                &mut self
        {
            *readers = counted;
        }
        self
    }
}

/// An entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub entry: EntryId,
    /// The entry before it that this reader was permitted.
    pub prev: EntryId,
    /// Who wrote it.
    pub author: AccountId,
    pub device: DeviceId,
    pub number: DeviceSeq,
    /// Its time label, in milliseconds since 1970 (UTC).
    pub time_ms: u64,
    /// The author's digest.
    pub digest: Digest,
    /// The immutable part, as it came.
    pub content: Vec<u8>,
    /// If it was deleted: then it has no content.
    pub deleted: Option<Deleted>,
    /// The author's name, except in a pair; none if the account is damaged.
    pub author_name: Option<String>,
    /// The other user's name, in a pair.
    pub peer_name: Option<String>,
}

/// That an entry was deleted. Of one that was deleted while a backup was made, no account and no time may be known: zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    pub by: AccountId,
    /// In milliseconds since 1970 (UTC).
    pub time_ms: u64,
    /// What the entry was.
    pub kind: EntryKind,
}

impl From<Deleted> for crate::protocol::Deletion {
    fn from(deleted: Deleted) -> Self {
        Self {
            by: deleted.by,
            time_ms: deleted.time_ms,
            kind: Some(deleted.kind),
        }
    }
}

/// The entry that has a key already, whether or not it has expired or was deleted since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidBefore {
    /// Which may be another one than is asked for now.
    pub conversation: ConversationId,
    pub entry: EntryId,
    /// When it was stored, in milliseconds since 1970 (UTC).
    pub time_ms: u64,
    /// Who reads it.
    pub audience: Audience,
}

/// Why the store refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The name is an account's.
    NameTaken,
    /// The name looks like this one.
    LooksLike(String),
    /// No account has this name.
    NoSuchUser,
    /// The account of this name was deleted.
    Deleted,
    /// The account has another password by now than the one that was proved.
    Password,
    /// The account has no such device.
    NoSuchDevice,
    /// The account is disabled: why, as the user is told it; may be empty.
    Disabled(String),
    /// The enrolment code is not good for this (any more).
    Code,
    /// There is no invitation of this number.
    NoSuchInvitation,
    /// There is no such ban.
    NoSuchBan,
    /// The ticket is not good (any more).
    Ticket,
    /// The device has a ticket of a later attempt at a sign-in, of this one.
    Attempt(u64),
    /// Nobody talks to oneself.
    ToOneself,
    /// The number is not the next one; this is.
    Expect(DeviceSeq),
    /// The number was used for other content.
    Conflict,
    /// Another entry of the account has the key; this one.
    SaidBefore(SaidBefore),
    /// The number is so old that its digest is no longer kept.
    UnknownNumber,
    /// The conversation is not the asker's, or there is none with this id; or it does not let them do this.
    NotPermitted,
    /// The role of the account that it is about is not below the asker's.
    Outranked,
    /// The conversation lets others do this, and not the asker: who, in words.
    OnlyOthers(&'static str),
    /// What an entry refers to is not there, or not such that this could be done to it: why, in words.
    BadReference(&'static str),
    /// The file is not there: it was never complete, or has expired.
    NoSuchFile,
    /// There is no room of this name, and none is made.
    NoSuchRoom,
    /// The room is private, and this account has no invitation.
    NotInvited,
    /// The subject does not belong to the room.
    NotAMember,
    /// The author has written as many bytes as one may that stand: so many.
    QuotaFull(u64),
    /// All have written as many bytes as may stand, or nearly, and the author more than their share.
    StorageFull,
    LimitReached(StoreLimit),
}
