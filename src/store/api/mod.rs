//! What the hub may ask of a store, and what comes back: by request and completion, never by waiting.
//!
//! The same trait is meant to stand before other engines later, so an answer has three forms: it was done, it
//! was refused for a reason that will not change by itself, or it is unknown whether it was done, in which case
//! the same request may be made again (every request is safe to repeat).

use serde::{Deserialize, Serialize};

mod replies;

pub use replies::*;

use crate::protocol::{
    Access, AccountId, Change, ConversationId, DeviceId, Digest, EntryId, Number, Position,
};

/// The asker's own number of a request, given back with its completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A BLAKE3 hash of a resume ticket (and of what it is bound to): tickets themselves are never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketHash(pub [u8; 32]);

/// A store with a queue before it.
pub trait Store {
    /// Takes a request, reserving the slot of its completion; `false` if there is no slot, and nothing was taken.
    fn submit(&mut self, id: RequestId, request: Request) -> bool;

    /// What was submitted may begin: nothing is added to it for now. Until then it may wait for company.
    fn flush(&mut self) {}

    /// How many more requests [`Store::submit`] takes now.
    fn room(&self) -> usize;

    /// Frees the slot of a completion: to be called once for each, by whoever takes it.
    fn release(&mut self);
}

/// An answer of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// The request's number.
    pub id: RequestId,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is done, and durable where it wrote anything.
    Done(Reply),
    /// It was refused; nothing was written.
    Refused(Refusal),
    /// It is not known whether it was done: ask again.
    Unknown,
}

