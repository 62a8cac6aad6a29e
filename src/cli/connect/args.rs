//! The arguments of `udpchat connect`.

use std::path::PathBuf;

use clap::ArgAction;

use super::terminal::{NotifyBy, NotifyOf, Setting, When};
use crate::cli::address::{DEFAULT_HOST, Target, server_key};
use crate::cli::options::{CodeFile, PasswordFile};
use crate::cli::settings::Side;
use crate::protocol::{EVERYONE_NAME, NOTES_NAME};
use crate::server::{Name, NameError, RoomName};
use crate::text::number::{bytes, seconds};

#[derive(clap::Args)]
pub struct Args {
    #[arg(
        value_name = "HOST[:PORT]",
        default_value = DEFAULT_HOST,
        help = "The server: a profile of the settings, a name or an address, an IPv6 one with a port as [address]:port, \
                several of a cluster with commas between them, or a link (udpchat://…)"
    )]
    pub server: Target,
    #[command(flatten)]
    pub client: ClientArgs,
    #[command(flatten)]
    pub code: CodeFile,
    /// Whether lines are coloured; auto follows NO_COLOR, CLICOLOR_FORCE, CLICOLOR and the terminal
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        env = "UDPCHAT_COLOR"
    )]
    pub color: When,
    /// For a screen reader: words in the place of symbols, no colours, and nothing is drawn again
    #[arg(long, env = "UDPCHAT_PLAIN")]
    pub plain: bool,
    /// How a part of a line is painted, such as own=bold or name=#ff8800; a table in the settings
    #[arg(long, value_name = "PART=STYLE", action = ArgAction::Append, env = "UDPCHAT_THEME")]
    pub theme: Vec<Setting>,
    /// Do not tell others that this session comes and goes, for programs; `/contacts` lists it all the same
    #[arg(long, env = "UDPCHAT_UNANNOUNCED")]
    pub unannounced: bool,
    /// Add each message to a file of its conversation below this directory, as plain text that stays there
    #[arg(long, value_name = "DIR", env = "UDPCHAT_LOG_CHAT")]
    pub log_chat: Option<PathBuf>,
    #[arg(
        long,
        value_name = "DIR",
        env = "UDPCHAT_DOWNLOAD_DIR",
        help = "Where files of others are saved [default: $XDG_DOWNLOAD_DIR, else ~/Downloads, else the current directory]"
    )]
    pub download_dir: Option<PathBuf>,
    /// Save files of others there by themselves if they are smaller than this, in bytes or as 64K or 5M; without it none are
    #[arg(
        long,
        value_name = "SIZE",
        env = "UDPCHAT_SAVE_FILES_BELOW",
        value_parser = bytes
    )]
    pub save_files_below: Option<u64>,
    /// Refuse all commands that read or write files or run programs, for a login shell
    #[arg(long, env = "UDPCHAT_RESTRICTED")]
    pub restricted: bool,
    /// For which messages the terminal rings: none, those that mention you, private ones too, or all
    #[arg(
        long,
        value_name = "WHICH",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        env = "UDPCHAT_NOTIFY"
    )]
    pub notify: NotifyOf,
    /// How it rings: bell, or a notification by the terminal's OSC 9 or OSC 777, which has the conversation's name only
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        env = "UDPCHAT_NOTIFY_BY"
    )]
    pub notify_by: NotifyBy,
    /// A word that counts as a mention, beside your name; may be repeated
    #[arg(
        long,
        value_name = "WORD",
        env = "UDPCHAT_MENTION",
        value_delimiter = ','
    )]
    pub mention: Vec<String>,
}

/// Who signs in where: what all programs that are clients of a server take.
#[derive(clap::Args)]
pub struct ClientArgs {
    /// Read the settings from this file [default: $XDG_CONFIG_HOME/udpchat/config.toml]
    // It is read before the other arguments.
    #[arg(id = "config", long = "config", value_name = "FILE", env = Side::Client.config_variable())]
    _config: Option<PathBuf>,
    /// Sign in as this user at once
    #[arg(long, value_name = "NAME", env = "UDPCHAT_USER", value_parser = user)]
    pub user: Option<String>,
    #[command(flatten)]
    pub password: PasswordFile,
    #[arg(
        long,
        value_name = "DIR",
        env = "UDPCHAT_STATE",
        help = "The client's directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]"
    )]
    pub state: Option<PathBuf>,
    /// Connect only if the server's key has this fingerprint
    #[arg(long, value_name = "SHA256:…", env = "UDPCHAT_SERVER_KEY", value_parser = server_key::parse)]
    pub server_key: Option<String>,
    /// Without a terminal: how long to wait for the server to answer, and at the end for everything to be stored; up to 86400, or as 2m or 1h
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "30",
        env = "UDPCHAT_TIMEOUT",
        value_parser = seconds(1..=86_400)
    )]
    pub timeout: u64,
    /// Trust an unknown server key without asking; a changed key is still refused
    #[arg(long, env = "UDPCHAT_ACCEPT_NEW")]
    pub accept_new: bool,
    /// For links on which packets cost money: send none in advance of a loss, so that messages come later where some are lost
    #[arg(long, env = "UDPCHAT_FRUGAL")]
    pub frugal: bool,
}

impl ClientArgs {
    /// Of a user with this client's directory, who accepts no new key; each wait for the server takes so many seconds at most.
    pub const fn of(
        user: Option<String>,
        password: PasswordFile,
        state: Option<PathBuf>,
        server_key: Option<String>,
        timeout: u64,
    ) -> Self {
        Self {
            _config: None,
            user,
            password,
            state,
            server_key,
            timeout,
            accept_new: false,
            frugal: false,
        }
    }
}

/// A name that a server could know. It takes it as it was typed.
pub fn user(text: &str) -> Result<String, NameError> {
    Name::parse(text).map(|_| text.to_owned())
}

/// Whether a server could know a conversation of this name: of a user, a room with its #, everyone, or the notes.
pub fn check_conversation(name: &str) -> Result<(), String> {
    match name {
        EVERYONE_NAME | NOTES_NAME => Ok(()),
        room if room.starts_with('#') => {
            let parsed = RoomName::parse(room);
            parsed.map(drop).map_err(|why| why.to_string())
        }
        user => check_user(user),
    }
}

/// Whether a server could know a user of this name.
pub fn check_user(name: &str) -> Result<(), String> {
    Name::parse(name).map(drop).map_err(|why| why.to_string())
}
