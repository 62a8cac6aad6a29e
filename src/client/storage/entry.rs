//! One entry of a conversation as a device keeps it, and what can be shown of it.
//!
//! The author's bytes are kept as they came, digest and all, so that a fault of this disk is found as surely as
//! one on the way.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::client::env::Tone;
use crate::client::name::is_room;
use crate::protocol::{
    AccountId, ConversationId, DeviceId, Digest, EVERYONE_NAME, EntryId, MessageType, Origin,
    RoomEvent, ServerBody, ServerMessage, Text, open,
};

/// An entry that was received or, being this device's own, stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::client) struct Entry {
    /// Who wrote it.
    pub(in crate::client) author: AccountId,
    /// When the server stored it, in milliseconds since 1970 (UTC).
    pub(in crate::client) time_ms: u64,
    /// The author's bytes.
    pub(in crate::client) content: ByteBuf,
    /// The author's digest over them.
    pub(in crate::client) digest: Digest,
    /// The entry before it that this reader was permitted.
    pub(in crate::client) prev: EntryId,
}

/// What an entry says, if it belongs where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::client) enum Said {
    /// What a user said.
    Text(Text),
    /// What happened in a room.
    Event(RoomEvent),
}

impl Said {
    /// How it is shown.
    pub(in crate::client) const fn tone(&self) -> Tone {
        match self {
            Self::Text(_) => Tone::Said,
            Self::Event(_) => Tone::Notice,
        }
    }
}

impl Entry {
    /// Which of which device's messages it is, if its bytes are whole.
    pub(in crate::client) fn origin(&self) -> Option<Origin> {
        let message: ServerMessage = open(&self.content, &self.digest).ok()?;
        message.header.origin
    }

    /// What it says, if its bytes are whole and say something that this version knows.
    pub(in crate::client) fn said(&self) -> Option<Said> {
        match open(&self.content, &self.digest).ok()?.body {
            ServerBody::Text(text) => Some(Said::Text(text)),
            ServerBody::RoomEvent(event) => Some(Said::Event(event)),
            _ => None,
        }
    }
}

/// What a message says, if it belongs where it was delivered: right conversation, sender and receiver.
///
/// `own_name` is the reader's; `is_own` whether the reader's account wrote it; `conversation_name` the other
/// user's name in a pair or the room's, once it is known.
pub(in crate::client) fn fitting(
    message: ServerMessage,
    conversation: ConversationId,
    conversation_name: &str,
    own_name: &str,
    is_own: bool,
) -> Option<Said> {
    let header = message.header;
    let origin = header.origin?;
    if origin.conversation != conversation {
        return None;
    }
    let text = match message.body {
        ServerBody::Text(text) if header.message_type == MessageType::MessageExchange => text,
        ServerBody::RoomEvent(event) => {
            let is_the_servers = origin.device == DeviceId::SERVER;
            let fits = is_the_servers && is_own == (event.actor == own_name);
            return fits.then_some(Said::Event(event));
        }
        _ => return None,
    };
    let to_everyone = conversation == ConversationId::EVERYONE;
    let to_room = is_room(&text.receiver);
    if to_room && (to_everyone || !conversation_name.is_empty() && !is_room(conversation_name)) {
        return None;
    }
    let other = if conversation_name.is_empty() {
        None
    } else {
        Some(conversation_name)
    };
    let sender_fits = if is_own {
        text.sender == own_name
    } else {
        text.sender != own_name
            && (to_everyone || to_room || other.is_none_or(|other| other == text.sender))
    };
    let receiver_fits = if to_everyone {
        text.receiver == EVERYONE_NAME
    } else if is_own || to_room {
        other.is_none_or(|other| other == text.receiver)
    } else {
        text.receiver == own_name
    };
    (sender_fits && receiver_fits).then_some(Said::Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Number;

    const PAIR: ConversationId = ConversationId(7);

    fn message(conversation: ConversationId, sender: &str, receiver: &str) -> ServerMessage {
        let origin = Origin {
            conversation,
            device: DeviceId(1),
            number: Number(1),
        };
        let text = Text {
            sender: sender.into(),
            receiver: receiver.into(),
            text: "tea?".into(),
        };
        ServerMessage::chat(origin, text)
    }

    #[test]
    fn message_of_the_other_in_a_pair_fits() {
        assert!(fitting(message(PAIR, "bob", "erin"), PAIR, "bob", "erin", false).is_some());
        assert!(fitting(message(PAIR, "erin", "bob"), PAIR, "bob", "erin", true).is_some());
        assert!(fitting(message(PAIR, "bob", "erin"), PAIR, "", "erin", false).is_some());
    }

    #[test]
    fn message_to_a_room_fits_the_room_and_no_pair() {
        let fits = |name: &str, sender: &str, is_own| {
            fitting(message(PAIR, sender, "#bridge"), PAIR, name, "erin", is_own).is_some()
        };
        assert!(fits("#bridge", "bob", false));
        assert!(fits("", "bob", false));
        assert!(fits("#bridge", "erin", true));
        assert!(!fits("#ops", "bob", false));
        assert!(!fits("bob", "bob", false));
        assert!(!fits("#bridge", "erin", false));
    }

    #[test]
    fn message_under_a_false_name_or_place_does_not_fit() {
        let everyone = ConversationId::EVERYONE;
        assert!(fitting(message(PAIR, "carol", "erin"), PAIR, "bob", "erin", false).is_none());
        assert!(fitting(message(PAIR, "erin", "erin"), PAIR, "", "erin", false).is_none());
        assert!(fitting(message(PAIR, "bob", "dave"), PAIR, "bob", "erin", false).is_none());
        assert!(fitting(message(everyone, "bob", "erin"), PAIR, "bob", "erin", false).is_none());
        assert!(
            fitting(
                message(everyone, "bob", "erin"),
                everyone,
                "everyone",
                "erin",
                false
            )
            .is_none()
        );
    }
}
