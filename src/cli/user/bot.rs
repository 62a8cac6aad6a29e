//! `udpchat user bot`: marks an account as a bot's, or no longer.

use serde_json::json;

use crate::cli::admin::{self, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;

pub fn command() -> Subcommand {
    let summary = "Mark an account as a bot's, or no longer";
    Subcommand::new("bot", summary, run).section("USER BOT", MANUAL)
}

const MANUAL: &str = "\
    A bot's account is marked `bot` in `/contacts`, `/roster`, `/members`, `/whois` and `udpchat user list`. It is quiet: nobody is told that \
    it comes and goes, and no terminal rings for its messages unless they have the user's name. Lists say so at \
    once, the rest holds from its next sign-in on. The account signs in like any other, with udpchat-bot(1) or otherwise.";

#[derive(clap::Args)]
struct Args {
    /// The user's name
    name: String,
    /// Whether it is one
    #[arg(
        value_enum,
        default_value_t,
        value_name = "on|off",
        hide_possible_values = true
    )]
    mark: Mark,
    #[command(flatten)]
    administration: Administration,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Mark {
    #[default]
    On,
    Off,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let Args {
        name,
        mark,
        administration,
    } = args;
    let is_bot = mark == Mark::On;
    let request = Request::UserBot {
        name: name.clone(),
        is_bot,
    };
    let said = if is_bot {
        ("is marked as a bot", "is marked as a bot already")
    } else {
        ("is no longer marked as a bot", "is not marked as a bot")
    };
    let (action, more) = (("user bot", &*name), json!({ "bot": is_bot }));
    admin::change(&administration, request, action, said, more)
}
