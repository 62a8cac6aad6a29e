//! The message: its header, what a hop adds to it, and how the two ends take it apart.
//!
//! A body does not name its own type. It follows from the header: from the pair of `command` (what the sender wants) and
//! `message_type` (which family the message is of), by the table in `bodies`.

use std::marker::PhantomData;

use serde::de::{self, DeserializeOwned, DeserializeSeed, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::address::RecipientData;
use super::bodies::{ClientBody, ServerBody};
use super::body::Body;
use super::entry::{EntryBody, EntryHeader, Origin, Reference, RoomEvent, Text};
use super::ids::{AccountId, ConversationId, DeviceId, DeviceSeq, EntryId};
use super::parts::Failure;
use super::wire::{field, skip_surplus, wire_struct};
use super::words::{Command, EntryKind, MessageType};

wire_struct! {
    /// Where an entry stands in its log, told with each delivery. It is not covered by the digest: the server gives it, and
    /// the author cannot know it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Delivery<'a> {
        pub conversation: ConversationId,
        pub entry: EntryId,
        /// The entry before it that this reader was permitted; the reader accepts only what follows where it stands.
        pub prev: EntryId,
        pub author: AccountId,
        /// When the server stored it, in milliseconds since 1970 (UTC).
        pub time_ms: u64,
        /// Except in a pair, the author's user name; missing where the server cannot tell, or an event tells itself.
        pub author_name: Option<&'a str>,
        /// In a pair, the other user's name; missing where the reader's own entry is not the first one there.
        pub peer_name: Option<&'a str>,
        /// If the entry was deleted: then it comes without content, and its digest is that of the content it had.
        pub deleted: Option<Deletion>,
        ;
        /// Whether the author's account is marked as a bot's; missing where it is not, or the server cannot tell.
        pub bot: Option<bool>,
    }
}

wire_struct! {
    /// Who deleted an entry, and when: both are zero where the server does not know. And what the entry was.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Deletion {
        pub by: AccountId,
        /// In milliseconds since 1970 (UTC).
        pub time_ms: u64,
        /// Without content nothing else tells whether something is to be shown in its place.
        pub kind: Option<EntryKind>,
    }
}

impl Deletion {
    /// Whether what was deleted changed another entry: then nothing is shown in its place. What is not known was said.
    pub(crate) fn was_amendment(self) -> bool {
        self.kind.is_some_and(EntryKind::is_amendment)
    }
}

wire_struct! {
    /// The part of a message that may change from hop to hop, and that the digest does not cover.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Hop<'a> {
        /// The address of this hop's receiver, as the sender sees it.
        pub recipient_data: Option<RecipientData>,
        /// Where the entry stands in its log, if this delivers one.
        pub delivery: Option<Delivery<'a>>,
    }
}

wire_struct! {
    /// What stands before a message's body.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Header {
        /// What the sender wants.
        pub command: Command,
        /// The family of the message.
        pub message_type: MessageType,
        /// What the message is as an entry of a log, if it is one.
        pub entry: Option<EntryHeader>,
    }
}

/// A message's immutable part, decoded: what the author's digest covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Message<B> {
    /// What stands before the body.
    pub header: Header,
    /// The body that this header calls for.
    pub body: B,
}

/// What a client sends.
pub type ClientMessage = Message<ClientBody>;

/// What a server sends, and what stands in its logs.
pub type ServerMessage = Message<ServerBody>;

impl<B: Body> Message<B> {
    /// A message that is no entry: its header follows from its body.
    #[must_use]
    pub fn control(body: impl Into<B>) -> Self {
        let body = body.into();
        let (command, message_type) = body.kind();
        Self {
            header: Header {
                command,
                message_type,
                entry: None,
            },
            body,
        }
    }

    /// A chat message with its number. In [`ConversationId::EVERYONE`] it is a message to everyone.
    #[must_use]
    pub fn chat(origin: Origin, text: &Text) -> Self {
        Self::entry(origin, (EntryKind::Text, None), EntryBody::of(text))
    }

