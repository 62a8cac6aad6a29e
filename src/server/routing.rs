//! The way of a message: from its author into the log, and from the log to every device that reads it.
//!
//! It goes on only once it is durable. A device that is where the log was before it is sent it at once; one
//! that is not, or that has no room, costs a position and reads the log again when there is room.

use super::hub::{Hub, Turn};
use super::requests::{Appended, Pending};
use super::session::Reader;
use super::sign_in::failure_of;
use crate::protocol::{
    AccountId, CONTENT_MAX_BYTES, Command, ConversationId, DeliverAgain, Delivery, Digest,
    EVERYONE_NAME, EntryId, Envelope, ErrorCode, Failure, Header, Hop, Message, Number, Origin,
    Resolve, Resolved, Stored, Text, Void, Voided,
};
use crate::store::{Append, Audience, Outcome, Refusal, Reply, Request, StoredEntry};
use crate::transport::{Channel, SendError, SessionId};

/// The channel of all that stands in a log, so that a device sees it in the log's order.
pub(super) const CHAT: Channel = Channel::Chat;

/// How much one look into the log brings for one reader, in bytes. Chosen: a few round trips' worth.
const READ_BYTES: usize = 32 * 1024;

/// Conversations in which one device may be behind at once; a request that would add one more is refused. A
/// HELLO can bring as many as the account has.
const BEHIND_MAX: usize = 16_384;

impl Hub {
    /// The conversation with somebody is asked for.
    pub(super) fn resolve(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        channel: Channel,
        body: &Resolve,
    ) {
        let tag = body.tag;
        let Some(user) = self.sessions.get(&id).and_then(|session| session.user()) else {
            return;
        };
        let failure = match super::name::Name::parse(&body.name) {
            // A text that cannot be a name is nobody's.
            Err(error) => Failure::new(ErrorCode::NoSuchUser, error.to_string()),
            Ok(name) => {
                let request = Request::Resolve {
                    account: user.account,
                    device: user.device,
                    name: name.canonical().to_owned(),
                };
                if self.ask(
                    Pending::Resolve {
                        session: id,
                        channel,
                        tag,
                    },
                    request,
                ) {
                    return;
                }
                Failure::new(ErrorCode::Unavailable, "")
            }
        };
        let failure = Failure {
            tag: Some(tag),
            ..failure
        };
        Self::refuse(turn, id, channel, Command::Resolve, failure);
    }

    pub(super) fn resolved(
        turn: &mut Turn<'_>,
        id: SessionId,
        channel: Channel,
        tag: u32,
        outcome: Outcome,
    ) {
        let Outcome::Done(Reply::Resolved { standing, peer }) = outcome else {
            let failure = Failure {
                tag: Some(tag),
                ..failure_of(&outcome)
            };
            return Self::refuse(turn, id, channel, Command::Resolve, failure);
        };
        let answer = Resolved {
            tag,
            conversation: standing.conversation,
            name: peer.name,
            account: peer.id,
            last_number: standing.last_number,
            start: standing.start,
        };
        Self::answer(turn, id, channel, &Message::control(answer));
    }

    /// A user says something: it goes into the log.
    #[expect(clippy::too_many_arguments, reason = "a message in its parts")]
    pub(super) fn text(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        channel: Channel,
        header: Header,
        text: &Text,
        content: Vec<u8>,
        digest: Digest,
    ) {
        let Some(user) = self.sessions.get(&id).and_then(|session| session.user()) else {
            return;
        };
        let Some(origin) = header
            .origin
            .filter(|origin| fits(header.command, *origin, text))
        else {
            let failure = Failure::new(ErrorCode::Malformed, "command and conversation do not fit");
            return Self::refuse(turn, id, channel, header.command, failure);
        };
        let Origin {
            conversation,
            device,
            number,
        } = origin;
        if content.len() > CONTENT_MAX_BYTES {
            let failure = Failure::of_number(ErrorCode::TextTooLong, conversation, number);
            return Self::refuse(turn, id, channel, header.command, failure);
        }
        if device != user.device {
            let failure = Failure::of_number(ErrorCode::NotPermitted, conversation, number);
            return Self::refuse(turn, id, channel, header.command, failure);
        }
        let appended = Appended {
            session: id,
            author: user.account,
            device,
            conversation,
            number,
            content: content.clone(),
            digest,
        };
        let request = Request::Append(Append {
            conversation,
            author: user.account,
            device,
            number,
            digest,
            content,
            time_ms: turn.now.unix_ms,
        });
        if !self.ask(Pending::Append(appended), request) {
            let failure = Failure::of_number(ErrorCode::Unavailable, conversation, number);
            Self::refuse(turn, id, channel, header.command, failure);
        }
    }

    /// The store has answered: the author is told, and the others are sent it.
    pub(super) fn appended(&mut self, turn: &mut Turn<'_>, appended: &Appended, outcome: Outcome) {
        let Appended {
            session,
            conversation,
            number,
            ..
        } = *appended;
        match outcome {
            Outcome::Done(Reply::Stored(stored)) => {
                self.counters.stored += u64::from(!stored.repeated);
                self.tell_stored(turn, appended, &stored);
                if !stored.repeated {
                    self.forward(turn, appended, &stored);
                }
            }
            other => {
                let failure = Failure {
                    conversation: Some(conversation),
                    number: Some(number),
                    ..failure_of(&other)
                };
                Self::refuse(turn, session, CHAT, Command::SendMessage, failure);
            }
        }
    }

