//! One client's side of a conversation: numbers, digests, position, and messages that are not stored yet.
//!
//! It is as strict as the real client: it accepts only the entry that follows its position, so that no delivery is counted
//! twice or out of order.

use std::collections::VecDeque;

use crate::bench::workload::{Audience, Partner};
use crate::protocol::{
    AccountId, Bytes, ClientMessage, ConversationId, DecodeError, DeliverAgain, Delivery, DeviceId,
    DeviceSeq, EntryId, Envelope, HistoryRequest, Hop, Origin, Received, ServerMessage, Stored,
    Text, encode, seal,
};
use crate::transport::Channel;

/// Entries of one history read at most. Chosen: a screen of them.
const HISTORY_ENTRIES: u32 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The message with this number of a client of the run.
    Message { author: usize, number: DeviceSeq },
    /// Not counted.
    Nothing,
    /// Entries are missing before this one.
    Gap,
    /// Not what the partner sent.
    Wrong(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredOutcome {
    /// The message was not known to be stored before.
    pub is_news: bool,
    /// No entry before it is missing.
    pub follows: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub partner: Partner,
    /// The partner's; in a room, how the names of all clients begin, before their number.
    pub author: String,
    /// The partner, or the room.
    pub receiver: String,
}

impl Contact {
    pub const fn is_room(&self) -> bool {
        matches!(self.partner.with, Audience::Room(_))
    }
}

/// Where the server lets a client begin in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversationStart {
    pub conversation: ConversationId,
    /// How many messages this device has said in it.
    pub last_number: DeviceSeq,
    /// The entry after which deliveries begin.
    pub start: EntryId,
}

pub struct Conversation {
    id: ConversationId,
    account: AccountId,
    device: DeviceId,
    contact: Contact,
    last_number: DeviceSeq,
    position: EntryId,
    /// Sent messages that the server has not reported as stored, in order.
    unstored: VecDeque<(DeviceSeq, Vec<u8>)>,
    /// Whether the position was not acknowledged yet.
    is_receipt_due: bool,
}

impl Conversation {
    pub const fn new(
        account: AccountId,
        device: DeviceId,
        contact: Contact,
        found: ConversationStart,
    ) -> Self {
        Self {
            id: found.conversation,
            account,
            device,
            contact,
            last_number: found.last_number,
            position: found.start,
            unstored: VecDeque::new(),
            is_receipt_due: false,
        }
    }

    pub const fn conversation(&self) -> ConversationId {
        self.id
    }

    pub const fn is_room(&self) -> bool {
        self.contact.is_room()
    }

    pub const fn channel(&self) -> Channel {
        self.contact.partner.channel
    }

    /// The client of the run that has this name; in a pair it is the partner or none.
    fn author(&self, name: &str) -> Option<usize> {
        let rest = name.strip_prefix(&*self.contact.author)?;
        match self.contact.partner.with {
            Audience::Member(member) => rest.is_empty().then_some(member),
            Audience::Room(_) => rest.parse().ok(),
        }
    }

    /// The next message: its number, and the bytes to send.
    pub fn send_next(&mut self) -> (DeviceSeq, Vec<u8>) {
        let number = self.last_number.next();
        self.last_number = number;
        let origin = Origin {
            conversation: self.id,
            device: self.device,
            number,
        };
        let text = Text {
            sender: self.account,
            receiver: self.id,
            salt: Bytes(salt_of(number)),
            text: text_of(number, self.contact.partner.size),
        };
        let (content, digest) = seal(&ClientMessage::chat(origin, &text));
        let envelope = Envelope {
            hop: Hop::default(),
            content: &content,
            digest,
        };
        let bytes = envelope.encode();
        self.unstored.push_back((number, bytes.clone()));
        (number, bytes)
    }

    /// Messages to send again.
    pub fn unstored(&self) -> impl Iterator<Item = &[u8]> {
        self.unstored.iter().map(|(_, bytes)| &**bytes)
    }

    pub fn handle_stored(&mut self, stored: &Stored) -> StoredOutcome {
        let before = self.unstored.len();
        self.unstored.retain(|(number, _)| *number != stored.number);
        let is_news = self.unstored.len() < before;
        let is_old = stored.entry <= self.position;
        let follows = is_old || stored.prev == self.position;
        if follows && !is_old {
            self.position = stored.entry;
        }
        StoredOutcome { is_news, follows }
    }

