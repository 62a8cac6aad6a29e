//! What a bot asks for, and is answered: the fields are those of its lines of JSON (udpchat-bot(7)).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a bot asks for, by the word in `do`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum Request {
    /// Say something, or send a file.
    Send {
        /// A user, a room, everyone or notes.
        to: String,
        /// The text; with a file it may be left out.
        text: Option<String>,
        /// The file that it goes with.
        file: Option<PathBuf>,
        /// Its idempotency key.
        key: Option<String>,
        /// The entry of that conversation that it answers.
        answers: Option<u64>,
    },
    /// Give an own message another text.
    Edit {
        /// Where it stands.
        conversation: String,
        /// Which it is.
        entry: u64,
        /// The new text.
        text: String,
    },
    /// Delete an own message, or take a reaction back.
    Delete {
        /// Where it stands.
        conversation: String,
        /// Which it is.
        entry: u64,
    },
    /// Put a sign to a message.
    React {
        /// Where it stands.
        conversation: String,
        /// Which it is.
        entry: u64,
        /// One emoji or one word.
        sign: String,
    },
    /// Everything up to this entry of a conversation is dealt with, and is not told again.
    Ack {
        /// Which conversation.
        conversation: String,
        /// The last entry that is dealt with.
        entry: u64,
    },
    /// Join a room, which is created if there is none.
    Join {
        /// Its name.
        room: String,
        /// Whether a room that is created is for those who are invited.
        #[serde(default)]
        private: bool,
    },
    /// Leave a room.
    Leave {
        /// Its name.
        room: String,
    },
    /// Set the topic of a room.
    Topic {
        /// Its name.
        room: String,
        /// The topic; an empty one clears it.
        text: String,
    },
    /// List rooms.
    Rooms {
        /// Which page of the list, from 1 on.
        #[serde(default = "first")]
        page: u32,
    },
    /// List the members of a room.
    Members {
        /// Its name.
        room: String,
    },
    /// Say who somebody is.
    Whois {
        /// Their name.
        user: String,
    },
    /// Show what was said before.
    History {
        /// Where.
        conversation: String,
        /// Before which entry; before now if there is none.
        before: Option<u64>,
        /// How many entries.
        limit: Option<u32>,
    },
    /// Tell others that the bot is away, or, without a text, that it is back.
    Away {
        /// Why.
        text: Option<String>,
    },
}

const fn first() -> u32 {
    1
}

impl Request {
    /// Its word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::Edit { .. } => "edit",
            Self::Delete { .. } => "delete",
            Self::React { .. } => "react",
            Self::Ack { .. } => "ack",
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
            Self::Topic { .. } => "topic",
            Self::Rooms { .. } => "rooms",
            Self::Members { .. } => "members",
            Self::Whois { .. } => "whois",
            Self::History { .. } => "history",
            Self::Away { .. } => "away",
        }
    }

    /// Whether it can be carried out without a server, which then learns of it later.
    pub(super) const fn can_wait(&self) -> bool {
        matches!(
            self,
            Self::Send { .. }
                | Self::Edit { .. }
                | Self::Delete { .. }
                | Self::React { .. }
                | Self::Ack { .. }
        )
    }
}

/// What comes of a request other than one that adds an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// It is done.
    Done {},
    /// The room that was joined.
    Room(RoomInfo),
    /// A page of the rooms.
    Rooms {
        /// Those on it.
        rooms: Vec<RoomInfo>,
        /// Which page it is.
        page: u32,
        /// How many there are.
        pages: u32,
    },
    /// The members of a room.
    Members {
        /// Its name.
        room: String,
        /// Who they are.
        members: Vec<MemberInfo>,
        /// Whether there are more than are listed.
        more: bool,
    },
    /// Who somebody is.
    Person {
        /// Their name.
        user: String,
        /// Whether they are online.
        online: bool,
        /// When they were last, where they are not and that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        seen: Option<String>,
        /// What they say of being away.
        #[serde(skip_serializing_if = "Option::is_none")]
        away: Option<String>,
        /// The rooms that they share with the bot.
        rooms: Vec<String>,
        /// Whether it is a bot's account, too.
        #[serde(skip_serializing_if = "is_no")]
        bot: bool,
    },
    /// What was said before.
    History {
        /// Where.
        conversation: String,
        /// The entries as they are by now, the oldest first.
        entries: Vec<Record>,
        /// Whether there may be older ones.
        more: bool,
    },
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoomInfo {
    /// Its name.
    pub room: String,
    /// May be empty.
    pub topic: String,
    /// Who may join: public or private.
    pub access: &'static str,
    /// The bot's own, where it is a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// How many.
    pub members: u32,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberInfo {
    /// Their name.
    pub user: String,
    /// What they may do: member, moderator or owner.
    pub role: &'static str,
    /// Whether they are online.
    pub online: bool,
    /// Whether it is a bot's account.
    #[serde(skip_serializing_if = "is_no")]
    pub bot: bool,
}

/// An entry of a conversation, as exports, `udpchat tail` and bots have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// The name of its conversation.
    pub conversation: String,
    /// Its number there.
    pub entry: u64,
    /// RFC 3339, UTC.
    pub time: String,
    /// Nobody for what happened in a room.
    pub author: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Of something said, of an edit, or the sign of a reaction; empty for what was deleted.
    pub text: String,
    /// What happened in a room, and to whom.
    #[serde(flatten)]
    pub happening: Option<Happening>,
    /// The entry that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<u64>,
    /// The entry that it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<u64>,
    /// The file that it gives to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    /// Whether the text is not the first one.
    #[serde(skip_serializing_if = "is_no")]
    pub edited: bool,
    /// Whether it is pinned.
    #[serde(skip_serializing_if = "is_no")]
    pub pinned: bool,
    /// What was put to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Sign>,
}

/// A file, as its author describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// Its name, which may be anything.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// The media type; empty where that is not known.
    #[serde(rename = "type")]
    pub media_type: String,
    /// The BLAKE3 hash of its content, in hexadecimal digits.
    pub root: String,
}

/// What happened in a room, for programs, which need not take a sentence apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// Such as joined, left, kicked, topic or invited.
    pub happened: String,
    /// Who did it.
    pub actor: String,
    /// With whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something that was said.
    Text,
    /// A file, and what was said with it.
    File,
    /// Something that somebody does.
    Action,
    /// Something that happened in a room.
    Event,
    /// What who administers the server says to all users.
    Announcement,
    /// It was deleted; nothing is left of it.
    Deleted,
    /// Of a later version.
    Unknown,
    /// Another text for an entry.
    Edit,
    /// An entry is deleted.
    Delete,
    /// A sign is put to an entry.
    Reaction,
    /// An entry is pinned.
    Pin,
    /// It no longer is.
    Unpin,
}

/// A reaction, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sign {
    /// One emoji or one word.
    pub sign: String,
    /// Who put it.
    pub by: Vec<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_no(flag: &bool) -> bool {
    !*flag
}