    fn tell_stored(&mut self, turn: &mut Turn<'_>, appended: &Appended, stored: &StoredEntry) {
        let (recipients, online, last_seen_ms) = match stored.audience {
            Audience::Pair {
                low,
                high,
                peer_seen_ms,
            } => {
                let peer = if appended.author == low { high } else { low };
                let online = self.presence.is_online(peer);
                (
                    1,
                    u32::from(online),
                    (!online && peer_seen_ms > 0).then_some(peer_seen_ms),
                )
            }
            Audience::Everyone { accounts } => {
                let others = |account: &AccountId| *account != appended.author;
                let online = self
                    .presence
                    .online()
                    .filter(|(account, _)| others(account))
                    .count();
                (
                    accounts.saturating_sub(1),
                    u32::try_from(online).unwrap_or(u32::MAX),
                    None,
                )
            }
        };
        let message = Message::control(Stored {
            conversation: appended.conversation,
            number: appended.number,
            entry: stored.entry,
            prev: stored.prev,
            time_ms: stored.time_ms,
            recipients,
            online,
            last_seen_ms,
        });
        let id = appended.session;
        let is_author = |device| device == appended.device;
        let author = self.sessions.get(&id).and_then(|session| session.user());
        if !author.is_some_and(|user| is_author(user.device)) {
            return;
        }
        self.watch(id, appended.conversation);
        let told = Self::tell(turn, id, CHAT, &message);
        self.note_sent(id, appended.conversation, stored.prev, stored.entry, told);
    }

    fn forward(&mut self, turn: &mut Turn<'_>, appended: &Appended, stored: &StoredEntry) {
        let readers: Vec<SessionId> = match stored.audience {
            Audience::Pair { low, high, .. } => [low, high]
                .into_iter()
                .filter_map(|account| self.presence.get(account))
                .flat_map(super::presence::Here::sessions)
                .collect(),
            Audience::Everyone { .. } => self.presence.sessions().collect(),
        };
        let delivery = Delivery {
            conversation: appended.conversation,
            entry: stored.entry,
            prev: stored.prev,
            author: appended.author,
            time_ms: stored.time_ms,
        };
        let bytes = envelope(delivery, &appended.content, appended.digest);
        for id in readers {
            let Some(user) = self
                .sessions
                .get_mut(&id)
                .and_then(|session| session.user_mut())
            else {
                continue;
            };
            if !user.ready || user.device == appended.device {
                continue;
            }
            if let Some(reader) = user.behind.get_mut(&appended.conversation) {
                reader.head = reader.head.max(stored.entry);
                continue;
            }
            let told = turn.endpoint.send(turn.now.instant, id, CHAT, &bytes);
            self.counters.delivered += u64::from(told.is_ok());
            self.note_sent(id, appended.conversation, stored.prev, stored.entry, told);
        }
    }