    pub fn handle_delivery(
        &mut self,
        envelope: &Envelope<'_>,
        delivery: Delivery<'_>,
    ) -> DeliveryOutcome {
        if delivery.conversation != self.id {
            return DeliveryOutcome::Nothing;
        }
        if delivery.entry <= self.position {
            self.is_receipt_due = true;
            return DeliveryOutcome::Nothing;
        }
        if delivery.prev != self.position {
            return DeliveryOutcome::Gap;
        }
        let message: ServerMessage = match envelope.open() {
            Ok(message) => message,
            Err(DecodeError::Digest) => return DeliveryOutcome::Gap,
            Err(_) => return DeliveryOutcome::Wrong("a delivery could not be decoded"),
        };
        self.position = delivery.entry;
        self.is_receipt_due = true;
        let in_room = self.contact.is_room();
        let (origin, text) = match (message.header.entry, message.text()) {
            (Some(entry), Some(text)) => (entry.origin, text),
            // A member has joined.
            _ if in_room && message.room_event().is_some() => return DeliveryOutcome::Nothing,
            _ => return DeliveryOutcome::Wrong("a delivery was no chat message"),
        };
        if origin.device == self.device {
            return DeliveryOutcome::Nothing;
        }
        let author = delivery.author_name.or(delivery.peer_name);
        let author = author.and_then(|name| self.author(name));
        let is_authors = text.sender == delivery.author && text.receiver == self.id;
        let is_right = is_authors && text.text == text_of(origin.number, self.contact.partner.size);
        match author {
            Some(author) if is_right => DeliveryOutcome::Message {
                author,
                number: origin.number,
            },
            // Other users may join the room and speak there.
            None if in_room => DeliveryOutcome::Nothing,
            _ => DeliveryOutcome::Wrong("a delivery had the wrong text"),
        }
    }

    /// A request for the last entries up to the position.
    pub fn read_history(&self) -> Vec<u8> {
        let request = HistoryRequest {
            tag: 1,
            conversation: self.id,
            before: EntryId(self.position.0 + 1),
            limit: HISTORY_ENTRIES,
        };
        encode(&ClientMessage::control(request), Hop::default())
    }

    /// A receipt is due again: whether the last one has arrived is not known after a new session has begun.
    pub const fn owe_receipt(&mut self) {
        self.is_receipt_due = true;
    }

    /// A request for the entries after the position.
    pub fn ask_again(&self) -> Vec<u8> {
        let again = DeliverAgain {
            conversation: self.id,
            after: self.position,
        };
        encode(&ClientMessage::control(again), Hop::default())
    }

    /// The acknowledgement of the position, if one is due.
    pub fn take_receipt(&mut self) -> Option<Vec<u8>> {
        std::mem::take(&mut self.is_receipt_due).then(|| {
            let received = Received {
                conversation: self.id,
                entry: self.position,
            };
            encode(&ClientMessage::control(received), Hop::default())
        })
    }
}

/// These texts are no secret, so their salt need not be random.
fn salt_of(number: DeviceSeq) -> [u8; 16] {
    u128::from(number.0).to_be_bytes()
}

