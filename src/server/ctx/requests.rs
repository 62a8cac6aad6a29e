//! The requests that the store has not answered, and what to do with each answer.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use crate::id_map::IdMap;
use crate::protocol::{
    AccountId, Administer, Administered, ConversationId, DeviceId, DeviceSeq, EntryId, Prove,
};
use crate::server::limits::Limit;
use crate::server::names::{Name, RoomNameError};
use crate::store::{BlobKey, CodeHash, DeviceUse, Outcome, RequestId};
use crate::transport::{Channel, SessionId};

/// What to do with an answer of the store.
#[derive(Debug)]
pub enum Pending {
    /// Whether the wished name is free: then the first half of the sign-up is answered.
    SignUpName {
        session: SessionId,
        name: Name,
        request: Vec<u8>,
    },
    /// The account was opened.
    SignUp { session: SessionId },
    /// The account to log in to.
    LoginName {
        session: SessionId,
        name: Name,
        request: Vec<u8>,
    },
    /// What an enrolment code is good for: then the first half of the enrolment is answered.
    EnrolCode {
        session: SessionId,
        name: Name,
        code: CodeHash,
        request: Vec<u8>,
    },
    /// The password was set, or the account opened, of this name.
    Enrol { session: SessionId, name: Name },
    /// The password was proved and the device is known: this is its ticket.
    Device { session: SessionId, ticket: Vec<u8> },
    /// The ticket was used: this is its successor.
    Resume { session: SessionId, ticket: Vec<u8> },
    /// A device's tickets are forgotten.
    Revoke {
        account: AccountId,
        device: DeviceId,
    },
    /// The account whose user proves the password, and the first half of that proof.
    Prove(RequestOrigin, Prove),
    /// An account was changed.
    ChangeAccount(RequestOrigin),
    /// The devices of an account.
    Devices(RequestOrigin),
    /// The last uses of devices were noted.
    NoteUses(Vec<DeviceUse>),
    /// What there is for a device.
    Hello {
        session: SessionId,
        channel: Channel,
    },
    /// The conversation with somebody.
    Resolve(RequestOrigin),
    /// A room was joined.
    Join(RequestOrigin, RoomCreation),
    /// A page of all bans.
    Bans,
    /// The account that somebody with a role means.
    AdminSubject(RequestOrigin, Box<Administer>),
    /// Something was done for somebody with a role, who is answered this.
    Administer(RequestOrigin, Box<Administered>),
    /// A page of the audit log.
    Audit(RequestOrigin),
    /// What deletions have left to do.
    Chore,
    /// A step of that.
    ChoreStep,
    /// Writes are executed by another meaning.
    Raise,
    /// Something was done for the operator, who waits for the answer.
    Operator(SyncSender<Outcome>),
    /// A room was left.
    Leave(RequestOrigin, ConversationId),
    /// A room was changed.
    ChangeRoom(RequestOrigin, ConversationId),
    /// A page of the rooms that there are for a user, of so many pages.
    Rooms(RequestOrigin, u32),
    /// How much some of the public rooms are used.
    RoomUses,
    /// Who belongs to a room.
    Members(RequestOrigin, ConversationId),
    /// Whom a user knows.
    Roster(RequestOrigin),
    /// Who somebody is.
    Whois(RequestOrigin),
    /// A user was blocked, or unblocked.
    Block(RequestOrigin),
    /// How far accounts have read was noted, as these sessions had said.
    Reads(Vec<((ConversationId, AccountId, EntryId), SessionId)>),
    /// A conversation was muted until a time, or no longer.
    Mute(RequestOrigin, ConversationId, u64),
    /// Entries that a device does not have.
    History(RequestOrigin, ConversationId),
    /// A message was appended: it came on this session, from the user of this name.
    Append(SessionId, Arc<str>),
    /// A number was used up.
    Void {
        session: SessionId,
        device: DeviceId,
        conversation: ConversationId,
        number: DeviceSeq,
    },
    /// What a reader has not been sent yet. If another device signs in on the session meanwhile, it gets none of it.
    Read {
        session: SessionId,
        device: DeviceId,
        conversation: ConversationId,
        after: EntryId,
    },
    /// The marks of a conversation.
    Marks {
        session: SessionId,
        conversation: ConversationId,
    },
    /// The marks of a conversation whose receipts are counted.
    Counts(ConversationId),
    /// Marks and last-seen times were written.
    Advance {
        marks: Vec<(ConversationId, AccountId, EntryId)>,
        seen: Vec<(AccountId, u64)>,
    },
    /// A step of retention is done.
    Expire,
    /// Whether a file is there that is to be uploaded.
    HasFile(BlobKey),
    /// A file is there, and is noted.
    AddFile(BlobKey),
    /// The file of an entry, which is to be downloaded.
    File(RequestOrigin, (ConversationId, EntryId)),
    /// The same once more, since what it named was not on the disk.
    MissingFile(RequestOrigin, BlobKey),
    /// Files that nobody needs are forgotten.
    SweepFiles,
    /// Which of these files are kept.
    FilesKept(Vec<BlobKey>),
    /// The same of files that are on the shelf, or have to be.
    ShelvedKept(Vec<BlobKey>),
    /// Whether a file is kept that was condemned at this position of the shelf.
    CondemnedKept(BlobKey, u64),
}

