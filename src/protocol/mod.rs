//! The messages of the chat: their types, their MessagePack form and their SHA-256 digests.
//!
//! Nothing here knows of packets, sessions or tables. `udpchat-protocol(7)` describes the same bytes for those
//! who write another program that speaks them.

mod address;
mod bodies;
mod body;
mod bytes;
mod codec;
mod digest;
mod entry;
mod file;
mod ids;
mod message;
pub mod opaque;
mod parts;
#[cfg(test)]
mod tests;
mod wire;
mod words;

pub use address::RecipientData;
pub use bodies::*;
pub use body::{Body, Lane, Phase};
pub use bytes::Bytes;
pub use codec::{Envelope, Scratch, encode, open, root_of, seal};
pub use digest::{Digest, digest_of, fingerprint, hash_code};
pub use entry::{Attachment, EntryBody, EntryHeader, Origin, Reaction, Reference, RoomEvent, Text};
pub use file::{CHUNK_BYTES, FILE_MAX_BYTES, FileRoot, FileSize, FileTree, PIECE_MAX_BYTES};
pub use ids::{AccountId, ConversationId, DeviceId, DeviceSeq, EntryId};
pub use message::{
    ClientMessage, Deletion, Delivery, EVERYONE_NAME, Header, Hop, Message, NOTES_NAME,
    ServerMessage,
};
pub use parts::{
    AccountChange, AuditEntry, BlockedUser, Change, Contact, Count, Device, Failure, Head,
    HistoryEntry, Mark, Person, Position, Room, RoomMember, SaidBefore, ServerLimits, Software,
};
pub use wire::{DecodeError, to_bytes};
pub use words::{
    Access, AccountChangeKind, AccountRole, AdminAction, Command, EndReason, EntryKind, ErrorCode,
    EventKind, Feature, MemberRole, MessageType, Refers,
};

/// The longest text that one message carries, in bytes of UTF-8. Chosen: four screens of prose.
pub const TEXT_MAX_BYTES: usize = 16 * 1024;

/// The longest sign of a reaction, in bytes of UTF-8. Chosen: the longest emoji sequence (35 bytes in Unicode 16) or a word.
pub const SIGN_MAX_BYTES: usize = 64;

/// The longest name of a file, in bytes of UTF-8: what file systems take.
pub const FILE_NAME_MAX_BYTES: usize = 255;

/// The longest media type of a file, in bytes: type and subtype of 127 each, and the slash (RFC 6838, section 4.2).
pub const MEDIA_TYPE_MAX_BYTES: usize = 255;

/// The longest message on a channel, in bytes. Chosen: a text with room for everything around it, and small
/// enough that a channel's reassembly budget holds several.
pub const MESSAGE_MAX_BYTES: usize = 64 * 1024;

/// The longest body of an entry, in bytes, that a server stores. Chosen: a text, and a kilobyte for what stands around it
/// now and what encrypting it adds later.
pub const BODY_MAX_BYTES: usize = TEXT_MAX_BYTES + 1024;

/// The longest body of an entry that says little: a sign, or nothing. Chosen: room for what may once seal it, and too short
/// for texts that pass the limits of texts.
pub const SHORT_BODY_MAX_BYTES: usize = 512;

/// The longest immutable part of a message, in bytes, that a server stores. Chosen: a text with its names and what
/// later versions add, and short enough that every hop has room around it: an entry that fits into no message would
/// hold up its readers for ever. A longer one is refused.
pub const CONTENT_MAX_BYTES: usize = 32 * 1024;

/// The longest topic of a room, reason for removing somebody, and text of who is away, in bytes of UTF-8. Chosen: a line or
/// two, and many of them fit one message.
pub const TOPIC_MAX_BYTES: usize = 256;

/// The longest announcement, in bytes of UTF-8. Chosen: a few lines of a terminal; who has more to say names where it stands.
pub const ANNOUNCEMENT_MAX_BYTES: usize = 1024;

/// Up to so many members a receipt names each; above it there is a count, once a second. Chosen: more names than one
/// line on a screen holds, and few enough that each author is told of each member.
pub const NAMED_RECEIPTS_MAX: u32 = 32;

/// How many users one may block; one more is refused. Chosen: more than annoy anybody, and with the longest names all of
/// them fit one message, so that each of a user's devices always has the whole list.
pub const BLOCKED_MAX: usize = 256;

/// Newcomers of a room may read all that was said before they joined, since the room has let newcomers read.
pub const HISTORY_ALL: u64 = u64::MAX;

/// How much newcomers of a room may read, as a change and its entry say it: `none`, `all`, or how many entries.
#[must_use]
pub fn history_text(last: u64) -> String {
    match last {
        0 => "none".into(),
        HISTORY_ALL => "all".into(),
        last => last.to_string(),
    }
}

/// How much newcomers may read by such a text, if it is one.
#[must_use]
pub fn history_of(text: &str) -> Option<u64> {
    let last = match text {
        "none" => 0,
        "all" => HISTORY_ALL,
        digits => digits.parse().ok()?,
    };
    (history_text(last) == text).then_some(last)
}

/// The end of a mute that has none.
pub const MUTED_FOR_GOOD: u64 = u64::MAX;

/// What a room's name begins with; no user's does.
pub const ROOM_SIGN: char = '#';

/// A room's name with its sign, which may be left out where only a room can be meant.
#[must_use]
pub fn with_room_sign(typed: &str) -> String {
    if typed.starts_with(ROOM_SIGN) {
        typed.to_owned()
    } else {
        format!("{ROOM_SIGN}{typed}")
    }
}

/// The length of a resume ticket, in bytes: as much chance as a key has.
pub const TICKET_BYTES: usize = 32;

const _: () = assert!(
    BODY_MAX_BYTES + 1024 < CONTENT_MAX_BYTES && CONTENT_MAX_BYTES + 1024 < MESSAGE_MAX_BYTES
);
