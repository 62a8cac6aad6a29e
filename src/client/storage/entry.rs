//! One entry of a conversation as a device keeps it, and its content.
//!
//! The author's bytes and digest are kept as they came, so that a fault of this disk is found like one on the way.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::protocol::{
    AccountId, Attachment, ConversationId, Deletion, DeviceId, Digest, EntryHeader, EntryId,
    EntryKind, EventKind, FileRoot, Origin, Reaction, Reference, RoomEvent, ServerMessage, Text,
    open,
};
use crate::text::printable;

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
    /// If it was deleted: then there are no bytes, and the digest is that of those that were.
    #[serde(default)]
    pub(crate) deleted: Option<Deletion>,
    /// Whether it changed another entry and lost its content here: there is nothing to be shown in its place.
    #[serde(default)]
    pub(crate) was_amendment: bool,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// What a user said.
    Text(String),
    /// What a user does, told in the third person.
    Action(String),
    /// A file, and what a user said with it.
    File(SharedFile),
    /// It changes another entry.
    Amendment(Amendment),
    Event(RoomEvent),
    /// Nothing any longer.
    Deleted(Deletion),
    /// Of a kind that this version does not know, or not what it says that it is. It is kept as it came: a later version
    /// may know more of it.
    Unknown,
}

/// A file that a user gives to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SharedFile {
    /// As its author has it. It may be anything.
    pub(crate) name: String,
    /// In bytes, as its author says.
    pub(crate) size: u64,
    /// As its author believes; empty where that is not known.
    pub(crate) media_type: String,
    pub(crate) root: FileRoot,
    /// What is said with it; may be empty.
    pub(crate) text: String,
}

impl SharedFile {
    /// What it is shown by: name, size and media type.
    pub(crate) fn described(&self) -> (&str, u64, &str) {
        (&self.name, self.size, &self.media_type)
    }
}

/// An entry that changes another one of its conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amendment {
    pub(crate) target: EntryId,
    pub(crate) what: Amends,
}

/// How an entry is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Amends {
    /// This is its text now.
    Edit(String),
    /// It loses its content; a reaction is taken back.
    Delete,
    /// This sign is put to it: one word, made harmless.
    React(String),
    Pin,
    Unpin,
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
        let is_operators = author == AccountId::OPERATOR && entry.kind == EntryKind::Delete;
        let said = if entry.origin.device == DeviceId::SERVER && !is_operators {
            let event = message.room_event();
            let fitting = event.filter(|event| (author == own) == (event.actor == own_name));
            fitting.map(Self::Event)
        } else {
            by_user(message, &entry, (author, conversation))
        };
        said.unwrap_or(Self::Unknown)
    }

    /// Whether it is for all users, by who administers the server.
    pub(crate) fn is_announcement(&self) -> bool {
        matches!(self, Self::Event(event) if event.kind == EventKind::Announced)
    }

    /// What a user said, or does: what an edit changes.
    pub(crate) fn words(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Action(text) => Some(text),
            Self::File(file) => Some(&file.text),
            _ => None,
        }
    }

    /// The same as it is spoken of and found, with its last text if it was `edited`: a file by its name, too.
    pub(crate) fn told(&self, edited: Option<&str>) -> Option<String> {
        let text = edited.or(self.words())?;
        Some(match self {
            Self::File(file) if text.is_empty() => file.name.clone(),
            Self::File(file) => format!("{}: {text}", file.name),
            _ => text.to_owned(),
        })
    }
}

