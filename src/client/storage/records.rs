//! The records of a device's tables, apart from the entries of its history: conversations, outbox and receipts.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::client::transfers::TransferId;
use crate::client::ui::{files, render};
use crate::protocol::{AccountId, ConversationId, DeviceSeq, Digest, EntryId, EntryKind, FileRoot};

/// Where a device stands in one conversation: what is durable of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredConversation {
    /// The other user's name in a pair, a room's with its `#`, `everyone` for everyone, `notes` for notes; empty while it is
    /// not known.
    pub(crate) name: String,
    /// The last entry that is durable here.
    pub(crate) received_up_to: EntryId,
    /// Its digest, if this device has ever held that entry.
    pub(crate) digest: Option<Digest>,
    /// The last entry that was shown, or need not be.
    pub(crate) displayed_up_to: EntryId,
    /// How many messages of others stand here that the user has not read.
    pub(crate) unread: u32,
    /// Whether the user is no longer a member; the history stays readable.
    pub(crate) is_left: bool,
    /// Entries up to here were shown before the position was moved back, and are not shown again.
    pub(crate) rewound_from: EntryId,
    /// The last number of this device that is known here to be used up, if any is. A server that has a later one has it
    /// from another state directory.
    pub(crate) last_own_seq: Option<DeviceSeq>,
    /// Up to here the log may have lines of a later state of this very device: the server's database was put back since
    /// this state was settled with it, and numbers do not tell any more. Nothing is said here before that is read.
    pub(crate) hold_until: EntryId,
    /// The server has said that there is nothing for this user up to here.
    #[serde(default)]
    pub(crate) nothing_before: Option<EntryId>,
    /// How many of the unread messages mention the user, as long as there are any.
    #[serde(default)]
    pub(crate) mentions: u32,
    /// When its last entry was written, in milliseconds since 1970, if any has come here.
    #[serde(default)]
    pub(crate) last_at_ms: Option<u64>,
    /// The last entry that the user has read, here or on another device; that may be one which is not here yet.
    #[serde(default = "at_start")]
    pub(crate) read_up_to: EntryId,
    /// Until when the user has muted it, in milliseconds since 1970 (UTC); 0 if not.
    #[serde(default)]
    pub(crate) muted_until_ms: u64,
    /// The last entry that stands in the log of the conversation, or need not, where that is kept.
    #[serde(default = "at_start")]
    pub(crate) logged_up_to: EntryId,
}

const fn at_start() -> EntryId {
    EntryId::START
}

impl StoredConversation {
    /// The beginning of what this device will hold.
    pub(crate) fn at(name: &str, received_up_to: EntryId) -> Self {
        Self {
            name: name.to_owned(),
            received_up_to,
            digest: (received_up_to == EntryId::START).then_some(Digest([0; Digest::LENGTH])),
            displayed_up_to: received_up_to,
            unread: 0,
            is_left: false,
            rewound_from: EntryId::START,
            last_own_seq: Some(DeviceSeq(0)),
            hold_until: EntryId::START,
            nothing_before: None,
            mentions: 0,
            last_at_ms: None,
            read_up_to: received_up_to,
            muted_until_ms: 0,
            logged_up_to: received_up_to,
        }
    }

    /// How many of the unread messages mention the user.
    pub(crate) fn unread_mentions(&self) -> u32 {
        self.mentions.min(self.unread)
    }

    /// Whether its lines are counted and not shown.
    pub(crate) const fn is_muted(&self, now_ms: u64) -> bool {
        self.muted_until_ms > now_ms
    }

    /// Whether a message that waits here may already be in the log.
    pub(crate) fn is_on_hold(&self) -> bool {
        self.received_up_to < self.hold_until
    }
}

/// A user whose messages are hidden on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IgnoredUser {
    pub(crate) name: String,
    /// Known once something of theirs is here.
    pub(crate) account: Option<AccountId>,
}

/// A message's place among those of its device, and the bytes that this place belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Numbered {
    pub(crate) conversation: ConversationId,
    pub(crate) number: DeviceSeq,
    pub(crate) content: ByteBuf,
    pub(crate) digest: Digest,
}

/// A message that is not yet known to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutboxEntry {
    pub(crate) target: String,
    pub(crate) text: String,
    pub(crate) numbered: Option<Numbered>,
    /// Whether it was refused for good: then only its number is to be used up.
    pub(crate) refused: bool,
    /// What it is to be; the text is that of it, or the sign.
    #[serde(default = "text")]
    pub(crate) kind: EntryKind,
    /// The entry that it changes or answers.
    #[serde(default)]
    pub(crate) refers_to: Option<Referred>,
    /// When it was typed, in milliseconds since 1970 (UTC); 0 if that is not known.
    #[serde(default)]
    pub(crate) typed_ms: u64,
    /// The idempotency key that a program gave it.
    #[serde(default)]
    pub(crate) key: Option<String>,
    /// The file that it is, if it is one: then the text is what is said with it, and may be empty.
    #[serde(default)]
    pub(crate) file: Option<QueuedFile>,
}

