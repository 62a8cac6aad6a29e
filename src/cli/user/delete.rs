//! `udpchat user delete`: deletes an account for good.

use crate::cli::admin::{self, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;

pub fn command() -> Subcommand {
    let summary = "Delete an account for good; its messages stay";
    Subcommand::new("delete", summary, run).section("USER DELETE", MANUAL)
}

const MANUAL: &str = "\
    The account's sessions end, it leaves its rooms, and nobody can sign in to it again. Nobody can take its name. What \
    it has said stays, under its name. This cannot be undone: to keep somebody out for a while, use `udpchat user disable`.";

#[derive(clap::Args)]
struct Args {
    /// The user's name
    name: String,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let Args {
        name,
        administration,
    } = args;
    let request = Request::UserDelete { name: name.clone() };
    admin::act(
        &administration,
        request,
        ("user delete", &name),
        "is deleted",
    )
}
