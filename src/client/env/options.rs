//! What the command line says to the client, and what rings.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::client::effects::Listener;
use crate::client::name::canonical;
use crate::client::password::Password;
use crate::client::program::Until;
use crate::client::tail::TailOptions;
use crate::protocol::opaque::KeyStretching;
use crate::text::enrolment_code::EnrolmentCode;

/// What the command line says. It holds a password, so it has no form for logs.
#[derive(Clone)]
pub struct Options {
    /// The server as it was typed, `host:port`.
    pub server_name: String,
    /// Its addresses, the preferred one first; none if its name is still to be resolved.
    pub addresses: Vec<SocketAddr>,
    /// Who is to be signed in at once.
    pub user: Option<String>,
    /// The password, where it came from a file.
    pub password: Option<Password>,
    /// A code of the operator, with which the first user who is signed in sets the password, or opens an account.
    pub code: Option<EnrolmentCode>,
    /// Whether an unknown server key is taken without asking.
    pub accept_new: bool,
    /// The fingerprint that the server's key must have.
    pub pinned_fingerprint: Option<String>,
    /// What a link asks for, where one names the server.
    pub linked: LinkOptions,
    /// How a password is made expensive to guess.
    pub key_stretching: KeyStretching,
    /// Whether others are not to be told that this session comes and goes.
    pub unannounced: bool,
    /// The user's zone; times are shown and read in it.
    pub time_zone: TimeZone,
    /// What rings.
    pub attention: AttentionOptions,
    /// Whether no command may touch files or run programs.
    pub is_restricted: bool,
    /// Files of others that are smaller are saved by themselves, in bytes; at 0 none are.
    pub save_files_below: u64,
    /// What a client without a terminal is there for.
    pub program: ProgramOptions,
}

/// What a client without a terminal is there for, and what it waits for.
#[derive(Debug, Clone)]
pub struct ProgramOptions {
    /// How long it waits for the server at a time: while it signs in, while the server is away, and at the end for what is
    /// not stored yet.
    pub timeout: Duration,
    /// What it waits for at its end.
    pub until: Until,
    /// Whether it is there to send only: what others say is left at the server, for whoever reads.
    pub is_sending_only: bool,
    /// What a program that reads is told.
    pub tail: Option<TailOptions>,
}

/// What a link says beside the server's address. It may come from anybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkOptions {
    /// Whether the fingerprint that the server's key must have is the link's.
    pub has_key: bool,
    /// A room that the user is asked about.
    pub room: Option<String>,
}

/// What calls for the user's attention.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttentionOptions {
    /// For which messages the terminal rings.
    pub notify: Notify,
    /// Words that mention the user, beside their name.
    pub mentions: Vec<String>,
}

/// For which messages the terminal rings; each for those before it too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notify {
    /// For none.
    None,
    /// For those with the user's name or a word of theirs.
    Mention,
    /// For private ones too.
    #[default]
    Private,
    /// For all.
    All,
}

/// What the terminal rings for: the name of a conversation, with nothing in it that a terminal would run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring(String);

impl Ring {
    /// Letters and digits of a name stay, and its other signs that are none in an escape sequence.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let is_harmless = |sign: &char| sign.is_alphanumeric() || "#_-.".contains(*sign);
        Self(name.chars().filter(is_harmless).collect())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl ProgramOptions {
    /// One that carries out lines, as they are typed at a prompt.
    #[must_use]
    pub const fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            until: Until::HeardOnline,
            is_sending_only: false,
            tail: None,
        }
    }

    /// One that is there to send only, and waits for this at its end.
    #[must_use]
    pub fn sending(self, until: Until) -> Self {
        Self {
            until,
            is_sending_only: true,
            ..self
        }
    }

    /// Whether it is a bot.
    pub(in crate::client) fn is_for_bot(&self) -> bool {
        self.tail.as_ref().is_some_and(TailOptions::is_for_bot)
    }

    /// Who is told what becomes of what is said.
    pub(in crate::client) fn listener(&self) -> Listener {
        if self.is_for_bot() {
            Listener::Bot
        } else if self.is_sending_only {
            Listener::Program
        } else {
            Listener::User
        }
    }
}

impl Options {
    /// The password that was given for this user, and only for this one; without a user it is that of whoever signs in.
    #[must_use]
    pub fn password_of(&self, user: Option<&str>) -> Option<Password> {
        let is_given = self.user.is_none() || user.is_some_and(|user| self.is_user(user));
        self.password.clone().filter(|_| is_given)
    }

    /// Whether this is the user of the command line.
    #[must_use]
    pub fn is_user(&self, name: &str) -> bool {
        self.user.as_deref().map(canonical) == Some(canonical(name))
    }
}
