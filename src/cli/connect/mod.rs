//! `udpchat connect`: the chat itself, at a terminal or with plain lines.

mod run;
mod server_key;
mod state;
mod terminal;

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Arg, ArgAction, ArgMatches, value_parser};

use super::address::{DEFAULT_HOST, ServerName};
use super::command::Command;
use super::exit::{Failure, Outcome};
use super::password::{self, Password};
use super::{environment, logging, options};
use crate::client::commands;
use crate::registry::Entry;

/// The subcommand.
pub struct Connect;

/// What the command line asks for.
pub struct Plan {
    /// The server.
    pub server: ServerName,
    /// The account to sign in to; asked for if there is none.
    pub user: Option<String>,
    /// Its password; asked for if there is none.
    pub password: Option<Password>,
    /// The client's directory.
    pub state: PathBuf,
    /// The fingerprint that the server's key must have.
    pub server_key: Option<String>,
    /// Whether an unknown key is taken without asking.
    pub accept_new: bool,
}

impl Entry for Connect {
    fn name(&self) -> &'static str {
        "connect"
    }

    fn summary(&self) -> &'static str {
        "Connect to a server and chat"
    }
}

impl Command for Connect {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command
            .arg(
                Arg::new("server")
                    .value_name("HOST[:PORT]")
                    .default_value(DEFAULT_HOST)
                    .value_parser(str::parse::<ServerName>)
                    .help("The server: a name or an address, an IPv6 one with a port as [address]:port"),
            )
            .arg(
                Arg::new("user")
                    .long("user")
                    .value_name("NAME")
                    .env("UDPCHAT_USER")
                    .hide_env_values(true)
                    .help("Sign in as this user at once"),
            )
            .arg(options::password_file())
            .arg(
                Arg::new("state")
                    .long("state")
                    .value_name("DIR")
                    .env("UDPCHAT_STATE")
                    .hide_env_values(true)
                    .value_parser(value_parser!(PathBuf))
                    .help("The client's directory: identity, known servers, history [default: $XDG_STATE_HOME/udpchat]"),
            )
            .arg(
                Arg::new("server-key")
                    .long("server-key")
                    .value_name("SHA256:…")
                    .env("UDPCHAT_SERVER_KEY")
                    .hide_env_values(true)
                    .value_parser(server_key::parse)
                    .help("Connect only if the server's key has this fingerprint"),
            )
            .arg(
                Arg::new("accept-new")
                    .long("accept-new")
                    .env("UDPCHAT_ACCEPT_NEW")
                    .hide_env_values(true)
                    .action(ArgAction::SetTrue)
                    .value_parser(FalseyValueParser::new())
                    .help("Trust an unknown server's key without asking; a changed one is refused nevertheless"),
            )
    }

    fn run(&self, matches: &ArgMatches) -> Outcome {
        logging::client(matches)?;
        run::run(plan(matches)?)
    }

    fn sections(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CHAT COMMANDS", commands::manual()),
            (
                "IN A ROOM",
                "After `join`, and after `enter`, the prompt shows where it stands, plain text is said there, and \
                 commands take a slash; a text that begins with one is typed with two. `back` steps out, and one \
                 belongs to the room until `leave`. The commands for rooms mean the one where the prompt stands \
                 unless they name another. Without a link `join` waits for it, and so does what is typed."
                    .into(),
            ),
            (
                "WHAT IS SHOWN",
                "What somebody says begins with its time and name, `(you)` for yours. The program's own lines begin with \
                 ✓ for a receipt, ● for news and ! for an error. At a terminal a long line goes on in rows that are \
                 indented, of at most 100 columns, so that nothing in a text looks like a line of its own. A window \
                 that is made narrower than a row wraps again what it shows already, and that cannot be relied on \
                 any more; `history` shows it anew. Names and texts in scripts that are written from the right are \
                 shown in the order in which they came, and a terminal that orders them itself may move words within \
                 a row.\n\
                 Of a text nothing is shown that a terminal would obey, or that cannot be seen: `(nothing visible)` \
                 stands for one of nothing else. � is a character that this version does not know, at most two blanks \
                 stand behind each other, and at most 8 marks on a letter."
                    .into(),
            ),
            (
                "RECEIPTS",
                "`✓ Message received by bob (84 ms)` says that a device of bob's has the message on its disk; it never \
                 means read. Of a message to many it says how many have it of those it is for. Where it is not the \
                 last message, or not of just now, its time and its first words stand behind. A line may end with \
                 `(perhaps shown before)`: the client was killed when that line was on its way to the screen.\n\
                 Where the server does not answer within 2 s, the prompt comes back and the answer is waited for \
                 behind it; once it has not answered for 10 s, what is said is queued, and what is asked is refused."
                    .into(),
            ),
            (
                "BLOCKING",
                "`block USER` holds on all your devices until `unblock USER`. The server stores what the blocked user \
                 writes to you and never delivers it, not after `unblock` either. The user is told nothing of the \
                 block: they see `● stored; NAME is offline` while you are offline, nothing while you are online, and \
                 never `✓`. What they say in rooms and to everyone is received as always, with its receipt, and not \
                 shown as long as you block them, by `history` and `search` neither; somebody who compares the two \
                 can conclude that they are blocked. Their invitations, and that they come and go, you are not told."
                    .into(),
            ),
            (
                "WITHOUT A TERMINAL",
                "If standard input or output is no terminal, or one that cannot edit lines (TERM=dumb), commands are read from standard input, a line each, \
                 and what arrives is written to standard output, plain; errors go to standard error. Nothing is \
                 asked: give the password with --password-file, and the server's key with --server-key or \
                 --accept-new."
                    .into(),
            ),
            (
                "FILES",
                "DIR/known_servers has a line for each server whose key is trusted. DIR/SERVER/USER/N.redb is the \
                 history of one device of a user; each client that runs at the same time takes one of its own. \
                 The directory must be its owner's alone (mode 0700)."
                    .into(),
            ),
        ]
    }
}

fn plan(matches: &ArgMatches) -> Result<Plan, Failure> {
    let server = matches
        .get_one::<ServerName>("server")
        .cloned()
        .ok_or_else(|| Failure::usage("no server"))?;
    let password = matches
        .get_one::<PathBuf>("password-file")
        .map(|path| password::from_file(path))
        .transpose()?;
    Ok(Plan {
        server,
        user: matches.get_one::<String>("user").cloned(),
        password,
        state: match matches.get_one::<PathBuf>("state") {
            Some(path) => path.clone(),
            None => environment::state_directory()?,
        },
        server_key: matches.get_one::<String>("server-key").cloned(),
        accept_new: matches.get_flag("accept-new"),
    })
}