    /// Notes what came of sending an entry, or the news of it, to a device that stood at `prev`.
    fn note_sent(
        &mut self,
        id: SessionId,
        conversation: ConversationId,
        prev: EntryId,
        entry: EntryId,
        told: Result<(), SendError>,
    ) {
        let Some(user) = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.user_mut())
        else {
            return;
        };
        if let Some(reader) = user.behind.get_mut(&conversation) {
            reader.head = reader.head.max(entry);
        } else if told.is_ok() {
            user.note_sent(conversation, entry);
        } else {
            user.behind.insert(
                conversation,
                Reader {
                    cursor: prev,
                    head: entry,
                    reading: false,
                    resting: false,
                },
            );
        }
    }

    /// A device asks to be sent a conversation again from a place on: something came damaged, or not in its
    /// turn.
    pub(super) fn deliver_again(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        channel: Channel,
        body: DeliverAgain,
    ) {
        let Some(user) = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.user_mut())
        else {
            return;
        };
        if user.behind.len() >= BEHIND_MAX {
            let failure = Failure::new(ErrorCode::Unavailable, "too many conversations at once");
            return Self::refuse(turn, id, channel, Command::Receive, failure);
        }
        let earlier = user.behind.get(&body.conversation);
        let head = earlier.map_or(body.after, |reader| reader.head);
        // What is being read is read to its end: a device that asks again and again costs one reading at a time.
        let reading = earlier.is_some_and(|reader| reader.reading);
        // The store says where the log ends; until then there is one entry more, at least.
        let head = head.max(body.after.next());
        let reader = Reader {
            cursor: body.after,
            head,
            reading,
            resting: false,
        };
        user.behind.insert(body.conversation, reader);
        self.read_on(turn, id);
    }

    /// There is room on a session's chat channel again.
    pub(super) fn writable(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let Some(user) = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.user_mut())
        else {
            return;
        };
        let owed = std::mem::take(&mut user.owed_receipts);
        for conversation in owed {
            self.request_receipts(turn, id, conversation);
        }
        self.read_on(turn, id);
    }

    /// Asks the store for what a device has not been sent yet, one conversation at a time.
    pub(super) fn read_on(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let Some(user) = self.sessions.get(&id).and_then(|session| session.user()) else {
            return;
        };
        // The answer to HELLO goes before all deliveries.
        let is_reading = user.behind.values().any(|reader| reader.reading);
        if is_reading || !user.owed_answer.is_empty() {
            return;
        }
        let mut waiting = user.behind.iter().filter(|(_, reader)| !reader.resting);
        let Some((&conversation, &reader)) = waiting.next() else {
            return;
        };
        let after = reader.cursor;
        let request = Request::Read {
            conversation,
            reader: user.account,
            after,
            max_bytes: READ_BYTES,
        };
        if !self.ask(
            Pending::Read {
                session: id,
                conversation,
                after,
            },
            request,
        ) {
            return self.retry_soon(turn.now);
        }
        if let Some(user) = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.user_mut())
            && let Some(reader) = user.behind.get_mut(&conversation)
        {
            reader.reading = true;
        }
    }

    /// The store has looked into the log for a reader.
    pub(super) fn read(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        conversation: ConversationId,
        after: EntryId,
        outcome: Outcome,
    ) {
        let Some(user) = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.user_mut())
        else {
            return;
        };
        let Some(reader) = user.behind.get_mut(&conversation) else {
            return;
        };
        reader.reading = false;
        if reader.cursor != after {
            // It was sent back meanwhile.
            return self.read_on(turn, id);
        }
        match outcome {
            Outcome::Done(Reply::Entries { entries, head }) => {
                reader.head = head;
                let mut last_sent = None;
                let mut is_full = false;
                for entry in &entries {
                    let delivery = Delivery {
                        conversation,
                        entry: entry.entry,
                        prev: entry.prev,
                        author: entry.author,
                        time_ms: entry.time_ms,
                    };
                    let bytes = envelope(delivery, &entry.content, entry.digest);
                    is_full = turn
                        .endpoint
                        .send(turn.now.instant, id, CHAT, &bytes)
                        .is_err();
                    if is_full {
                        break;
                    }
                    self.counters.delivered += 1;
                    reader.cursor = entry.entry;
                    last_sent = Some(entry.entry);
                }
                let is_done = entries.is_empty() || reader.cursor >= reader.head;
                if let Some(entry) = last_sent {
                    user.note_sent(conversation, entry);
                }
                if is_full {
                    // Event::Writable goes on from here.
                    return;
                }
                if is_done {
                    user.behind.remove(&conversation);
                }
                self.read_on(turn, id);
            }
            Outcome::Refused(Refusal::NotPermitted | Refusal::NoSuchConversation) => {
                user.behind.remove(&conversation);
                Self::refuse_outcome(turn, id, CHAT, Command::Receive, &outcome);
                self.read_on(turn, id);
            }
            Outcome::Done(_) | Outcome::Refused(_) | Outcome::Unknown => {
                // A damaged entry must not keep the other conversations from a reader.
                reader.resting = true;
                self.retry_soon(turn.now);
                self.read_on(turn, id);
            }
        }
    }

    /// A device uses a number up without an entry.
    pub(super) fn void(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        channel: Channel,
        body: Void,
    ) {
        let Void {
            conversation,
            number,
        } = body;
        let Some(user) = self.sessions.get(&id).and_then(|session| session.user()) else {
            return;
        };
        let request = Request::Void {
            conversation,
            account: user.account,
            device: user.device,
            number,
        };
        if !self.ask(
            Pending::Void {
                session: id,
                conversation,
                number,
            },
            request,
        ) {
            let failure = Failure::of_number(ErrorCode::Unavailable, conversation, number);
            Self::refuse(turn, id, channel, Command::Void, failure);
        }
    }

    pub(super) fn voided(
        turn: &mut Turn<'_>,
        id: SessionId,
        conversation: ConversationId,
        number: Number,
        outcome: Outcome,
    ) {
        if let Outcome::Done(_) = outcome {
            let message = Message::control(Voided {
                conversation,
                number,
            });
            return Self::answer(turn, id, CHAT, &message);
        }
        let failure = Failure {
            conversation: Some(conversation),
            number: Some(number),
            ..failure_of(&outcome)
        };
        Self::refuse(turn, id, CHAT, Command::Void, failure);
    }
}

/// Whether a message to everyone is addressed to everyone, and a private one is not.
fn fits(command: Command, origin: Origin, text: &Text) -> bool {
    let everyone = origin.conversation == ConversationId::EVERYONE;
    everyone == (command == Command::SendAllMessage) && everyone == (text.receiver == EVERYONE_NAME)
}

/// An entry as it is delivered: the author's bytes and digest, unchanged.
fn envelope(delivery: Delivery, content: &[u8], digest: Digest) -> Vec<u8> {
    let hop = Hop {
        recipient_data: None,
        delivery: Some(delivery),
    };
    Envelope {
        hop,
        content,
        digest,
    }
    .encode()
}
