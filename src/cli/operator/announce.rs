//! `udpchat announce`: announces something to all users.

use crate::cli::admin::{self, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Failure, Outcome};
use crate::cli::options::Administration;
use crate::text::printable;

pub fn command() -> Subcommand {
    let summary = "Announce something to all users";
    Subcommand::new("announce", summary, run)
        .section("WHAT USERS SEE", MANUAL)
        .section("FILES", admin::FILES)
        .section("EXAMPLES", EXAMPLES)
}

const MANUAL: &str = "\
    The words are one text, of 1,024 bytes at most. It is an entry of the conversation everyone, so each user sees it once, those who \
    are away when they sign in, and the history has it: \"announcement by the operator: TEXT\". Nobody can \
    mute, ignore, edit or delete it, and no receipt comes of it. Programs are given it as an entry of the kind \
    announcement.";

const EXAMPLES: &str = "\
    udpchat announce The server moves to another machine at 18:00 UTC\n\
    udpchat announce --json 'Back again.'";

#[derive(clap::Args)]
struct Args {
    /// The announcement
    #[arg(required = true)]
    text: Vec<String>,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let text = args.text.join(" ");
    if printable::is_blank(&text) {
        return Err(Failure::usage(printable::NOTHING_SEEN));
    }
    let request = Request::Announce { text };
    let action = ("announce", "everyone");
    admin::act(&args.administration, request, action, "is told")
}
