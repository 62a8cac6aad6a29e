//! One entry of a conversation as a device keeps it, and what can be shown of it.
//!
//! The author's bytes are kept as they came, digest and all, so that a fault of this disk is found as surely as
//! one on the way.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::protocol::{
    AccountId, Body, ConversationId, Digest, EVERYONE_NAME, Message, MessageType, Text, open,
};

/// An entry that was received or, being this device's own, stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Who wrote it.
    pub(super) author: AccountId,
    /// When the server stored it, in milliseconds since 1970 (UTC).
    pub(super) time_ms: u64,
    /// The author's bytes.
    pub(super) content: ByteBuf,
    /// The author's digest over them.
    pub(super) digest: Digest,
}

impl Entry {
    /// What it says, if its bytes are whole and say something that this version knows.
    pub(super) fn text(&self) -> Option<Text> {
        match open(&self.content, &self.digest) {
            Ok(Message {
                body: Body::Text(text),
                ..
            }) => Some(text),
            _ => None,
        }
    }
}

/// The text of a message, if it belongs where it was delivered: right conversation, sender and receiver.
///
/// `own_name` is the reader's; `is_own` whether the reader's account wrote it; `conversation_name` the other
/// user's name in a pair, once it is known.
pub(super) fn fitting(
    message: Message,
    conversation: ConversationId,
    conversation_name: &str,
    own_name: &str,
    is_own: bool,
) -> Option<Text> {
    let Body::Text(text) = message.body else {
        return None;
    };
    let origin = message.header.origin?;
    if origin.conversation != conversation
        || message.header.message_type != MessageType::MessageExchange
    {
        return None;
    }
    let to_everyone = conversation == ConversationId::EVERYONE;
    let other = if conversation_name.is_empty() {
        None
    } else {
        Some(conversation_name)
    };
    let sender_fits = if is_own {
        text.sender == own_name
    } else {
        text.sender != own_name && (to_everyone || other.is_none_or(|other| other == text.sender))
    };
    let receiver_fits = if to_everyone {
        text.receiver == EVERYONE_NAME
    } else if is_own {
        other.is_none_or(|other| other == text.receiver)
    } else {
        text.receiver == own_name
    };
    (sender_fits && receiver_fits).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{DeviceId, Number, Origin};

    const PAIR: ConversationId = ConversationId(7);

    fn message(conversation: ConversationId, sender: &str, receiver: &str) -> Message {
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
        Message::chat(origin, text)
    }

    #[test]
    fn message_of_the_other_in_a_pair_fits() {
        assert!(fitting(message(PAIR, "bob", "erin"), PAIR, "bob", "erin", false).is_some());
        assert!(fitting(message(PAIR, "erin", "bob"), PAIR, "bob", "erin", true).is_some());
        assert!(fitting(message(PAIR, "bob", "erin"), PAIR, "", "erin", false).is_some());
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
