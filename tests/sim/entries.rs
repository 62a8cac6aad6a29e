//! Entries as they stand in the server's log and on devices, and the signs by which what somebody typed is known again.

use std::collections::BTreeMap;

use serde_bytes::ByteBuf;
use udpchat::protocol::{
    Attachment, ConversationId, Digest, EntryKind, EventKind, Reaction, RoomEvent, ServerMessage,
    Text, open, seal,
};

/// Where a text stands: conversation and entry.
pub type EntryKey = (u64, u64);

/// What was typed, by who typed it and its number there. Of something said it stands in the text as `<author.number>`,
/// of an edit as `{author.number}` beside that of what it changes, of a reaction likewise as `~author.number~`.
pub type Marker = (usize, usize);

/// Who deleted an entry, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    pub by: String,
    pub time_ms: u64,
}

/// An entry of the server's log.
#[derive(Clone)]
pub struct Logged {
    pub digest: Digest,
    /// What it says, or said before it was deleted.
    pub message: ServerMessage,
    /// What its author is called.
    pub author: String,
    /// What its author calls the conversation.
    pub receiver: String,
    pub time_ms: u64,
    /// The length of its row.
    pub bytes: u64,
    pub deleted: Option<Deleted>,
}

impl Logged {
    /// An entry by which somebody joined a room.
    pub fn joining(room: u64, name: &str) -> Self {
        let event = RoomEvent {
            kind: EventKind::Joined,
            actor: name.to_owned(),
            subject: None,
            text: None,
            role: None,
            access: None,
        };
        let message = ServerMessage::event(ConversationId(room), &event);
        let (content, digest) = seal(&message);
        Self {
            digest,
            message,
            author: name.to_owned(),
            receiver: String::new(),
            time_ms: 0,
            bytes: content.len() as u64,
            deleted: None,
        }
    }

    /// The marker of what was said, if it is that.
    pub fn marker(&self) -> Option<Marker> {
        said_in(&self.message)
    }

    pub fn kind(&self) -> Option<EntryKind> {
        self.message.header.entry.map(|entry| entry.kind)
    }

    /// The entry that this one is about.
    pub fn refers_to(&self) -> Option<u64> {
        self.message.header.entry?.refers_to.map(|entry| entry.0)
    }

    /// By which it is known again, whether it says something or changes what was said.
    pub fn id(&self) -> Option<Marker> {
        id_of(&self.message)
    }
}

/// By which an entry is known again, whether it says something or changes what was said.
pub fn id_of(message: &ServerMessage) -> Option<Marker> {
    match message.header.entry?.kind {
        EntryKind::Text | EntryKind::File => said_in(message),
        _ => change_of(&words_of(message)?),
    }
}

/// The marker of what a message says, if it says something, by itself or with a file.
fn said_in(message: &ServerMessage) -> Option<Marker> {
    let is_said = message.header.entry?.kind.is_said();
    marker_of(&words_of(message)?).filter(|_| is_said)
}

/// The text of an entry, or the sign of a reaction.
pub fn words_of(message: &ServerMessage) -> Option<String> {
    match message.header.entry?.kind {
        EntryKind::Text => Some(message.text()?.text),
        EntryKind::File => Some(message.body_of::<Attachment>(EntryKind::File)?.text),
        EntryKind::Edit => Some(message.body_of::<Text>(EntryKind::Edit)?.text),
        EntryKind::React => Some(message.body_of::<Reaction>(EntryKind::React)?.sign),
        _ => None,
    }
}

/// The server's log, in order.
pub type Log = BTreeMap<EntryKey, Logged>;

/// An entry as a device holds it.
pub struct HeldEntry {
    /// The account's number.
    pub author: u64,
    pub digest: Digest,
    /// Nothing if it was deleted.
    pub message: Option<ServerMessage>,
    /// Whether it was deleted, and whether it is known to have changed another one.
    pub is_deleted: bool,
    pub was_change: bool,
}