/// Whether joining a room may create it.
#[derive(Debug, Clone)]
pub enum RoomCreation {
    /// Only the operator creates rooms.
    Closed,
    /// The user has asked for a room that is there.
    Unwanted,
    /// A new room cannot have this name.
    BadName(RoomNameError),
    /// It may, and counts against the rate until it turns out that it did not.
    Counted,
    /// The account must wait this long.
    TooSoon(Duration),
}

/// Who made a request with a tag, and where the answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestOrigin {
    pub session: SessionId,
    /// The channel on which it was asked, and is answered.
    pub channel: Channel,
    pub account: AccountId,
    /// The device: if another one signs in on the session meanwhile, it gets no answer.
    pub device: DeviceId,
    /// The client's tag.
    pub tag: u32,
}

/// The requests under way: never more than the store has slots, and never many more of one account than its share, since
/// each makes the others wait.
#[derive(Debug)]
pub struct PendingRequests {
    next: u64,
    pending: IdMap<RequestId, (Pending, Option<Load>)>,
    share: Limit,
    /// Whose message is being handled.
    charged: Option<Load>,
    under_way: IdMap<AccountId, u32>,
}

/// What a request counts for its account.
#[derive(Debug, Clone, Copy)]
struct Load {
    account: AccountId,
    weight: u32,
}

impl PendingRequests {
    /// None is under way. `share` is what one account may have under way, by weight.
    #[must_use]
    pub fn new(share: Limit) -> Self {
        Self {
            next: 0,
            pending: IdMap::default(),
            share,
            charged: None,
            under_way: IdMap::default(),
        }
    }

    /// What one account may have under way from now on, by weight.
    pub const fn set_share(&mut self, share: Limit) {
        self.share = share;
    }

    /// Whether the account may have another one under way.
    #[must_use]
    pub fn has_room_for(&self, account: AccountId) -> bool {
        let under_way = self.under_way.get(&account).copied().unwrap_or_default();
        u64::from(under_way) < self.share.or_max()
    }

    /// A message of an account is being handled: what is asked for it counts for the account.
    pub fn begin(&mut self, account: AccountId, weight: u32) {
        if self.share != Limit::NONE {
            self.charged = Some(Load { account, weight });
        }
    }

    /// It has been handled.
    pub const fn end(&mut self) {
        self.charged = None;
    }

    /// Remembers what is to be done and gives the request its number.
    pub fn add(&mut self, pending: Pending) -> RequestId {
        let id = RequestId(self.next);
        self.next += 1;
        if let Some(Load { account, weight }) = self.charged {
            let under_way = self.under_way.entry(account).or_default();
            *under_way = under_way.saturating_add(weight);
        }
        self.pending.insert(id, (pending, self.charged));
        id
    }

    /// What is to be done with this answer.
    pub fn take(&mut self, id: RequestId) -> Option<Pending> {
        let (pending, load) = self.pending.remove(&id)?;
        if let Some(Load { account, weight }) = load
            && let Some(under_way) = self.under_way.get_mut(&account)
        {
            *under_way = under_way.saturating_sub(weight);
            if *under_way == 0 {
                self.under_way.remove(&account);
            }
        }
        Some(pending)
    }

    /// Whether none is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}