/// A text of this many bytes, different for each number.
fn text_of(number: DeviceSeq, size: usize) -> String {
    let mut text = format!("{number} ");
    text.extend(('a'..='z').cycle().take(size.saturating_sub(text.len())));
    text.truncate(size);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{EventKind, RoomEvent};

    fn side(device: u64, partner: &str, room: Option<&str>) -> Conversation {
        let with = if room.is_some() {
            Audience::Room(0)
        } else {
            Audience::Member(1)
        };
        let contact = Contact {
            partner: Partner {
                with,
                channel: Channel::Chat,
                size: 64,
            },
            author: partner.into(),
            receiver: room.unwrap_or(partner).into(),
        };
        let found = ConversationStart {
            conversation: ConversationId(9),
            last_number: DeviceSeq(0),
            start: EntryId::START,
        };
        Conversation::new(AccountId(device), DeviceId(device), contact, found)
    }

    fn message(number: DeviceSeq) -> DeliveryOutcome {
        DeliveryOutcome::Message { author: 1, number }
    }

    fn pair() -> [Conversation; 2] {
        [side(1, "bench-2", None), side(2, "bench-1", None)]
    }

    fn deliver(to: &mut Conversation, bytes: &[u8], entry: u64) -> DeliveryOutcome {
        let envelope = Envelope::decode(bytes).unwrap();
        let said = envelope.open().ok();
        let said = said.and_then(|message: ServerMessage| message.text());
        let author = said.map_or(AccountId(1), |text| text.sender);
        let delivery = Delivery {
            conversation: ConversationId(9),
            entry: EntryId(entry),
            prev: EntryId(entry - 1),
            author,
            time_ms: 0,
            author_name: match author.0 {
                1 => Some("bench-1"),
                2 => Some("bench-2"),
                _ => Some("carol"),
            },
            peer_name: None,
            deleted: None,
            bot: None,
        };
        to.handle_delivery(&envelope, delivery)
    }

    #[test]
    fn message_is_heard_once_in_its_place_and_acknowledged() {
        let [mut one, mut other] = pair();
        let (number, first) = one.send_next();
        let (_, second) = one.send_next();
        assert_eq!(deliver(&mut other, &second, 2), DeliveryOutcome::Gap);
        assert_eq!(other.take_receipt(), None);
        assert_eq!(deliver(&mut other, &first, 1), message(number));
        assert!(other.take_receipt().is_some());
        assert_eq!(deliver(&mut other, &first, 1), DeliveryOutcome::Nothing);
        assert_eq!(deliver(&mut other, &second, 2), message(number.next()));
    }

    #[test]
    fn what_was_said_is_kept_until_it_is_stored() {
        let [mut one, _] = pair();
        let (number, _) = one.send_next();
        one.send_next();
        let stored = Stored {
            conversation: ConversationId(9),
            number,
            entry: EntryId(1),
            prev: EntryId::START,
            time_ms: 0,
            recipients: 1,
            online: 1,
            last_seen_ms: None,
            away: None,
        };
        let heeded = |is_news| StoredOutcome {
            is_news,
            follows: true,
        };
        assert_eq!(one.handle_stored(&stored), heeded(true));
        assert_eq!(one.handle_stored(&stored), heeded(false), "said twice");
        assert_eq!(one.unstored().count(), 1);
    }

    #[test]
    fn damage_is_asked_for_again_and_a_wrong_text_is_said() {
        let [mut one, mut other] = pair();
        let (_, mut bytes) = one.send_next();
        let at = bytes.len() - 1;
        bytes[at] ^= 1;
        assert_eq!(deliver(&mut other, &bytes, 1), DeliveryOutcome::Gap);
        bytes[at] ^= 1;
        other.contact.partner.size = 63;
        assert!(matches!(
            deliver(&mut other, &bytes, 1),
            DeliveryOutcome::Wrong(_)
        ));
    }

    fn joined(name: &str) -> Vec<u8> {
        let event = RoomEvent {
            kind: EventKind::Joined,
            actor: name.into(),
            subject: None,
            text: None,
            role: None,
            access: None,
        };
        let (content, digest) = seal(&ServerMessage::event(ConversationId(9), &event));
        let envelope = Envelope {
            hop: Hop::default(),
            content: &content,
            digest,
        };
        envelope.encode()
    }

    #[test]
    fn in_a_room_only_clients_of_the_run_are_heard_and_everything_acknowledged() {
        let room = Some("#bench");
        let mut speaker = side(1, "bench-", room);
        let mut reader = side(2, "bench-", room);
        let mut stranger = side(3, "bench-", room);
        assert_eq!(
            deliver(&mut reader, &joined("bench-2"), 1),
            DeliveryOutcome::Nothing
        );
        assert!(reader.take_receipt().is_some());
        let (number, said) = speaker.send_next();
        assert_eq!(deliver(&mut reader, &said, 2), message(number));
        let (_, said) = stranger.send_next();
        assert_eq!(deliver(&mut reader, &said, 3), DeliveryOutcome::Nothing);
        assert!(reader.take_receipt().is_some());
        assert_eq!(
            deliver(&mut reader, &joined("dave"), 5),
            DeliveryOutcome::Gap
        );
    }

    #[test]
    fn nobody_joins_a_pair() {
        let [mut one, _] = pair();
        assert!(matches!(
            deliver(&mut one, &joined("carol"), 1),
            DeliveryOutcome::Wrong(_)
        ));
    }

    #[test]
    fn text_has_its_size_however_small() {
        for size in [1, 2, 64, 1000] {
            assert_eq!(text_of(DeviceSeq(123), size).len(), size);
        }
    }
}