    /// What is to become an entry of its device's, of a kind, and the entry that it refers to. In
    /// [`ConversationId::EVERYONE`] it is for everyone.
    #[must_use]
    pub fn entry(
        origin: Origin,
        (kind, refers_to): (EntryKind, Option<EntryId>),
        body: EntryBody,
    ) -> Self {
        let mut message = Self::control(body);
        if origin.conversation == ConversationId::EVERYONE {
            message.header.command = Command::SendAllMessage;
        }
        message.header.entry = Some(EntryHeader {
            kind,
            origin,
            refers_to,
            root: None,
            key: None,
        });
        message
    }

    /// Something was refused: the command that asked for it, and why.
    #[must_use]
    pub fn error(command: Command, failure: Failure) -> Self {
        let mut message = Self::control(failure);
        message.header.command = command;
        message
    }

    /// What somebody says, if the message is that.
    #[must_use]
    pub fn text(&self) -> Option<Text> {
        let text: Text = self.read(EntryKind::Text)?;
        text.is_sized().then_some(text)
    }

    /// What the body of an entry says, if it is that: see [`EntryKind`] for what each kind has.
    #[must_use]
    pub fn body_of<T: DeserializeOwned>(&self, kind: EntryKind) -> Option<T> {
        self.read(kind)
    }

    /// What happened in a room, if the message says that.
    #[must_use]
    pub fn room_event(&self) -> Option<RoomEvent> {
        self.read(EntryKind::Event)
    }

    fn read<T: DeserializeOwned>(&self, kind: EntryKind) -> Option<T> {
        let entry = self.header.entry.filter(|entry| entry.kind == kind);
        entry.and(self.body.entry())?.read().ok()
    }
}

impl ServerMessage {
    /// That the operator has deleted an entry, as it stands in the log of its conversation.
    #[must_use]
    pub fn removal(conversation: ConversationId, entry: EntryId) -> Self {
        let reference = Reference {
            sender: AccountId::OPERATOR,
            receiver: conversation,
        };
        let origin = Origin {
            conversation,
            device: DeviceId::SERVER,
            number: DeviceSeq(0),
        };
        let about = (EntryKind::Delete, Some(entry));
        Self::entry(origin, about, EntryBody::of(&reference))
    }

    /// What happened in a room, as it stands in the log of a conversation.
    #[must_use]
    pub fn event(conversation: ConversationId, event: &RoomEvent) -> Self {
        let origin = Origin {
            conversation,
            device: DeviceId::SERVER,
            number: DeviceSeq(0),
        };
        Self {
            header: Header {
                command: Command::Moderate,
                message_type: MessageType::Alert,
                entry: Some(EntryHeader {
                    kind: EntryKind::Event,
                    origin,
                    refers_to: None,
                    root: None,
                    key: None,
                }),
            },
            body: ServerBody::Entry(EntryBody::of(event)),
        }
    }
}

/// The name under which everyone is addressed; no account can have it.
pub const EVERYONE_NAME: &str = "everyone";

/// The name under which each account addresses its notes to itself; no account can have it.
pub const NOTES_NAME: &str = "notes";

impl<B: Body> Serialize for Message<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.header, &self.body).serialize(serializer)
    }
}

/// Reads the body that a header calls for.
struct BodyOf<'a, B>(&'a Header, PhantomData<B>);

impl<'de, B: Body> DeserializeSeed<'de> for BodyOf<'_, B> {
    type Value = B;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<B, D::Error> {
        match self.0.entry {
            Some(_) => EntryBody::deserialize(deserializer).map(B::from),
            None => B::read((self.0.command, self.0.message_type), deserializer),
        }
    }
}

impl<'de, B: Body> Deserialize<'de> for Message<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<B>(PhantomData<B>);
        impl<'de, B: Body> Visitor<'de> for Parts<B> {
            type Value = Message<B>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("header and body")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Message<B>, A::Error> {
                let header = field(&mut seq, "header")?;
                let body = seq
                    .next_element_seed(BodyOf(&header, PhantomData))?
                    .ok_or_else(|| de::Error::missing_field("body"))?;
                skip_surplus(&mut seq)?;
                Ok(Message { header, body })
            }
        }
        deserializer.deserialize_seq(Parts(PhantomData))
    }
}