impl HeldEntry {
    pub fn new(author: u64, digest: Digest, content: &ByteBuf) -> Self {
        Self {
            author,
            digest,
            message: open(content, &digest).ok(),
            is_deleted: false,
            was_change: false,
        }
    }

    /// The marker of what was said, if it is that and stands.
    pub fn marker(&self) -> Option<Marker> {
        said_in(self.message.as_ref()?)
    }

    pub fn kind(&self) -> Option<EntryKind> {
        Some(self.message.as_ref()?.header.entry?.kind)
    }

    pub fn refers_to(&self) -> Option<u64> {
        let entry = self.message.as_ref()?.header.entry?;
        entry.refers_to.map(|entry| entry.0)
    }

    /// Whether it is something that somebody has said, and stands.
    pub fn is_said(&self) -> bool {
        self.kind().is_some_and(EntryKind::is_said)
    }
}

/// What a device holds.
pub type Held = BTreeMap<EntryKey, HeldEntry>;

/// The first marker in these bytes from `start` on, and where the search goes on.
pub fn next_marker(bytes: &[u8], start: usize) -> Option<(Marker, usize)> {
    next_between(bytes, start, (b'<', b'>'))
}

fn next_between(bytes: &[u8], start: usize, (open, close): (u8, u8)) -> Option<(Marker, usize)> {
    let mut from = start;
    loop {
        let at = first_sign(bytes, from, open)?;
        from = at + 1;
        let tail = &bytes[from..bytes.len().min(from + 12)];
        let Some(end) = tail.iter().position(|byte| *byte == close) else {
            continue;
        };
        let marker = std::str::from_utf8(&tail[..end])
            .ok()
            .and_then(|marker| marker.split_once('.'))
            .and_then(|(author, number)| Some((author.parse().ok()?, number.parse().ok()?)));
        if let Some(marker) = marker {
            return Some((marker, from));
        }
    }
}

/// Where the next sign is. Most of what is written has none: whole pages are looked through in optimised code.
fn first_sign(bytes: &[u8], from: usize, sign: u8) -> Option<usize> {
    let mut start = from;
    for part in bytes[from..].chunks(64) {
        if part.contains(&sign) {
            let at = part.iter().position(|byte| *byte == sign)?;
            return Some(start + at);
        }
        start += part.len();
    }
    None
}

/// The marker in a text.
pub fn marker_of(text: &str) -> Option<Marker> {
    next_marker(text.as_bytes(), 0).map(|(marker, _)| marker)
}

/// The marker in a line of the screen that shows what somebody said: what that answers stands before the colon.
pub fn shown_marker_of(line: &str) -> Option<Marker> {
    // The quotation of a file has a colon of its own.
    let line = line.split_once("\" of ").map_or(line, |(_, line)| line);
    marker_of(line.split_once(": ").map_or(line, |(_, said)| said))
}

/// The edit in a text.
pub fn edit_of(text: &str) -> Option<Marker> {
    next_between(text.as_bytes(), 0, (b'{', b'}')).map(|(marker, _)| marker)
}

/// The reactions in a text, in order.
pub fn reactions_of(text: &str) -> Vec<Marker> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((marker, next)) = next_between(text.as_bytes(), from, (b'~', b'~')) {
        found.push(marker);
        from = next;
    }
    found
}

/// The edit or the reaction of which a line of the screen tells; it also quotes what that is about.
pub fn told_change_of(line: &str) -> Option<Marker> {
    match (line.split_once(" reacted "), line.split_once(" edited")) {
        (Some((_, reaction)), _) => reactions_of(reaction).first().copied(),
        (_, Some((_, edit))) => edit_of(edit),
        _ => None,
    }
}

/// The edit or the reaction in a text.
pub fn change_of(text: &str) -> Option<Marker> {
    edit_of(text).or_else(|| reactions_of(text).first().copied())
}
