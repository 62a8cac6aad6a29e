//! What an operator can ask of a server, and what is answered.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::status::Status;
use crate::store::{Report, Retention};

/// What is asked. Bytes are in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How the server does: [`Answer::Status`].
    Status,
    /// All accounts: [`Answer::Users`].
    UserList,
    /// The first half of a sign-up: [`Answer::Start`].
    UserAddStart {
        /// The name as typed.
        name: String,
        /// OPAQUE's registration request.
        request: String,
    },
    /// The second half, on the same connection: [`Answer::Added`].
    UserAddFinish {
        /// The name as typed: the one that the first half named.
        name: String,
        /// OPAQUE's registration upload.
        upload: String,
    },
    /// Makes a room: [`Answer::Added`].
    RoomAdd {
        /// Its name as typed, with its `#`.
        name: String,
        /// Its owner's name as typed.
        owner: String,
        /// Whether only those who are invited may join it.
        is_private: bool,
    },
    /// Says what is kept of a conversation: [`Answer::Done`]. None is as for all others, zero without a limit.
    Retain {
        /// The conversation's name.
        name: String,
        /// The limits.
        limits: Retention,
    },
    /// The conversations with limits of their own: [`Answer::Retained`].
    RetainList,
    /// What is wrong with the database: [`Answer::Checked`].
    StoreCheck,
    /// A copy of the database in a file that is not there yet: [`Answer::BackedUp`].
    StoreBackup {
        /// The file's absolute path.
        path: PathBuf,
    },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// How the server does.
    Status(Status),
    /// All accounts, by name.
    Users {
        /// The accounts.
        users: Vec<User>,
        /// How many there are beside them whose record is damaged.
        unreadable: u64,
    },
    /// To the first half of a sign-up.
    Start {
        /// OPAQUE's registration response.
        response: String,
    },
    /// The account is open, or the room made.
    Added {
        /// The canonical name.
        name: String,
    },
    /// It is done; there is nothing to say.
    Done,
    /// The conversations with limits of their own.
    Retained {
        /// Their names and limits.
        conversations: Vec<RetainedConversation>,
    },
    /// What is wrong with the database.
    Checked {
        /// What was found.
        report: Report,
    },
    /// The copy is made.
    BackedUp {
        /// How many rows it holds.
        rows: u64,
    },
    /// It was refused, or went wrong; a sentence for the user.
    Error {
        /// The sentence.
        message: String,
    },
}

/// An account in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its canonical name.
    pub name: String,
    /// When it was opened, in milliseconds since 1970 (UTC).
    pub created_ms: u64,
}

/// A conversation with limits of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetainedConversation {
    /// Its name.
    pub name: String,
    /// The limits.
    #[serde(flatten)]
    pub limits: Retention,
}

/// Where requests are answered: a running server, or the database itself.
pub trait AdminApi {
    /// Answers a request; never with [`Answer::Error`].
    fn ask(&mut self, request: Request) -> anyhow::Result<Answer>;
}

/// Where the socket of a data directory is.
pub fn socket_path(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// The longest line on the socket, in bytes: a list of a hundred thousand users. What is longer ends the
/// connection.
pub const LINE_MAX_BYTES: usize = 8 * 1024 * 1024;
