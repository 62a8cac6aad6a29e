//! The arguments of `udpchat send`.

use std::path::PathBuf;

use clap::{ArgMatches, FromArgMatches};

use super::console::Reached;
use crate::cli::connect::{ClientArgs, check_conversation};
use crate::cli::settings::{TO, WORDS, take_server};
use crate::client::{Until, check_key};

/// What is sent, to whom and where.
pub struct Args {
    pub server: String,
    /// The words of the text; none if it is on standard input, or if there is a file.
    pub text: Vec<String>,
    /// Whether words of the text stand before the recipient.
    pub is_text_before: bool,
    pub options: Options,
}

#[derive(clap::Args)]
pub struct Options {
    /// Who gets it: a user, a room with its #, everyone, or notes (your own)
    #[arg(id = TO, long = "to", value_name = "WHO", value_parser = recipient)]
    pub to: String,
    /// How far it has to come
    #[arg(long, value_name = "HOW-FAR", value_enum, default_value_t)]
    pub wait: Wait,
    /// Say it once only: what the user has sent under the same KEY before, from anywhere, is not sent again
    #[arg(long, value_name = "KEY", value_parser = id)]
    pub id: Option<String>,
    /// Send this file; a text goes with it
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print one JSON object that says what was reached
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub client: ClientArgs,
    #[arg(
        id = WORDS,
        value_name = "TEXT",
        help = "The text, or - for standard input; before --to the server, as for `udpchat connect`"
    )]
    words: Vec<String>,
}

/// How far a message has to come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Wait {
    /// It is durable on this machine
    Queued,
    /// The server has stored it
    #[default]
    Stored,
    /// Everybody for whom it is has received it
    Received,
}

impl From<Wait> for Reached {
    fn from(wait: Wait) -> Self {
        match wait {
            Wait::Queued => Self::Queued,
            Wait::Stored => Self::Stored,
            Wait::Received => Self::Received,
        }
    }
}

impl From<Wait> for Until {
    fn from(wait: Wait) -> Self {
        match wait {
            Wait::Queued => Self::Queued,
            Wait::Stored => Self::Stored,
            Wait::Received => Self::Received,
        }
    }
}

/// The usage line: what clap would write has the server where the text is.
const USAGE: &str = "udpchat send [HOST[:PORT]] --to <WHO> [OPTIONS] [TEXT]...";

impl clap::Args for Args {
    fn augment_args(command: clap::Command) -> clap::Command {
        Options::augment_args(command).override_usage(USAGE)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Options::augment_args_for_update(command).override_usage(USAGE)
    }
}

impl FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Options::from_arg_matches(matches)?;
        let mut text = std::mem::take(&mut options.words);
        let server = take_server(matches, &mut text);
        let to = matches.index_of(TO);
        let mut indices = matches.indices_of(WORDS).into_iter().flatten();
        let is_text_before = indices.nth(1).is_some_and(|second| Some(second) < to);
        Ok(Self {
            server,
            text,
            is_text_before,
            options,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn id(text: &str) -> Result<String, String> {
    check_key(text).map(|()| text.to_owned())
}

/// A user or a room that a server could know, everyone, or the notes. It takes it as it was typed.
fn recipient(text: &str) -> Result<String, String> {
    check_conversation(&text.to_lowercase()).map(|()| text.to_owned())
}
