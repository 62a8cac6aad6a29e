//! What the hub remembers of one session.

pub(super) mod subscriptions;
pub(super) mod table;
pub(super) mod transfers;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::limits::token_bucket::{Bucket, Rate};
use super::policy::Role;
use crate::protocol::{
    AccountId, ConversationId, DeviceId, EntryId, Mark, Position, ServerMessage,
};
use crate::small_map::SmallMap;
use crate::transport::Channel;
use crate::transport::shares::Share;
use subscriptions::Subscriptions;
use transfers::Transfers;

/// Messages of a session on which nobody is signed in: at once, and a second. Chosen: a sign-in takes four, and a person
/// who mistypes a name or a password waits for nothing. Who polls without end costs the others no time.
pub const STRANGER: Rate = Rate {
    per_second: 2.0,
    burst: 20.0,
};

/// One session of the transport, and who is signed in on it.
pub struct Session {
    user: Option<Box<User>>,
    /// A request of it waits for the store: until it is answered nothing else is read from the session, so that the steps
    /// stay in order.
    pub busy: bool,
    /// Messages of this session with a wrong digest.
    pub damaged: u32,
    /// It has reported damage of its own.
    pub has_reported: bool,
    /// When it was last told that its messages are taken more slowly, and until when they are not taken.
    pub told_slowed: Option<(Instant, Instant)>,
    /// What it may still ask while nobody is signed in on it.
    pub allowance: Bucket,
    /// When it began.
    pub began: Instant,
    /// When a message of it was last taken.
    pub last_taken: Instant,
}

/// A signed-in user, on one device.
pub struct User {
    pub account: AccountId,
    /// Its canonical name.
    pub name: Arc<str>,
    pub device: DeviceId,
    /// The positions that the device has reported, until its HELLO is complete.
    pub hello: Vec<Position>,
    /// Its HELLO was answered: what is stored from now on is sent to it.
    pub ready: bool,
    /// Others are not told that this session comes and goes.
    pub is_unannounced: bool,
    /// It is there to send: nothing is delivered to it.
    pub is_sending_only: bool,
    /// The parts of a long answer (to HELLO, with the greeting; to CONTACTS, ROSTER, ROOMS and MEMBERS), with their channel, for which
    /// there was no room yet. Until they have gone out nothing more is taken from the session.
    pub pending_responses: VecDeque<(Channel, ServerMessage)>,
    /// What of that the hub has counted, with a page of history.
    pub pending_share: Share,
    /// How far its request for history has come: there is one at a time.
    pub paging: Paging,
    /// Its files under way; few sessions ever have some.
    transfers: Option<Box<Transfers>>,
    pub lagging: BTreeMap<ConversationId, ReadCursor>,
    /// The last entry sent to it in this session, where it has not acknowledged that yet: it cannot
    /// acknowledge more. There are few, and never more than it has conversations.
    pub sent: SmallMap<ConversationId, EntryId>,
    /// Where the account began to read, in the conversations that were older than its membership.
    pub since: BTreeMap<ConversationId, EntryId>,
    /// The conversations whose receipts it gets.
    pub subscribed: Subscriptions,
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

/// How far a lagging device has been sent a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadCursor {
    /// The last entry that was sent.
    pub cursor: EntryId,
    /// The last entry that is known to be stored.
    pub head: EntryId,
    /// The store was asked for what follows.
    pub is_reading: bool,
    /// The store could not read it: it is asked again after a while, and for other conversations first.
    pub is_suspended: bool,
}

impl ReadCursor {
    /// What follows `cursor`, up to `head`, is to be read and sent.
    #[must_use]
    pub const fn new(cursor: EntryId, head: EntryId) -> Self {
        Self {
            cursor,
            head,
            is_reading: false,
            is_suspended: false,
        }
    }
}

impl Session {
    /// A session on which nobody has signed in.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            user: None,
            busy: false,
            damaged: 0,
            has_reported: false,
            told_slowed: None,
            allowance: Bucket::full(STRANGER.burst, now),
            began: now,
            last_taken: now,
        }
    }

    /// What it is, as far as permissions go.
    #[must_use]
    pub fn role(&self) -> Role {
        match &self.user {
            Some(user) if user.ready => Role::User,
            Some(_) => Role::Arriving,
            None => Role::Anonymous,
        }
    }

    /// Whether nothing is taken from the bulk channel, since a request for history is not answered yet, or what came of a file
    /// is not written.
    #[must_use]
    pub fn is_bulk_busy(&self) -> bool {
        self.user().is_some_and(|user| {
            !matches!(user.paging, Paging::Idle) || user.transfers().is_some_and(Transfers::is_busy)
        })
    }

    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.user.as_deref()
    }

    pub fn user_mut(&mut self) -> Option<&mut User> {
        self.user.as_deref_mut()
    }

    pub fn sign_in(&mut self, user: User) {
        self.user = Some(Box::new(user));
    }

    /// Nobody is signed in any longer; the session itself stays.
    pub fn sign_out(&mut self) -> Option<Box<User>> {
        self.user.take()
    }
}

