//! What stands in the logs: a header, which the server reads, and a body, which only readers do.
//!
//! The server passes a body on as it is and needs nothing that stands in it, so that a later version can encrypt it from
//! end to end.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::bytes::Bytes;
use super::file::FILE_MAX_BYTES;
use super::ids::{AccountId, ConversationId, DeviceId, DeviceSeq, EntryId};
use super::wire::{DecodeError, decode, encode_to, wire_struct};
use super::words::{Access, EntryKind, EventKind, MemberRole};
use super::{FILE_NAME_MAX_BYTES, MEDIA_TYPE_MAX_BYTES, SIGN_MAX_BYTES, TEXT_MAX_BYTES};

wire_struct! {
    /// Where an entry stands among those of its device.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Origin {
        /// The conversation that it was written for.
        pub conversation: ConversationId,
        /// The device that wrote it.
        pub device: DeviceId,
        /// The device's count in this conversation.
        pub number: DeviceSeq,
    }
}

wire_struct! {
    /// All that a server has to know of an entry.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct EntryHeader {
        pub kind: EntryKind,
        pub origin: Origin,
        /// The entry of the same log that this one is about.
        pub refers_to: Option<EntryId>,
        /// The BLAKE3 root of the blob that belongs to it.
        pub root: Option<Bytes<32>>,
        ;
        /// An idempotency key: of all entries of the account that carry the same one, only the first is stored.
        pub key: Option<Bytes<16>>,
    }
}

/// The bytes of an entry that its header does not tell; what they are depends on its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryBody(pub ByteBuf);

impl EntryBody {
    /// The body that says this.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        let mut bytes = Vec::new();
        encode_to(&mut bytes, value);
        Self(ByteBuf::from(bytes))
    }

    /// What the body says, if it is that.
    ///
    /// # Errors
    /// [`DecodeError::Malformed`].
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        decode(&self.0)
    }
}

wire_struct! {
    /// The body of [`EntryKind::Text`], [`EntryKind::Action`] and [`EntryKind::Edit`].
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Text {
        /// The author. The reader compares it, and the receiver, with the delivery.
        pub sender: AccountId,
        /// Compared with the conversation of the delivery.
        pub receiver: ConversationId,
        /// Random, so that nobody can find a short text by its digest once it has been deleted.
        pub salt: Bytes<16>,
        /// At most [`TEXT_MAX_BYTES`] of UTF-8, never empty.
        pub text: String,
    }
}

wire_struct! {
    /// The body of [`EntryKind::File`]. The server knows the root, from the header, and the size, from the upload.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Attachment {
        /// As in [`Text`].
        pub sender: AccountId,
        pub receiver: ConversationId,
        pub salt: Bytes<16>,
        /// The file's name without folders, at most [`FILE_NAME_MAX_BYTES`] of UTF-8, never empty. It may come from anybody.
        pub name: String,
        /// In bytes.
        pub size: u64,
        /// Its media type (RFC 6838), as its author believes, at most [`MEDIA_TYPE_MAX_BYTES`]; empty where that is not known.
        pub media_type: String,
        /// What is said with it, at most [`TEXT_MAX_BYTES`] of UTF-8; may be empty.
        pub text: String,
    }
}

impl Attachment {
    /// Whether name, type and text are as long as such are, and the file as large as files can be.
    #[must_use]
    pub fn is_sized(&self) -> bool {
        (1..=FILE_NAME_MAX_BYTES).contains(&self.name.len())
            && self.media_type.len() <= MEDIA_TYPE_MAX_BYTES
            && self.text.len() <= TEXT_MAX_BYTES
            && self.size <= FILE_MAX_BYTES
    }
}

wire_struct! {
    /// The body of [`EntryKind::React`]. The server does not learn the sign.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Reaction {
        /// As in [`Text`].
        pub sender: AccountId,
        pub receiver: ConversationId,
        pub salt: Bytes<16>,
        /// An emoji or a word, at most [`SIGN_MAX_BYTES`] of UTF-8, never empty and without blanks.
        pub sign: String,
    }
}

wire_struct! {
    /// The body of [`EntryKind::Delete`], [`EntryKind::Pin`] and [`EntryKind::Unpin`], which say everything in their header.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Reference {
        /// As in [`Text`].
        pub sender: AccountId,
        pub receiver: ConversationId,
    }
}

impl Reaction {
    /// Whether the sign is as long as signs are.
    #[must_use]
    pub fn is_sized(&self) -> bool {
        (1..=SIGN_MAX_BYTES).contains(&self.sign.len())
    }
}

impl Text {
    /// Whether the text is as long as texts are.
    #[must_use]
    pub fn is_sized(&self) -> bool {
        (1..=TEXT_MAX_BYTES).contains(&self.text.len())
    }
}

wire_struct! {
    /// The body of [`EntryKind::Event`]: what happened in a room. The server writes it; its origin names device 0 and
    /// number 0.
    #[derive(Debug, Clone, PartialEq)]
    pub struct RoomEvent {
        pub kind: EventKind,
        /// The user name of who did it.
        pub actor: String,
        /// The user name of whom it is about, if not the actor.
        pub subject: Option<String>,
        /// The topic, the reason, or the room's name; see [`EventKind`].
        pub text: Option<String>,
        /// The subject's new role.
        pub role: Option<MemberRole>,
        /// Who may join from now on.
        pub access: Option<Access>,
    }
}
