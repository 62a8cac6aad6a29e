//! The arguments of `udpchat tail`.

use clap::{ArgMatches, FromArgMatches};

use crate::cli::connect::{ClientArgs, check_conversation, check_user};
use crate::cli::output::quoted;
use crate::cli::settings::{WORDS, take_server};

/// Which conversations are read, and where.
pub struct Args {
    pub server: String,
    /// Users, rooms, everyone and notes; all if there is none.
    pub conversations: Vec<String>,
    pub options: Options,
}

#[derive(clap::Args)]
pub struct Options {
    /// Begin with this time, or with what no earlier --since last has printed; else with the last 10 lines of each conversation
    #[arg(long, value_name = "WHEN|last")]
    pub since: Option<String>,
    /// Go on with what comes, until a signal
    #[arg(long, short)]
    pub follow: bool,
    /// Print each entry as a JSON object on a line of its own
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub client: ClientArgs,
    #[arg(
        id = WORDS,
        value_name = "CONVERSATION",
        help = "The server, as for `udpchat connect`, and after it, or alone: #ROOM, @USER, everyone, or notes (your own)"
    )]
    words: Vec<String>,
}

/// The usage line: clap knows of no server.
const USAGE: &str = "udpchat tail [HOST[:PORT]] [CONVERSATION]... [OPTIONS]";

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
        let mut words = std::mem::take(&mut options.words);
        let server = take_server(matches, &mut words);
        Ok(Self {
            server,
            conversations: words,
            options,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The name of a conversation that there could be, without the sign of a user.
pub fn conversation(word: &str) -> Result<String, String> {
    let checked = match word.strip_prefix('@') {
        Some(user) => check_user(user),
        None => check_conversation(word),
    };
    let name = word.strip_prefix('@').unwrap_or(word);
    checked
        .map(|()| name.to_owned())
        .map_err(|why| format!("{} is no conversation: {why}", quoted(word)))
}