/// A file that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueuedFile {
    /// The copy of it in the state directory.
    pub(crate) id: TransferId,
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) root: FileRoot,
    /// In bytes.
    pub(crate) size: u64,
    /// Whether all of it is at the server, so that an entry may name it; of a message with a key also where that is not known: the
    /// server says first whether the key is used.
    pub(crate) is_there: bool,
    /// How often the server had it no longer when the entry came that names it.
    pub(crate) missed: u32,
}

/// What a message in the outbox is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Referred {
    /// This entry of its conversation.
    Entry(EntryId),
    /// A message that waits in the outbox itself, under this number there: before that is stored this one gets no number.
    Waiting(u64),
}

const fn text() -> EntryKind {
    EntryKind::Text
}

impl OutboxEntry {
    pub(crate) const fn new(target: String, text: String) -> Self {
        Self {
            target,
            text,
            numbered: None,
            refused: false,
            kind: EntryKind::Text,
            refers_to: None,
            typed_ms: 0,
            key: None,
            file: None,
        }
    }

    /// Whether it is said once also if it is sent under another number.
    pub(crate) const fn can_be_said_again(&self) -> bool {
        self.key.is_some() && !self.refused
    }

    /// What it is, as it is spoken of where it is not sent: with all of its text, which may stand nowhere else.
    pub(crate) fn described(&self) -> String {
        let quoted = render::quote_upto(&self.text, usize::MAX);
        match self.kind {
            EntryKind::Edit => format!("the edit {quoted}"),
            EntryKind::Delete => "the deletion".into(),
            EntryKind::React => format!("the reaction {}", self.text),
            EntryKind::Pin => "the pin".into(),
            EntryKind::Unpin => "the end of a pin".into(),
            EntryKind::File => {
                let name = self.file.as_ref().map(|file| files::name(&file.name));
                let name = name.unwrap_or_default();
                if self.text.is_empty() {
                    format!("the file {name}")
                } else {
                    format!("the file {name} with {quoted}")
                }
            }
            _ => quoted,
        }
    }

    /// What is said of it after the message that it changes.
    pub(crate) fn queued_note(&self) -> Option<String> {
        Some(match self.kind {
            EntryKind::Edit => format!("(edit queued: {})", render::quote(&self.text)),
            EntryKind::Delete => "(deletion queued)".into(),
            EntryKind::React => format!("({} queued)", self.text),
            EntryKind::Pin => "(pin queued)".into(),
            EntryKind::Unpin => "(unpin queued)".into(),
            _ => return None,
        })
    }

    /// Says that it was not sent, and why.
    pub(crate) fn not_sent(&self, why: &str) -> String {
        let what = self.described();
        if self.kind.is_said() {
            format!("not sent: {why}: {what}")
        } else {
            format!("{what} was not sent: {why}")
        }
    }

    /// The file that is not at the server yet: before that it gets no number.
    pub(crate) fn awaits_upload(&self) -> Option<&QueuedFile> {
        self.file
            .as_ref()
            .filter(|file| !file.is_there && !self.refused)
    }

    /// The message in the outbox that has to be stored before this one gets a number.
    pub(crate) const fn waits_for(&self) -> Option<u64> {
        match self.refers_to {
            Some(Referred::Waiting(sequence)) => Some(sequence),
            _ => None,
        }
    }
}

/// An own entry whose receipts have not all come: what is durable of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Awaited {
    /// How many accounts it is for.
    pub(crate) recipients: u32,
    /// How many of these were online when it was stored.
    pub(crate) online: u32,
    /// Whose receipts have been told.
    pub(crate) told: Vec<AccountId>,
    /// How many receipts have been told where they are counted and not named.
    pub(crate) counted: u32,
    /// Whose receipts were given to the screen, in this order, and may not stand there yet.
    pub(crate) telling: Vec<AccountId>,
    /// The same for a count; 0 if none is on its way.
    pub(crate) counting: u32,
}

impl Awaited {
    /// Nobody has received it yet.
    pub(crate) const fn new(recipients: u32, online: u32) -> Self {
        Self {
            recipients,
            online,
            told: Vec::new(),
            counted: 0,
            telling: Vec::new(),
            counting: 0,
        }
    }

    /// How many names were told, or are about to be.
    pub(crate) fn named(&self) -> usize {
        self.told.len() + self.telling.len()
    }

    pub(crate) fn last_count(&self) -> u32 {
        self.counted.max(self.counting)
    }

    /// Whether there is nothing more to come.
    pub(crate) fn is_done(&self) -> bool {
        let told = u32::try_from(self.told.len()).unwrap_or(u32::MAX);
        told.max(self.counted) >= self.recipients
    }
}