impl User {
    /// Its files under way, if there were any in this session.
    #[must_use]
    pub fn transfers(&self) -> Option<&Transfers> {
        self.transfers.as_deref()
    }

    pub fn transfers_mut(&mut self) -> Option<&mut Transfers> {
        self.transfers.as_deref_mut()
    }

    /// Its files under way, of which there may be some from now on.
    pub fn begin_transfers(&mut self) -> &mut Transfers {
        self.transfers.get_or_insert_default()
    }

    /// Parts of answers that wait for room.
    #[must_use]
    pub fn pending_parts(&self) -> usize {
        let page = usize::from(matches!(self.paging, Paging::Ready(_)));
        let pieces = self.transfers().map_or(0, |it| it.pieces.len());
        self.pending_responses.len() + page + pieces
    }

    /// The first part that waited was sent. Room for parts is kept only while some wait: it is a kilobyte of each session.
    pub fn on_part_sent(&mut self) {
        self.pending_responses.pop_front();
        if self.pending_responses.is_empty() {
            self.pending_responses = VecDeque::new();
        }
    }

    /// What waits for room is not sent any more: the session is closed.
    pub fn discard_responses(&mut self) {
        self.pending_responses = VecDeque::new();
        self.paging = Paging::Idle;
        self.transfers = None;
    }

    /// How far the user has received, as others are told it.
    #[must_use]
    pub fn mark(&self, conversation: ConversationId, entry: EntryId) -> Mark {
        let since = self.since.get(&conversation).copied().unwrap_or_default();
        Mark {
            account: self.account,
            name: self.name.to_string(),
            entry,
            since,
        }
    }

    /// An entry, or the news of it, was sent. An older one that is sent once more takes nothing back.
    pub fn note_sent(&mut self, conversation: ConversationId, entry: EntryId) {
        let sent = self.sent.get_or_insert(conversation, entry);
        *sent = (*sent).max(entry);
    }

    /// What came of sending an entry, or the news of it, to the device, which had been sent all up to `prev`.
    pub fn note_sending(
        &mut self,
        conversation: ConversationId,
        prev: EntryId,
        entry: EntryId,
        is_sent: bool,
    ) {
        if let Some(reader) = self.lagging.get_mut(&conversation) {
            reader.head = reader.head.max(entry);
        } else if is_sent {
            self.note_sent(conversation, entry);
        } else {
            self.lagging
                .insert(conversation, ReadCursor::new(prev, entry));
        }
    }

    /// Somebody who has just signed in.
    #[must_use]
    pub fn new(account: AccountId, name: impl Into<Arc<str>>, device: DeviceId) -> Self {
        Self {
            account,
            name: name.into(),
            device,
            hello: Vec::new(),
            ready: false,
            is_unannounced: false,
            is_sending_only: false,
            pending_responses: VecDeque::new(),
            pending_share: Share::default(),
            paging: Paging::Idle,
            transfers: None,
            lagging: BTreeMap::new(),
            sent: SmallMap::default(),
            since: BTreeMap::new(),
            subscribed: Subscriptions::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{EndReason, Message, SessionEnd};

    #[test]
    fn repeated_answer_does_not_take_back_what_a_device_may_acknowledge() {
        // A device that had been sent entries 1 to 4 sent its own entry 2 once more, and was told again that it is
        // stored. Its acknowledgement of entry 4 then counted for 2, and nobody had a receipt for the rest.
        let everyone = ConversationId::EVERYONE;
        let mut bob = User::new(AccountId(2), "bob", DeviceId(1));
        bob.note_sent(everyone, EntryId(4));
        bob.note_sent(everyone, EntryId(2));
        assert_eq!(bob.sent.get(everyone), Some(&EntryId(4)));
    }

    #[test]
    fn answer_that_was_sent_leaves_no_room_behind() {
        let mut bob = User::new(AccountId(2), "bob", DeviceId(1));
        let part: ServerMessage = Message::control(SessionEnd {
            reason: EndReason::LoggedOut,
        });
        bob.pending_responses
            .extend([(Channel::Control, part.clone()), (Channel::Control, part)]);
        bob.on_part_sent();
        assert_eq!(bob.pending_parts(), 1);
        bob.on_part_sent();
        assert_eq!(
            (bob.pending_parts(), bob.pending_responses.capacity()),
            (0, 0)
        );
    }
}
