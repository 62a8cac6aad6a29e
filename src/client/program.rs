//! What programs say to the client, and what they are told of it.

use std::path::PathBuf;

use super::bot::Answer;
use super::env::Fault;
use crate::protocol::{ConversationId, EntryId};

/// How far that which was said has to come, so that a client without a terminal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// It is durable here.
    Queued,
    /// The server has stored it.
    Stored,
    /// Everybody who was online then has it, or has not answered in time.
    HeardOnline,
    /// Everybody for whom it is has it.
    Received,
}

/// Something that a program says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// A user, a room, or everyone.
    pub to: String,
    /// The text, of several lines where it has some. It may be empty where there is a file.
    pub text: String,
    /// The file that it goes with.
    pub file: Option<PathBuf>,
    /// Its idempotency key: what the account says again under the same one, on any device, is said once. [`check_key`] says what
    /// can be one.
    ///
    /// [`check_key`]: crate::client::check_key
    pub key: Option<String>,
}

/// What has become of that which a program said, by its place among what it said in this run, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// It is durable here, and is sent whenever the server answers.
    Queued {
        /// Which.
        said: u64,
    },
    /// So much of the file that goes with it is at the server.
    Progress {
        /// Which.
        said: u64,
        /// In bytes of the file.
        sent: u64,
        /// How large the file is, in bytes.
        size: u64,
    },
    /// The server has stored it.
    Stored {
        /// Which.
        said: u64,
        /// Where it stands.
        conversation: ConversationId,
        /// What that is called: a user, a room, everyone or notes; empty if this device does not know.
        place: String,
        /// Where it stands there.
        entry: EntryId,
        /// When it was stored, in milliseconds since 1970 (UTC).
        time_ms: u64,
        /// For how many it is.
        recipients: u32,
        /// How many of these were online.
        online: u32,
        /// Whether nothing was said now: this is another entry, which has its key.
        said_before: bool,
        /// Whether that stands in another conversation: then nothing was sent, and it is also reported as failed.
        is_elsewhere: bool,
    },
    /// Somebody has received all entries of a conversation up to this one, as far as they are for them.
    Received {
        /// Which conversation.
        conversation: ConversationId,
        /// What that is called.
        place: String,
        /// Which of the own entries.
        entry: EntryId,
        /// The user.
        name: String,
        /// When that was heard of, in milliseconds since 1970 (UTC).
        heard_ms: u64,
    },
    /// In a large conversation: so many have received this entry.
    Counted {
        /// Which conversation.
        conversation: ConversationId,
        /// What that is called.
        place: String,
        /// Which of the own entries.
        entry: EntryId,
        /// How many.
        count: u32,
    },
    /// It will not be stored, as far as is known; if it is kept, it is sent at the next sign-in.
    Failed {
        /// Which; none if an earlier run said it.
        said: Option<u64>,
        /// What kind of failure that is.
        fault: Fault,
        /// Why, as the user is told.
        why: String,
        /// Whether it is kept here.
        is_kept: bool,
    },
    /// What a bot asked for is done.
    Done {
        /// Which request, counted like what is said.
        said: u64,
        /// What came of it.
        answer: Answer,
    },
    /// The server answers, for the first time in this run or again, and the positions are settled; or it does not.
    Link(LinkReport),
}

/// Whether the server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkReport {
    /// For the first time in this run.
    Ready {
        /// Who is signed in.
        user: String,
        /// The server as it was named.
        server: String,
        /// The longest text that it takes, in bytes of UTF-8.
        text_bytes: usize,
    },
    /// Again.
    Online,
    /// It does not; it is tried again and again.
    Offline,
}
