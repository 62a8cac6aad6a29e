//! Requests that write. The message log records them, and after a crash the engine executes them again, so they outlive
//! the program that made them: see [`Write`] for the rule that a later version must keep.

#[cfg(doc)]
use super::{Refusal, Reply};
use serde::{Deserialize, Serialize};

use super::{
    Append, Audited, Ban, BanSubject, CodeHash, DeviceUse, LogOf, NewAccount, NewCode, Operation,
    Purge, Quota, Retention, TicketHash,
};
use crate::protocol::{
    Access, AccountId, AccountRole, Change, ConversationId, DeviceId, DeviceSeq, EntryId, FileRoot,
    Position,
};

/// The highest tag of a [`Write`].
pub(in crate::store) const LAST_TAG: u32 = 49;

/// A request that writes.
///
/// The result follows from the write and the tables alone, without a clock or a random number, since the message log
/// replays writes after a crash.
///
/// # Changing it
///
/// A later version must read what this one has recorded. So a tag (the number in `rename`) is never used for another
/// write, and the fields of a write, their order and their types stay; one more may follow them, if its default means what
/// the write meant without it. A new write takes the next tag, and so does a
/// write that needs other fields; the old one stays until no supported version records it. `segments::commands`
/// keeps the recorded bytes of each write and compares them in a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Write {
    /// Opens an account; it also becomes a member of everyone, from that conversation's head on.
    #[serde(rename = "1")]
    CreateAccount(NewAccount),
    /// A login has succeeded: gives the account a device (the one named, if it is the account's; else a new
    /// one) and its ticket: [`Reply::Device`]. Earlier tickets of the device are void.
    #[serde(rename = "2")]
    OpenDevice {
        /// The account that asks, or that it is about.
        account: AccountId,
        device: Option<DeviceId>,
        ticket: TicketHash,
        /// When the new ticket ends, in milliseconds since 1970 (UTC).
        expires_ms: u64,
    },
    /// Signs in by ticket: if it is the device's current or previous one and not expired, `successor` becomes the
    /// current one and the ticket used becomes the previous: [`Reply::Device`], else [`Refusal::Ticket`]; or
    /// [`Refusal::Attempt`] if it is the previous one and a later attempt has made the current one. A worthless one
    /// costs a look: it writes nothing, not even what waits to be written.
    #[serde(rename = "3")]
    Resume {
        /// The account that asks, or that it is about.
        account: AccountId,
        device: DeviceId,
        ticket: TicketHash,
        /// The new ticket's hash.
        successor: TicketHash,
        /// The time, in milliseconds since 1970 (UTC).
        now_ms: u64,
        /// When the new ticket ends, in milliseconds since 1970 (UTC).
        expires_ms: u64,
        /// Which attempt of the client's it is; zero before attempts had numbers.
        #[serde(default)]
        attempt: u64,
    },
    /// Forgets a device's tickets (the device and its numbers stay): [`Reply::Nothing`].
    #[serde(rename = "4")]
    RevokeTickets {
        /// The account that asks, or that it is about.
        account: AccountId,
        device: DeviceId,
    },
    /// Where a device stands: marks move up to its positions (but not to one with a digest of zeros, where it was
    /// told to begin and has received nothing yet); the answer lists every conversation of the account:
    /// [`Reply::Hello`].
    #[serde(rename = "5")]
    Hello {
        /// The account that asks, or that it is about.
        account: AccountId,
        device: DeviceId,
        /// The epoch of the database in whose logs the positions are, if the device knows that.
        epoch: Option<u64>,
        /// Where the device stands; conversations left out are new to it.
        positions: Vec<Position>,
    },
    /// Appends to a log, if the number is the device's next and the author may: [`Reply::Stored`]. A number that
    /// stands already with the same digest is answered alike (`repeated`). A file's entry is refused with
    /// [`Refusal::NoSuchFile`] unless the file was added for its author, and is still there.
    #[serde(rename = "6")]
    Append(Append),
    /// Uses a number up without an entry: [`Reply::Nothing`], or [`Refusal::Expect`]. A number at or below the
    /// last is answered `Nothing` too.
    #[serde(rename = "7")]
    Void {
        conversation: ConversationId,
        /// The account that asks, or that it is about.
        account: AccountId,
        device: DeviceId,
        number: DeviceSeq,
    },
    /// Makes an account a member of a room, which is made if there is none of this name and `may_make` allows it; the
    /// maker becomes its owner: [`Reply::Joined`]. Who is a member already stays what they are. Refused with
    /// [`Refusal::NoSuchRoom`], [`Refusal::NotInvited`], [`Refusal::LooksLike`], [`Refusal::LimitReached`].
    #[serde(rename = "8")]
    Join {
        /// Who joins.
        account: AccountId,
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
    #[serde(rename = "9")]
    MakeRoom {
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
    #[serde(rename = "10")]
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
    #[serde(rename = "11")]
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
    #[serde(rename = "12")]
    Block {
        /// Who blocks.
        account: AccountId,
        /// Whom: a canonical name.
        name: String,
        /// Whether they are blocked from now on.
        is_blocking: bool,
    },
    /// One step of a pass of retention: removes what has expired from the starts of logs, a bounded part of it:
    /// [`Reply::Expired`] says where the next step begins.
    #[serde(rename = "13")]
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
    #[serde(rename = "14")]
    Retain {
        /// The conversation's name.
        name: String,
        /// What is kept of it; a limit of zero keeps everything, whatever the others' limit is.
        keep: Retention,
    },
    /// Moves marks (never back) and notes when accounts were last seen: [`Reply::Nothing`].
    #[serde(rename = "15")]
    Advance {
        /// Conversation, account, and the entry it has received.
        marks: Vec<(ConversationId, AccountId, EntryId)>,
        /// Account, and when it was last seen, in milliseconds since 1970 (UTC).
        seen: Vec<(AccountId, u64)>,
    },
    /// Deletes the content of an entry; in its place stands who has done it and when: [`Reply::Nothing`], also if it is
    /// deleted already. Its author may, and in a room its moderators and its owner; else [`Refusal::NotPermitted`], as where
    /// nothing stands that the actor could read. The content is overwritten on disk within seconds; copies that were made
    /// before keep it.
    #[serde(rename = "16")]
    Delete {
        conversation: ConversationId,
        /// Who deletes it.
        actor: AccountId,
        entry: EntryId,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// What [`Write::OpenDevice`] does, if the password that was proved is still the account's; else
    /// [`Refusal::Password`]; or [`Refusal::Attempt`] if a later attempt has made the ticket of the device named.
    #[serde(rename = "17")]
    Login {
        account: AccountId,
        /// The credential identifier with which the password was proved.
        proved: [u8; 16],
        device: Option<DeviceId>,
        ticket: TicketHash,
        /// When the new ticket ends, in milliseconds since 1970 (UTC).
        expires_ms: u64,
        /// Which attempt of the client's it is; zero before attempts had numbers.
        #[serde(default)]
        attempt: u64,
    },
    /// Sets another password and voids all tickets but the current one of this device: [`Reply::Revoked`], or
    /// [`Refusal::Password`] if the one that was proved is the account's no longer.
    #[serde(rename = "18")]
    ChangePassword {
        account: AccountId,
        /// The credential identifier with which the old password was proved.
        proved: [u8; 16],
        /// Which keeps its ticket.
        device: DeviceId,
        /// OPAQUE's registration record of the new password.
        #[serde(with = "serde_bytes")]
        record: Vec<u8>,
        /// OPAQUE's new credential identifier.
        credential_identifier: [u8; 16],
    },
    /// Forgets a device: its tickets are void, and signing in by password makes it a new one: [`Reply::Revoked`], or
    /// [`Refusal::NoSuchDevice`], [`Refusal::Password`].
    #[serde(rename = "19")]
    RevokeDevice {
        account: AccountId,
        /// As in [`Write::ChangePassword`]; none if it is the operator who asks.
        proved: Option<[u8; 16]>,
        device: DeviceId,
    },
    /// Deletes an account: it leaves its rooms, its devices are forgotten, and nobody signs in to it again. Its name and
    /// what was said under it stay: [`Reply::Deleted`], without entries if that was done before, or [`Refusal::NoSuchUser`],
    /// [`Refusal::Password`].
    #[serde(rename = "20")]
    DeleteAccount {
        account: AccountId,
        /// As in [`Write::RevokeDevice`].
        proved: Option<[u8; 16]>,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// Notes when and where devices were last used; of one that is not there, nothing: [`Reply::Nothing`].
    #[serde(rename = "21")]
    NoteUses(Vec<DeviceUse>),
    /// Notes how far accounts have read, never back and never past what they are given: [`Reply::Read`]. What names no
    /// reader is passed over.
    #[serde(rename = "22")]
    Read {
        /// Conversation, account, and the entry up to which it has read.
        reads: Vec<(ConversationId, AccountId, EntryId)>,
    },
    /// Mutes a conversation for an account, or no longer: [`Reply::Nothing`]. Refused with [`Refusal::NotPermitted`] where
    /// it has none.
    #[serde(rename = "23")]
    Mute {
        conversation: ConversationId,
        /// Who mutes it.
        account: AccountId,
        /// Until when, in milliseconds since 1970 (UTC); 0 for no longer.
        until_ms: u64,
    },
    /// Stands in the message log for an append with an idempotency key, of which the entry is the next one of the record.
    /// Nobody asks for it.
    #[serde(rename = "24")]
    Keyed { key: [u8; 16] },
    /// Notes that a file is complete: its blob is durable already. From now on entries of the account may refer to it:
    /// [`Reply::Nothing`], also if it was noted before. Refused with [`Refusal::NoSuchUser`], [`Refusal::QuotaFull`],
    /// [`Refusal::StorageFull`].
    #[serde(rename = "25")]
    AddFile {
        /// Who has brought it.
        account: AccountId,
        root: FileRoot,
        /// In bytes.
        size: u64,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
        /// How much of files may be kept. The message log goes without it.
        #[serde(skip)]
        quota: Quota,
    },
    /// One step of a pass over the files, a bounded part of them: forgets those that no entry has referred to for a day, and
    /// those that are older than files are kept: [`Reply::FilesSwept`] says where the next step begins. A pass that begins more
    /// than a day before or after the last one forgets nothing.
    #[serde(rename = "26")]
    SweepFiles {
        /// The file after which to begin; a pass begins with none.
        after: Option<(AccountId, FileRoot)>,
        /// How long a file is kept from when it came, in milliseconds, whatever refers to it; none is as long as that.
        kept_ms: Option<u64>,
        /// The time, in milliseconds since 1970 (UTC).
        now_ms: u64,
    },
    /// Marks an account as a bot's, or no longer: [`Reply::Nothing`], or [`Refusal::NoSuchUser`].
    #[serde(rename = "27")]
    MarkBot { account: AccountId, is_bot: bool },
    /// Nobody signs in to an account any longer, or again: [`Reply::Nothing`], or [`Refusal::NoSuchUser`]. Its devices
    /// keep their tickets.
    #[serde(rename = "28")]
    Disable {
        account: AccountId,
        /// Why, as the user is told it; may be empty. None enables it.
        reason: Option<String>,
    },
    /// Does what somebody wants who administers the server, and notes it in the audit log: the reply of that write, or
    /// [`Refusal::NotPermitted`] if it is not an administrator's. A refused one is not noted.
    #[serde(rename = "29")]
    Audited(Audited),
    /// Makes an enrolment code, and voids the account's earlier one: [`Reply::Nothing`], or [`Refusal::NoSuchUser`],
    /// [`Refusal::LimitReached`].
    #[serde(rename = "30")]
    MakeCode(NewCode),
    /// Voids the invitation of this number: [`Reply::Nothing`], or [`Refusal::NoSuchInvitation`].
    #[serde(rename = "31")]
    RevokeInvitation { number: u32 },
    /// Sets another password for who has a code of the account, which is used up, and voids all tickets:
    /// [`Reply::Revoked`], or [`Refusal::Code`], [`Refusal::Disabled`]. Each device is told at its next sign-in by password.
    #[serde(rename = "32")]
    ResetPassword {
        account: AccountId,
        code: CodeHash,
        /// OPAQUE's registration record of the new password.
        #[serde(with = "serde_bytes")]
        record: Vec<u8>,
        /// OPAQUE's new credential identifier.
        credential_identifier: [u8; 16],
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// What [`Write::CreateAccount`] does, for who has an invitation, of which it takes a use; else [`Refusal::Code`].
    #[serde(rename = "33")]
    CreateInvited { account: NewAccount, code: CodeHash },
    /// Bans an account or a prefix of addresses, in place of a ban that it has: [`Reply::Nothing`], [`Refusal::NoSuchUser`], or
    /// [`Refusal::LimitReached`] if there are too many bans or the reason is too long.
    #[serde(rename = "34")]
    Ban { subject: BanSubject, ban: Ban },
    /// Lifts a ban: [`Reply::Nothing`], or [`Refusal::NoSuchBan`].
    #[serde(rename = "35")]
    Unban { subject: BanSubject },
    /// Changes nothing here: who learns of it ends these sessions. [`Reply::Nothing`].
    #[serde(rename = "36")]
    EndSessions {
        /// Whose; none if nobody is signed in on the session.
        account: Option<AccountId>,
        /// Only this one, by the number that the server has given it.
        session: Option<u64>,
    },
    /// Says something to all users, as an event in the log of everyone: [`Reply::Changed`], or [`Refusal::LimitReached`] if it
    /// is too long.
    #[serde(rename = "37")]
    Announce {
        /// The account that says it; none for the operator.
        author: Option<AccountId>,
        text: String,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// Changes nothing: the audit log has it. [`Reply::Nothing`].
    #[serde(rename = "38")]
    Operate(Operation),
    /// What an account may do at the server from now on: [`Reply::Nothing`], or [`Refusal::NoSuchUser`].
    #[serde(rename = "39")]
    SetRole {
        account: AccountId,
        role: AccountRole,
    },
    /// What [`Write::Audited`] does, for an account that has this role, as the server has found; refused with
    /// [`Refusal::NotPermitted`] if it has another by now, and with [`Refusal::Outranked`] unless its role is above that of the
    /// account that the write is about, and above a role that it gives.
    #[serde(rename = "40")]
    Delegated {
        by: AccountId,
        role: AccountRole,
        /// In milliseconds since 1970 (UTC).
        time_ms: u64,
        /// What is to be done.
        write: Box<Write>,
    },
    /// Gives an account another name. The one that it had leads to it from now on, and to nobody else: [`Reply::Nothing`], or
    /// [`Refusal::NoSuchUser`], [`Refusal::NameTaken`], [`Refusal::LooksLike`], [`Refusal::LimitReached`].
    #[serde(rename = "41")]
    Rename {
        account: AccountId,
        /// Canonical name.
        name: String,
        /// UTS 39 skeleton of the name: no two accounts share one.
        skeleton: String,
    },
    /// Deletes a room for the operator: [`Reply::Changed`], or [`Refusal::NoSuchRoom`]. What is left of it goes by
    /// [`Write::ClearRoom`].
    #[serde(rename = "42")]
    DeleteRoom {
        /// The room's name in canonical form, with its `#`.
        name: String,
        /// UTS 39 skeleton of the name.
        skeleton: String,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// Makes an account the owner of a room, which it joins if it does not belong to it, and its other owners moderators:
    /// [`Reply::OwnerSet`]. Refused with [`Refusal::NoSuchRoom`], [`Refusal::NoSuchUser`], [`Refusal::LimitReached`].
    #[serde(rename = "43")]
    SetOwner {
        /// The room's name in canonical form, with its `#`.
        name: String,
        account: AccountId,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// Says for the operator who may join a room, and who may say something there: [`Reply::Changed`], without an event if it
    /// was so already, or [`Refusal::NoSuchRoom`].
    #[serde(rename = "44")]
    SetAccess {
        /// The room's name in canonical form, with its `#`.
        name: String,
        access: Access,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// One step of what a deleted room has left, a bounded part of it: [`Reply::Nothing`].
    #[serde(rename = "45")]
    ClearRoom { conversation: ConversationId },
    /// Deletes the content of an entry for the operator, and says so in its log: [`Reply::Removed`]. Refused with
    /// [`Refusal::NoSuchRoom`], [`Refusal::BadReference`].
    #[serde(rename = "46")]
    DeleteEntry {
        log: LogOf,
        entry: EntryId,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// What [`Write::DeleteAccount`] does for the operator, also of one that was deleted before; and from now on all goes that the
    /// account has said, by [`Write::Purge`]: [`Reply::Purging`], or [`Refusal::NoSuchUser`].
    #[serde(rename = "47")]
    PurgeAccount {
        /// Canonical name.
        name: String,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// One step of that: [`Reply::Removed`], or [`Refusal::NotPermitted`] if there is nothing to be done of it.
    #[serde(rename = "48")]
    Purge {
        purge: Purge,
        /// The time, in milliseconds since 1970 (UTC).
        time_ms: u64,
    },
    /// From here on writes are executed as this number says, of those up to [`crate::store::MEANING`]: [`Reply::Nothing`]. One
    /// that is lower than what is in force changes nothing. A server that does not know it cannot go on.
    #[serde(rename = "49")]
    Raise { meaning: u64 },
}

impl Write {
    /// The account that it is about, if it is one for which a role matters.
    #[must_use]
    pub const fn subject(&self) -> Option<AccountId> {
        match self {
            Self::MarkBot { account, .. }
            | Self::Disable { account, .. }
            | Self::DeleteAccount { account, .. }
            | Self::SetRole { account, .. }
            | Self::Rename { account, .. }
            | Self::Ban {
                subject: BanSubject::Account(account),
                ..
            }
            | Self::Unban {
                subject: BanSubject::Account(account),
            } => Some(*account),
            Self::EndSessions { account, .. } => *account,
            Self::MakeCode(new) => new.account,
            _ => None,
        }
    }
}
