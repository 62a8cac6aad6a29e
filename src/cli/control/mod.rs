//! The control socket: how `udpchat user`, `udpchat status` and their like speak to a running server.
//!
//! One JSON object a line each way, over a Unix socket beside the database. The directory is its owner's alone
//! (0700), and so is the socket (0600): who may open it, may administer. When no server runs, the same
//! [`Desk`] stands directly upon the database, so that the output is the same either way.

mod clerk;
mod client;
mod server;
pub mod status;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use clerk::{Caller, Clerk};
pub use client::connect;
pub use server::Server;

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
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// How the server does.
    Status(status::Status),
    /// All accounts, by name.
    Users {
        /// The accounts.
        users: Vec<User>,
    },
    /// To the first half of a sign-up.
    Start {
        /// The canonical name.
        name: String,
        /// OPAQUE's registration response.
        response: String,
    },
    /// The account is open.
    Added {
        /// Its canonical name.
        name: String,
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

/// Where requests are answered: a running server, or the database itself.
pub trait Desk {
    /// Answers a request.
    ///
    /// # Errors
    /// If the way to the server failed. What the server refuses is [`Answer::Error`].
    fn ask(&mut self, request: Request) -> anyhow::Result<Answer>;
}

/// Where the socket of a data directory is.
#[must_use]
pub fn socket_path(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// The longest line on the socket, in bytes: a list of a hundred thousand users. What is longer ends the
/// connection.
const LINE_MAX_BYTES: usize = 8 * 1024 * 1024;
