//! The message: its header, what a hop adds to it, and how the two ends take it apart.
//!
//! A body does not name its own type. It follows from the header: from the pair of `command` (what the sender wants) and
//! `message_type` (which family the message is of), by the table in `bodies`.

use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::address::RecipientData;
use super::bodies::{ClientBody, RoomEvent, ServerBody};
use super::body::Body;
use super::ids::{AccountId, ConversationId, DeviceId, EntryId, Number};
use super::parts::{Failure, Text};
use super::wire::{field, skip_surplus, wire_struct};
use super::words::{Command, MessageType};

wire_struct! {
    /// Where a chat message stands among those of its device: part of what the digest covers.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Origin {
        /// The conversation that it was written for.
        pub conversation: ConversationId,
        /// The device that wrote it.
        pub device: DeviceId,
        /// The device's count in this conversation.
        pub number: Number,
    }
}

wire_struct! {
    /// Where an entry stands in its log, told with each delivery. It is not covered by the digest: the server
    /// gives it, and the author cannot know it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Delivery {
        /// The conversation in whose log the entry stands.
        pub conversation: ConversationId,
        /// The entry.
        pub entry: EntryId,
        /// The entry before it that this reader was permitted; the reader accepts only what follows where it
        /// stands.
        pub prev: EntryId,
        /// Who wrote it.
        pub author: AccountId,
        /// When the server stored it, in milliseconds since 1970 (UTC).
        pub time_ms: u64,
    }
}

/// What stands before a message's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the sender wants.
    pub command: Command,
    /// The family of the message.
    pub message_type: MessageType,
    /// For chat messages: conversation, device and number.
    pub origin: Option<Origin>,
}

wire_struct! {
    /// The part of a message that may change from hop to hop, and that the digest does not cover.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Hop {
        /// The address of this hop's receiver, as the sender sees it.
        pub recipient_data: Option<RecipientData>,
        /// Where the entry stands in its log, if this delivers one.
        pub delivery: Option<Delivery>,
    }
}

/// A message's immutable part, decoded: what the author's digest covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Message<B> {
    /// Command, message type and origin.
    pub header: Header,
    /// The body that this header calls for.
    pub body: B,
}

/// What a client sends.
pub type ClientMessage = Message<ClientBody>;

/// What a server sends, and what stands in its logs.
pub type ServerMessage = Message<ServerBody>;

impl<B: Body> Message<B> {
    /// A message that is not a chat message: its header follows from its body.
    #[must_use]
    pub fn control(body: impl Into<B>) -> Self {
        let body = body.into();
        let (command, message_type) = body.kind();
        Self {
            header: Header {
                command,
                message_type,
                origin: None,
            },
            body,
        }
    }

    /// A chat message with its number. In [`ConversationId::EVERYONE`] it is a message to everyone.
    #[must_use]
    pub fn chat(origin: Origin, text: Text) -> Self
    where
        B: From<Text>,
    {
        let mut message = Self::control(text);
        if origin.conversation == ConversationId::EVERYONE {
            message.header.command = Command::SendAllMessage;
        }
        message.header.origin = Some(origin);
        message
    }

    /// Something was refused: the command that asked for it, and why.
    #[must_use]
    pub fn error(command: Command, failure: Failure) -> Self {
        let mut message = Self::control(failure);
        message.header.command = command;
        message
    }
}

impl ServerMessage {
    /// What happened in a room, as it stands in the log of a conversation.
    #[must_use]
    pub fn event(conversation: ConversationId, event: RoomEvent) -> Self {
        let origin = Origin {
            conversation,
            device: DeviceId::SERVER,
            number: Number(0),
        };
        let mut message = Self::control(event);
        message.header.origin = Some(origin);
        message
    }
}

/// The name under which everyone is addressed; no account can have it.
pub const EVERYONE_NAME: &str = "everyone";

impl<B: Body> Serialize for Message<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Header {
            command,
            message_type,
            origin,
        } = &self.header;
        (command, message_type, origin, &self.body).serialize(serializer)
    }
}

/// Reads the body that a command and a message type call for.
struct BodyOf<B>(Command, MessageType, PhantomData<B>);

impl<'de, B: Body> DeserializeSeed<'de> for BodyOf<B> {
    type Value = B;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<B, D::Error> {
        B::read((self.0, self.1), deserializer)
    }
}

impl<'de, B: Body> Deserialize<'de> for Message<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<B>(PhantomData<B>);
        impl<'de, B: Body> Visitor<'de> for Parts<B> {
            type Value = Message<B>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("command, message type, origin and body")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Message<B>, A::Error> {
                let command = field(&mut seq, "command")?;
                let message_type = field(&mut seq, "message_type")?;
                let origin = field(&mut seq, "origin")?;
                let header = Header {
                    command,
                    message_type,
                    origin,
                };
                let body = seq
                    .next_element_seed(BodyOf(command, message_type, PhantomData))?
                    .ok_or_else(|| de::Error::missing_field("body"))?;
                skip_surplus(&mut seq)?;
                Ok(Message { header, body })
            }
        }
        deserializer.deserialize_seq(Parts(PhantomData))
    }
}
