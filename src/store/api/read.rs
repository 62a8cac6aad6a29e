//! Requests that only read. None of them is recorded, and a snapshot is enough for each.

use super::BanSubject;
#[cfg(doc)]
use super::{Refusal, Reply};
use crate::protocol::{AccountId, ConversationId, DeviceId, EntryId, FileRoot, Position};
use crate::store::CodeHash;
use crate::store::blobs::BlobKey;

/// A request that only reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Finds an account by its canonical name: [`Reply::Account`], or refused with [`Refusal::NoSuchUser`]. If the name's
    /// skeleton is given, it is said whether there can be one: refused with [`Refusal::LooksLike`] if another account has
    /// it, and with [`Refusal::Deleted`] if there was one of this name.
    FindAccount {
        /// The canonical name.
        name: String,
        /// Where an account of this name is to be opened if there is none.
        skeleton: Option<String>,
    },
    /// The last actions in the audit log, newest first: [`Reply::Audit`].
    Audit {
        /// Only such with lower numbers.
        before: u64,
        /// How many are wanted; at most a thousand are read.
        count: usize,
    },
    /// What somebody of this name may do with an enrolment code: [`Reply::Code`], or [`Refusal::Code`] whatever there is. Who
    /// has a good one is also told [`Refusal::Disabled`], or why they can open no account of this name.
    FindCode {
        /// Canonical name.
        name: String,
        skeleton: String,
        code: CodeHash,
        /// The time, in milliseconds since 1970 (UTC).
        now_ms: u64,
    },
    /// What deletions have left to do: [`Reply::Chore`].
    NextChore,
    /// All rooms by name, for the operator, so many as are looked through at once: [`Reply::RoomList`].
    ListRooms {
        /// The name after which to begin; empty for the first.
        after: String,
    },
    /// A room and a page of its members, for the operator: [`Reply::RoomShown`], or [`Refusal::NoSuchRoom`].
    ShowRoom {
        /// In canonical form, with its `#`.
        name: String,
        /// The member after which to begin.
        after: AccountId,
    },
    /// The enrolment codes that are kept: [`Reply::Codes`].
    ListCodes,
    /// The bans after this one, also those that have ended: [`Reply::Bans`].
    Bans { after: Option<BanSubject> },
    /// The devices of an account: [`Reply::Devices`].
    Devices { account: AccountId },
    /// All accounts that were not deleted, by name: [`Reply::Accounts`].
    ListAccounts,
    /// What [`super::Write::Hello`] answers, if it is asked for where marks do not move by it: [`Reply::Hello`].
    Hello {
        /// The account that asks.
        account: AccountId,
        device: DeviceId,
        /// As in [`super::Write::Hello`].
        epoch: Option<u64>,
        positions: Vec<Position>,
    },
    /// The conversation of a pair, or of an account with itself, which has no rows before something is said in it:
    /// [`Reply::Resolved`], or
    /// [`Refusal::NoSuchUser`], [`Refusal::ToOneself`].
    Resolve {
        /// The account that asks, or that it is about.
        account: AccountId,
        device: DeviceId,
        /// The canonical name.
        name: String,
    },
    /// Entries after a place, in order, up to about `max_bytes` but at least one if there is any, that the
    /// reader is permitted: [`Reply::Entries`].
    Entries {
        conversation: ConversationId,
        reader: AccountId,
        /// The place: its own entry is not read again.
        after: EntryId,
        /// How much to read, in bytes of content and a little for each entry.
        max_bytes: usize,
    },
    /// The last entries before a place, that the reader is permitted, up to so many and about so many bytes, but at
    /// least one if there is any: [`Reply::History`].
    History {
        conversation: ConversationId,
        reader: AccountId,
        /// The place: its own entry is not read.
        before: EntryId,
        /// How many at most.
        max_entries: usize,
        /// How much to read, in bytes of content and a little for each entry.
        max_bytes: usize,
    },
    /// How far each member has received: [`Reply::Marks`]; only those who have a mark above the start. Refused with
    /// [`Refusal::NotPermitted`] for who does not belong to the conversation (any more).
    Marks {
        conversation: ConversationId,
        /// The account that asks, or that it is about.
        account: AccountId,
        /// Of a conversation of more members than so many none is named, nor read.
        named_max: u32,
    },
    /// The rooms that an account belongs to and is invited to, in this order and by name, then those of the ones named
    /// here that it may join: [`Reply::Rooms`].
    Rooms {
        /// Who asks.
        account: AccountId,
        /// Whether its own are wanted.
        own: bool,
        /// Of these it is told as long as everybody may join them.
        public: Vec<ConversationId>,
    },
    /// How much public rooms are used, by name, after this one, so many at most: [`Reply::RoomUses`].
    RoomUses {
        /// The name after which to begin; empty for the first.
        after: String,
        /// How many.
        count: usize,
    },
    /// Who belongs to a room, by name: [`Reply::Members`].
    Members {
        /// The room.
        conversation: ConversationId,
        /// Who asks: a member.
        account: AccountId,
    },
    /// Everybody with whom an account shares a room or a direct conversation, by name: [`Reply::Acquaintances`].
    Acquaintances { account: AccountId },
    /// A user, and the rooms that both belong to: [`Reply::Acquaintance`], or [`Refusal::NoSuchUser`].
    Acquaintance {
        /// Who asks.
        account: AccountId,
        /// The canonical name.
        name: String,
    },
    /// The conversations with limits of their own: [`Reply::Retained`].
    ListRetained,
    /// The limits of one conversation's own, which may be none: [`Reply::Retained`], or [`Refusal::NoSuchRoom`].
    Retained {
        /// Everyone's, or a room's canonical name.
        name: String,
    },
    /// How many bytes of the logs stand, and how many accounts have written as many as they may: [`Reply::Usage`].
    Usage {
        /// How many one account may have written.
        account_bytes: Option<u64>,
    },
    /// The file of an entry, if the reader is given that: [`Reply::File`]. Refused as [`Read::History`] is, or with
    /// [`Refusal::NoSuchFile`] where the entry has none, is not given to the reader, or the file is gone, and
    /// [`Refusal::BadReference`] where it was deleted.
    File {
        conversation: ConversationId,
        entry: EntryId,
        reader: AccountId,
    },
    /// Whether a file of an account is there, and how much of files is kept: [`Reply::HasFile`].
    HasFile {
        account: AccountId,
        root: FileRoot,
        /// Tell what the account has brought in the day before this moment, in milliseconds since 1970 (UTC).
        day_ms: Option<u64>,
    },
    /// Which of these files are kept: [`Reply::FilesKept`]. What cannot be read is.
    FilesKept { files: Vec<BlobKey> },
}
