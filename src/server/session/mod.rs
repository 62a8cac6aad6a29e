//! What the hub remembers of one session.

mod hello;
mod lifecycle;
pub(super) mod pending_hello;
pub(super) mod table;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use super::auth::log::Claim;
use super::auth::login_attempts::LoginAttempts;
use super::auth::opaque::{PendingLogin, PendingSignUp};
use super::hub::intake::STRANGER;
use super::limits::token_bucket::Bucket;
use super::policy::Role;
use crate::protocol::{
    AccountId, ConversationId, DeviceId, EntryId, Mark, Position, ServerMessage,
};
use crate::transport::Channel;
use crate::transport::shares::Share;

/// Conversations whose receipts one session hears of at once; one more takes the place of the first. The
/// client asks again for what it misses. Chosen: more than a person talks in at a time.
pub const SUBSCRIBED_MAX: usize = 256;

/// One session of the transport, and how far its sign-in has come.
pub struct Session {
    /// Binds a login to this very session.
    pub handshake_hash: [u8; 32],
    /// How far the sign-in has come.
    pub stage: Stage,
    /// Who the peer last said that it is.
    pub claim: Claim,
    /// Its logins that have no second half yet, or will have none.
    pub login_attempts: LoginAttempts,
    /// A request of the sign-in waits for the store: until it is answered no more is taken from the control
    /// channel, so that the steps stay in order.
    pub busy: bool,
    /// Messages of this session whose digest did not fit.
    pub damaged: u32,
    /// It has reported damage of its own.
    pub has_reported: bool,
    /// When it was last told that its messages are taken more slowly, and until when they are not taken.
    pub told_slowed: Option<(Instant, Instant)>,
    /// It has brought a ticket that was worthless: no other one is looked at.
    pub has_failed_ticket: bool,
    /// What it may still ask while nobody is signed in on it.
    pub allowance: Bucket,
}

/// How far a session's sign-in has come.
pub enum Stage {
    /// Nothing has been proved.
    Anonymous,
    /// The first half of a sign-up was answered.
    SigningUp(Box<PendingSignUp>),
    /// The first half of a login was answered.
    LoggingIn(Box<PendingLogin>),
    /// Somebody is signed in.
    SignedIn(Box<User>),
}

/// A signed-in user, on one device.
pub struct User {
    /// The account.
    pub account: AccountId,
    /// Its canonical name.
    pub name: String,
    /// The device.
    pub device: DeviceId,
    /// Where the device said it stands, until its HELLO is complete.
    pub hello: Vec<Position>,
    /// Its HELLO was answered: what is stored from now on is sent to it.
    pub ready: bool,
    /// The parts of a long answer (to HELLO, with the greeting; to ROOMS and MEMBERS), with their channel, for which
    /// there was no room yet. Until they have gone out nothing more is taken from the session.
    pub pending_responses: VecDeque<(Channel, ServerMessage)>,
    /// What of that the hub has counted, with a page of history.
    pub pending_share: Share,
    /// How far its request for history has come: there is one at a time.
    pub paging: Paging,
    /// The conversations in which it has not been sent everything yet. A quiet one is not here.
    pub lagging: BTreeMap<ConversationId, ReadCursor>,
    /// The last entry sent to it in this session, where it has not acknowledged that yet: it cannot
    /// acknowledge more.
    pub sent: BTreeMap<ConversationId, EntryId>,
    /// Where the account began to read, in the conversations that were older than its membership.
    pub since: BTreeMap<ConversationId, EntryId>,
    /// The conversations whose receipts it is told.
    pub subscribed: BTreeSet<ConversationId>,
    /// Those of them of which the store has not said yet that the account belongs to them: until then it is told
    /// nothing.
    pub unverified: BTreeSet<ConversationId>,
    /// Those of them of which it could not be told a receipt, for want of room or of permission so far.
    pub deferred: BTreeSet<ConversationId>,
}

/// How far a request for history has come. Until it is answered nothing more is taken from the bulk channel.
#[derive(Debug)]
pub enum Paging {
    /// There is none.
    Idle,
    /// The store was asked.
    Asked,
    /// There was no room for the answer yet.
    Ready(Box<ServerMessage>),
}