/// What an entry says that a device wrote, if its body fits its kind, this author and this conversation.
fn by_user(
    message: &ServerMessage,
    header: &EntryHeader,
    from: (AccountId, ConversationId),
) -> Option<Said> {
    let kind = header.kind;
    let text = || {
        let text: Text = message.body_of(kind)?;
        (text.is_sized() && (text.sender, text.receiver) == from).then_some(text.text)
    };
    let sign = || {
        let reaction: Reaction = message.body_of(kind)?;
        let is_fitting = reaction.is_sized() && (reaction.sender, reaction.receiver) == from;
        // With a blank in it, it could name others who have not reacted.
        let sign = printable::word(&reaction.sign).filter(|_| is_fitting)?;
        Some(sign.into_owned())
    };
    let reference = |what| {
        let reference: Reference = message.body_of(kind)?;
        ((reference.sender, reference.receiver) == from).then_some(what)
    };
    let what = match kind {
        EntryKind::Text => return text().map(Said::Text),
        EntryKind::Action => return text().map(Said::Action),
        EntryKind::File => return file(message, header, from).map(Said::File),
        EntryKind::Edit => Amends::Edit(text()?),
        EntryKind::Delete => reference(Amends::Delete)?,
        EntryKind::React => Amends::React(sign()?),
        EntryKind::Pin => reference(Amends::Pin)?,
        EntryKind::Unpin => reference(Amends::Unpin)?,
        EntryKind::Event | EntryKind::Other(_) => return None,
    };
    let target = header.refers_to?;
    Some(Said::Amendment(Amendment { target, what }))
}

/// The file that an entry gives to others.
fn file(
    message: &ServerMessage,
    header: &EntryHeader,
    from: (AccountId, ConversationId),
) -> Option<SharedFile> {
    let file: Attachment = message.body_of(EntryKind::File)?;
    let is_fitting = file.is_sized() && (file.sender, file.receiver) == from;
    let root = header.root.filter(|_| is_fitting)?;
    Some(SharedFile {
        name: file.name,
        size: file.size,
        media_type: file.media_type,
        root,
        text: file.text,
    })
}

impl Amends {
    /// The kind of an entry that changes another one like this.
    pub(crate) const fn kind(&self) -> EntryKind {
        match self {
            Self::Edit(_) => EntryKind::Edit,
            Self::Delete => EntryKind::Delete,
            Self::React(_) => EntryKind::React,
            Self::Pin => EntryKind::Pin,
            Self::Unpin => EntryKind::Unpin,
        }
    }
}

impl Entry {
    fn header(&self) -> Option<EntryHeader> {
        let message: ServerMessage = open(&self.content, &self.digest).ok()?;
        message.header.entry
    }

    pub(crate) fn origin(&self) -> Option<Origin> {
        Some(self.header()?.origin)
    }

    /// The entry that something said answers.
    pub(crate) fn answers(&self) -> Option<EntryId> {
        let header = self.header().filter(|header| header.kind.is_said())?;
        header.refers_to
    }

    /// The entry that it changes, as long as it has its content.
    pub(crate) fn amends(&self) -> Option<EntryId> {
        let header = self.header().filter(|header| header.kind.is_amendment())?;
        header.refers_to
    }

    /// What is left of it once it was deleted.
    pub(crate) fn without_content(self, deletion: Deletion) -> Self {
        let kind = self.header().map(|header| header.kind).or(deletion.kind);
        let deletion = Deletion { kind, ..deletion };
        Self {
            was_amendment: deletion.was_amendment(),
            content: ByteBuf::new(),
            deleted: Some(deletion),
            ..self
        }
    }

    /// What it says in its conversation to this reader, if its bytes are whole.
    pub(crate) fn said(
        &self,
        conversation: ConversationId,
        own: (AccountId, &str),
    ) -> Option<Said> {
        if let Some(deletion) = self.deleted {
            return Some(Said::Deleted(deletion));
        }
        let message = open(&self.content, &self.digest).ok()?;
        Some(Said::of(&message, conversation, self.author, own))
    }

    /// The text that its author typed for it, if its bytes are whole.
    pub(crate) fn typed(&self, conversation: ConversationId) -> Option<String> {
        match self.said(conversation, (self.author, ""))? {
            Said::Text(text)
            | Said::Action(text)
            | Said::Amendment(Amendment {
                what: Amends::Edit(text),
                ..
            }) => Some(text),
            Said::File(file) => Some(file.text).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// What it is found by, if it is something said and its bytes are whole.
    pub(crate) fn text(&self, conversation: ConversationId) -> Option<String> {
        // Only of an event it matters who reads it.
        self.said(conversation, (self.author, ""))?.told(None)
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
