//! One entry of a conversation as a device keeps it, and its content.
//!
//! The author's bytes and digest are kept as they came, so that a fault of this disk is found like one on the way.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::protocol::{
    AccountId, ConversationId, DeviceId, Digest, EntryId, Origin, RoomEvent, ServerMessage, open,
};

/// An entry that was received or, being this device's own, stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Who wrote it.
    pub(crate) author: AccountId,
    /// When the server stored it, in milliseconds since 1970 (UTC).
    pub(crate) time_ms: u64,
    /// The author's bytes.
    pub(crate) content: ByteBuf,
    /// The author's digest over them.
    pub(crate) digest: Digest,
    /// The entry before it that this reader was permitted.
    pub(crate) prev: EntryId,
    /// What its author was called when it came, except in a pair.
    pub(crate) author_name: Option<String>,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// What a user said.
    Text(String),
    Event(RoomEvent),
    /// Of a kind that this version does not know, or not what it says that it is. It is kept as it came: a later version
    /// may know more of it.
    Unknown,
}

impl Said {
    /// What a message says that stands in this conversation and is by this author, to a reader with this account and
    /// name. Of one whose header or body names others nothing is believed.
    pub(crate) fn of(
        message: &ServerMessage,
        conversation: ConversationId,
        author: AccountId,
        (own, own_name): (AccountId, &str),
    ) -> Self {
        let Some(entry) = message.header.entry else {
            return Self::Unknown;
        };
        if entry.origin.conversation != conversation {
            return Self::Unknown;
        }
        let said = if entry.origin.device == DeviceId::SERVER {
            let event = message.room_event();
            let fitting = event.filter(|event| (author == own) == (event.actor == own_name));
            fitting.map(Self::Event)
        } else {
            let text = message.text();
            let fitting =
                text.filter(|text| text.sender == author && text.receiver == conversation);
            fitting.map(|text| Self::Text(text.text))
        };
        said.unwrap_or(Self::Unknown)
    }
}

impl Entry {
    pub(crate) fn origin(&self) -> Option<Origin> {
        let message: ServerMessage = open(&self.content, &self.digest).ok()?;
        Some(message.header.entry?.origin)
    }

    /// What it says in its conversation to this reader, if its bytes are whole.
    pub(crate) fn said(
        &self,
        conversation: ConversationId,
        own: (AccountId, &str),
    ) -> Option<Said> {
        let message = open(&self.content, &self.digest).ok()?;
        Some(Said::of(&message, conversation, self.author, own))
    }

    /// The text that a user said, if it is one and its bytes are whole.
    pub(crate) fn text(&self, conversation: ConversationId) -> Option<String> {
        // Only of an event it matters who reads it.
        match self.said(conversation, (self.author, ""))? {
            Said::Text(text) => Some(text),
            Said::Event(_) | Said::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Bytes, DeviceSeq, EntryKind, Text};

    const PAIR: ConversationId = ConversationId(7);
    const BOB: AccountId = AccountId(2);
    const ERIN: (AccountId, &str) = (AccountId(5), "erin");

    fn message(
        conversation: ConversationId,
        sender: AccountId,
        receiver: ConversationId,
    ) -> ServerMessage {
        let origin = Origin {
            conversation,
            device: DeviceId(1),
            number: DeviceSeq(1),
        };
        let text = Text {
            sender,
            receiver,
            salt: Bytes([7; 16]),
            text: "tea?".into(),
        };
        ServerMessage::chat(origin, &text)
    }

    #[test]
    fn only_a_message_of_its_author_in_its_conversation_says_something() {
        let said = |message: &ServerMessage| Said::of(message, PAIR, BOB, ERIN);
        assert_eq!(said(&message(PAIR, BOB, PAIR)), Said::Text("tea?".into()));
        for other in [
            message(PAIR, AccountId(3), PAIR),
            message(PAIR, BOB, ConversationId::EVERYONE),
            message(ConversationId::EVERYONE, BOB, PAIR),
        ] {
            assert_eq!(said(&other), Said::Unknown);
        }
    }

    #[test]
    fn kind_that_only_the_server_writes_is_not_believed_of_a_device() {
        let event = RoomEvent {
            kind: crate::protocol::EventKind::Topic,
            actor: "bob".into(),
            subject: None,
            text: Some("charts".into()),
            role: None,
            access: None,
        };
        let mut message = ServerMessage::event(PAIR, &event);
        assert_eq!(Said::of(&message, PAIR, ERIN.0, ERIN), Said::Unknown);
        assert_eq!(Said::of(&message, PAIR, BOB, ERIN), Said::Event(event));
        if let Some(entry) = &mut message.header.entry {
            entry.origin.device = DeviceId(1);
        }
        assert_eq!(Said::of(&message, PAIR, BOB, ERIN), Said::Unknown);
    }

    #[test]
    fn kind_of_a_later_version_says_nothing_yet() {
        let mut message = message(PAIR, BOB, PAIR);
        if let Some(entry) = &mut message.header.entry {
            entry.kind = EntryKind::Other(40);
        }
        assert_eq!(Said::of(&message, PAIR, BOB, ERIN), Said::Unknown);
    }
}