/// Where a device stands in a conversation of which more is stored than was sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadCursor {
    /// The last entry that was sent.
    pub cursor: EntryId,
    /// The last entry that is known to be stored.
    pub head: EntryId,
    /// The store was asked for what follows.
    pub is_reading: bool,
    /// The store could not say: it is asked again after a while, and for other conversations before.
    pub is_suspended: bool,
}

impl Session {
    /// A session on which nobody has signed in.
    #[must_use]
    pub fn new(now: Instant, handshake_hash: [u8; 32]) -> Self {
        Self {
            handshake_hash,
            stage: Stage::Anonymous,
            claim: Claim::Nobody,
            login_attempts: LoginAttempts::default(),
            busy: false,
            damaged: 0,
            has_reported: false,
            told_slowed: None,
            has_failed_ticket: false,
            allowance: Bucket::full(STRANGER.burst, now),
        }
    }

    /// What it is, as far as permissions go.
    #[must_use]
    pub fn role(&self) -> Role {
        match &self.stage {
            Stage::SignedIn(user) if user.ready => Role::User,
            Stage::SignedIn(_) => Role::Arriving,
            _ => Role::Anonymous,
        }
    }

    /// Whether a request for history is not answered yet.
    #[must_use]
    pub fn is_paging(&self) -> bool {
        self.user()
            .is_some_and(|user| !matches!(user.paging, Paging::Idle))
    }

    /// The user who is signed in on it.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match &self.stage {
            Stage::SignedIn(user) => Some(user),
            _ => None,
        }
    }

    /// The user who is signed in on it.
    pub fn user_mut(&mut self) -> Option<&mut User> {
        match &mut self.stage {
            Stage::SignedIn(user) => Some(user),
            _ => None,
        }
    }
}

impl User {
    /// Parts of answers that wait for room.
    #[must_use]
    pub fn pending_parts(&self) -> usize {
        self.pending_responses.len() + usize::from(matches!(self.paging, Paging::Ready(_)))
    }

    /// How far the user has received, as others are told it.
    #[must_use]
    pub fn mark(&self, conversation: ConversationId, entry: EntryId) -> Mark {
        let since = self.since.get(&conversation).copied().unwrap_or_default();
        Mark {
            account: self.account,
            name: self.name.clone(),
            entry,
            since,
        }
    }

    /// A receipt of a conversation that it watches could not be told.
    pub fn defer_receipts(&mut self, conversation: ConversationId) {
        if self.subscribed.contains(&conversation) {
            self.deferred.insert(conversation);
        }
    }

    /// It is told no more receipts of a conversation.
    pub fn forget_receipts(&mut self, conversation: ConversationId) {
        self.subscribed.remove(&conversation);
        self.unverified.remove(&conversation);
        self.deferred.remove(&conversation);
    }

    /// An entry, or the news of it, was sent. An older one that is sent once more takes nothing back.
    pub fn note_sent(&mut self, conversation: ConversationId, entry: EntryId) {
        let sent = self.sent.entry(conversation).or_insert(entry);
        *sent = (*sent).max(entry);
    }

    /// Somebody who has just signed in.
    #[must_use]
    pub fn new(account: AccountId, name: String, device: DeviceId) -> Self {
        Self {
            account,
            name,
            device,
            hello: Vec::new(),
            ready: false,
            pending_responses: VecDeque::new(),
            pending_share: Share::default(),
            paging: Paging::Idle,
            lagging: BTreeMap::new(),
            sent: BTreeMap::new(),
            since: BTreeMap::new(),
            subscribed: BTreeSet::new(),
            unverified: BTreeSet::new(),
            deferred: BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_answer_does_not_take_back_what_a_device_may_acknowledge() {
        // A device that had been sent entries 1 to 4 sent its own entry 2 once more, and was told again that it is
        // stored. Its acknowledgement of entry 4 then counted for 2, and nobody had a receipt for the rest.
        let everyone = ConversationId::EVERYONE;
        let mut bob = User::new(AccountId(2), "bob".into(), DeviceId(1));
        bob.note_sent(everyone, EntryId(4));
        bob.note_sent(everyone, EntryId(2));
        assert_eq!(bob.sent[&everyone], EntryId(4));
    }
}
