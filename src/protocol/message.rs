//! The message: its header, what a hop adds to it, and how the two ends take it apart.
//!
//! A body has no tag of its own. Which one a message carries follows from its header, from the pair of
//! `command` (what the sender wants) and `message_type` (which family the message is of); the table in
//! `bodies` is that relation, and the codec, the manual and the tests are read off it.

use std::net::{IpAddr, SocketAddr};

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use super::bodies::{Body, BodyOf, RoomEvent};
use super::ids::{AccountId, ConversationId, DeviceId, EntryId, Number};
use super::parts::{Failure, Text};
use super::wire::{field, skip_surplus, wire_struct};
use super::words::{Command, MessageType};

/// The address of this hop's receiver, as its sender sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecipientData {
    /// IPv4 or IPv6, never a v4-mapped form.
    pub ip_address: IpAddr,
    /// The UDP port.
    pub port_number: u16,
}

impl From<SocketAddr> for RecipientData {
    fn from(address: SocketAddr) -> Self {
        Self {
            ip_address: address.ip().to_canonical(),
            port_number: address.port(),
        }
    }
}

impl From<RecipientData> for SocketAddr {
    fn from(data: RecipientData) -> Self {
        Self::new(data.ip_address, data.port_number)
    }
}

impl Serialize for RecipientData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let octets = match self.ip_address {
            IpAddr::V4(ip) => ByteBuf::from(ip.octets()),
            IpAddr::V6(ip) => ByteBuf::from(ip.octets()),
        };
        (octets, self.port_number).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RecipientData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (octets, port_number) = <(ByteBuf, u16)>::deserialize(deserializer)?;
        let ip_address = if let Ok(four) = <[u8; 4]>::try_from(octets.as_slice()) {
            IpAddr::from(four)
        } else if let Ok(sixteen) = <[u8; 16]>::try_from(octets.as_slice()) {
            IpAddr::from(sixteen)
        } else {
            return Err(de::Error::invalid_length(octets.len(), &"4 or 16 octets"));
        };
        Ok(Self {
            ip_address: ip_address.to_canonical(),
            port_number,
        })
    }
}

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
pub struct Message {
    /// Command, message type and origin.
    pub header: Header,
    /// The body that this header calls for.
    pub body: Body,
}

impl Message {
    /// A message that is not a chat message: its header follows from its body.
    #[must_use]
    pub fn control(body: impl Into<Body>) -> Self {
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

    /// A chat message with its number. The receiver [`EVERYONE_NAME`] makes it a message to everyone.
    #[must_use]
    pub fn chat(origin: Origin, text: Text) -> Self {
        let command = if origin.conversation == ConversationId::EVERYONE {
            Command::SendAllMessage
        } else {
            Command::SendMessage
        };
        let header = Header {
            command,
            message_type: MessageType::MessageExchange,
            origin: Some(origin),
        };
        Self {
            header,
            body: Body::Text(text),
        }
    }

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

    /// Something was refused: the command that asked for it, and why.
    #[must_use]
    pub fn error(command: Command, failure: Failure) -> Self {
        let header = Header {
            command,
            message_type: MessageType::Error,
            origin: None,
        };
        Self {
            header,
            body: Body::Failure(failure),
        }
    }
}

/// The name under which everyone is addressed; no account can have it.
pub const EVERYONE_NAME: &str = "everyone";

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Header {
            command,
            message_type,
            origin,
        } = &self.header;
        (command, message_type, origin, &self.body).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Message;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("command, message type, origin and body")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Message, A::Error> {
                let command = field(&mut seq, "command")?;
                let message_type = field(&mut seq, "message_type")?;
                let origin = field(&mut seq, "origin")?;
                let header = Header {
                    command,
                    message_type,
                    origin,
                };
                let body = seq
                    .next_element_seed(BodyOf(command, message_type))?
                    .ok_or_else(|| de::Error::missing_field("body"))?;
                skip_surplus(&mut seq)?;
                Ok(Message { header, body })
            }
        }
        deserializer.deserialize_seq(Parts)
    }
}