/// A question or an order to the store. Names are canonical already.
///
/// What it writes follows from the request and the tables alone, without a clock or a die: the journal keeps requests
/// and makes them again after a crash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Opens an account; it also becomes a member of everyone, from that conversation's head on.
    CreateAccount(NewAccount),
    /// Finds an account by its canonical name: [`Reply::Account`], or refused with [`Refusal::NoSuchUser`].
    FindAccount {
        /// The canonical name.
        name: String,
    },
    /// All accounts, by name: [`Reply::Accounts`].
    ListAccounts,
    /// A login has succeeded: gives the account a device (the one named, if it is the account's; else a new
    /// one) and its ticket: [`Reply::Device`]. Earlier tickets of the device are void.
    OpenDevice {
        /// The account that asks, or that it is about.
        account: AccountId,
        /// The device.
        device: Option<DeviceId>,
        /// The ticket's hash.
        ticket: TicketHash,
        /// When the new ticket ends, in milliseconds since 1970 (UTC).
        expires_ms: u64,
    },
    /// Signs in by ticket: if it is the device's current or previous one and not expired, `successor` becomes the
    /// current one and the ticket used becomes the previous: [`Reply::Device`], else [`Refusal::Ticket`]. A worthless one
    /// costs a look: it writes nothing, not even what waits to be written.
    Resume {
        /// The account that asks, or that it is about.
        account: AccountId,
        /// The device.
        device: DeviceId,
        /// The ticket's hash.
        ticket: TicketHash,
        /// The new ticket's hash.
        successor: TicketHash,
        /// The time, in milliseconds since 1970 (UTC).
        now_ms: u64,
        /// When the new ticket ends, in milliseconds since 1970 (UTC).
        expires_ms: u64,
    },
    /// Forgets a device's tickets (the device and its numbers stay): [`Reply::Nothing`].
    RevokeTickets {
        /// The account that asks, or that it is about.
        account: AccountId,
        /// The device.
        device: DeviceId,
    },
    /// Where a device stands: marks move up to its positions (but not to one with a digest of zeros, where it was
    /// told to begin and has received nothing yet); the answer lists every conversation of the account:
    /// [`Reply::Hello`].
    Hello {
        /// The account that asks, or that it is about.
        account: AccountId,
        /// The device.
        device: DeviceId,
        /// The epoch of the database in whose logs the positions are, if the device knows that.
        epoch: Option<u64>,
        /// Where the device stands; conversations left out are new to it.
        positions: Vec<Position>,
    },
    /// The conversation of a pair, which has no rows before something is said in it: [`Reply::Resolved`], or
    /// [`Refusal::NoSuchUser`], [`Refusal::ToOneself`].
    Resolve {
        /// The account that asks, or that it is about.
        account: AccountId,
        /// The device.
        device: DeviceId,
        /// The canonical name.
        name: String,
    },
    /// Appends to a log, if the number is the device's next and the author may: [`Reply::Stored`]. A number that
    /// stands already with the same digest is answered alike (`repeated`).
    Append(Append),
    /// Uses a number up without an entry: [`Reply::Nothing`], or [`Refusal::Expect`]. A number at or below the
    /// last is answered `Nothing` too.
    Void {
        /// The conversation.
        conversation: ConversationId,
        /// The account that asks, or that it is about.
        account: AccountId,
        /// The device.
        device: DeviceId,
        /// The number.
        number: Number,
    },
    /// Entries after a place, in order, up to about `max_bytes` but at least one if there is any, that the
    /// reader is permitted: [`Reply::Entries`].
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// Who reads.
        reader: AccountId,
        /// The place: its own entry is not read again.
        after: EntryId,
        /// How much to read, in bytes of content and a little for each entry.
        max_bytes: usize,
    },
    /// How far each member has received: [`Reply::Marks`]; only those who have a mark above the start. Refused with
    /// [`Refusal::NotPermitted`] for who does not belong to the conversation (any more).
    Marks {
        /// The conversation.
        conversation: ConversationId,
        /// The account that asks, or that it is about.
        account: AccountId,
        /// Of a conversation of more members than so many none is named, nor read.
        named_max: u32,
    },
    /// Makes an account a member of a room, which is made if there is none of this name and `may_make` allows it; the
    /// maker becomes its owner: [`Reply::Joined`]. Who is a member already stays what they are. Refused with
    /// [`Refusal::NoSuchRoom`], [`Refusal::NotInvited`], [`Refusal::LooksLike`], [`Refusal::LimitReached`].
    Join {
        /// Who joins.
        account: AccountId,
        /// Their device.
        device: DeviceId,
        /// The room's name in canonical form, with its `#`.
        name: String,
        /// UTS 39 skeleton of the name: no two rooms share one.
        skeleton: String,
        /// Who else may join it, if it is made.
        access: Access,
        /// Whether it may be made.
        may_make: bool,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// Makes a room for an account, which becomes its owner, whoever else may make one: [`Reply::Joined`]. Refused with
    /// [`Refusal::NameTaken`] where there is one of this name, [`Refusal::NoSuchUser`], [`Refusal::LooksLike`],
    /// [`Refusal::LimitReached`].
    MakeRoom {
        /// The owner.
        owner: AccountId,
        /// The room's name in canonical form, with its `#`.
        name: String,
        /// UTS 39 skeleton of the name: no two rooms share one.
        skeleton: String,
        /// Who else may join it.
        access: Access,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// Ends a membership of a room: [`Reply::Changed`], without an event if there was none.
    Leave {
        /// The room.
        conversation: ConversationId,
        /// Who leaves.
        account: AccountId,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// Changes a room, or who belongs to it, if the actor's role allows it: [`Reply::Changed`], without an event if it
    /// was so already. Refused with [`Refusal::NotPermitted`], [`Refusal::NoSuchUser`], [`Refusal::NotAMember`],
    /// [`Refusal::LimitReached`].
    ChangeRoom {
        /// The room.
        conversation: ConversationId,
        /// Who asks.
        actor: AccountId,
        /// What; the subject's name in canonical form.
        change: Change,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// Blocks a user, or no longer: what that user says to the account from here on is withheld from it, or given to it
    /// again: [`Reply::Blocked`]. Refused with [`Refusal::NoSuchUser`], [`Refusal::ToOneself`],
    /// [`Refusal::LimitReached`].
    Block {
        /// Who blocks.
        account: AccountId,
        /// Whom: a canonical name.
        name: String,
        /// Whether they are blocked from now on.
        is_blocking: bool,
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
    /// How much public rooms are used, by name, from behind this one on, so many at most: [`Reply::RoomUses`].
    RoomUses {
        /// The name behind which to begin; empty for the first.
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
    /// The last entries before a place, that the reader is permitted, up to so many and about so many bytes, but at
    /// least one if there is any: [`Reply::History`].
    ReadBack {
        /// The conversation.
        conversation: ConversationId,
        /// Who reads.
        reader: AccountId,
        /// The place: its own entry is not read.
        before: EntryId,
        /// How many at most.
        max_entries: usize,
        /// How much to read, in bytes of content and a little for each entry.
        max_bytes: usize,
    },
    /// One step of a pass of retention: removes what has expired from the starts of logs, a bounded part of it:
    /// [`Reply::Expired`] says where the next step begins.
    Expire {
        /// Where to begin; a pass begins at zero.
        from: ConversationId,
        /// What is kept where the operator has said nothing else for a conversation.
        keep: Retention,
        /// The time, in milliseconds since 1970 (UTC).
        now_ms: u64,
    },
    /// Says what is kept of a conversation ("everyone" or a room's name): [`Reply::Nothing`], or
    /// [`Refusal::NoSuchRoom`]. Without limits of its own it is kept like all others.
    Retain {
        /// The conversation's name.
        name: String,
        /// What is kept of it; a limit of zero keeps everything, whatever the others' limit is.
        keep: Retention,
    },
    /// The conversations with limits of their own: [`Reply::Retained`].
    ListRetained,
    /// Moves marks (never back) and notes when accounts were last seen: [`Reply::Nothing`].
    Advance {
        /// Conversation, account, and the entry it has received.
        marks: Vec<(ConversationId, AccountId, EntryId)>,
        /// Account, and when it was last seen, in milliseconds since 1970 (UTC).
        seen: Vec<(AccountId, u64)>,
    },
    /// How many bytes of the logs stand, and how many accounts have written as many as they may: [`Reply::Usage`].
    Usage {
        /// How many one account may have written.
        account_bytes: Option<u64>,
    },
    /// Brings everything done so far into the tables' file, for who reads that beside the engine: [`Reply::Nothing`].
    Checkpoint,
}

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

/// How many bytes of the logs may stand. None is no limit.
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

/// A message to be appended to its conversation's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Append {
    /// The conversation.
    pub conversation: ConversationId,
    /// The author.
    pub author: AccountId,
    /// The author's device.
    pub device: DeviceId,
    /// The device's number in this conversation.
    pub number: Number,
    /// The author's digest over `content`.
    pub digest: Digest,
    /// The immutable part, as it came.
    #[serde(with = "serde_bytes")]
    pub content: Vec<u8>,
    /// The time to label it with, in milliseconds since 1970 (UTC); the log makes it max(this, previous).
    pub time_ms: u64,
    /// What its author, and all, may have written: refused with [`Refusal::QuotaFull`] or [`Refusal::StorageFull`]. The
    /// journal goes without it: what stands there was within it.
    #[serde(skip)]
    pub quota: Quota,
}
