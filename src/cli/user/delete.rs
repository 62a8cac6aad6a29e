//! `udpchat user delete`: deletes an account for good.

use crate::cli::admin::{self, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::confirm;
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;

pub fn command() -> Subcommand {
    let summary = "Delete an account for good; its messages stay, or go with --purge";
    Subcommand::new("delete", summary, run).section("USER DELETE", MANUAL)
}

const MANUAL: &str = "\
    The account's sessions end, it leaves its rooms, and nobody can sign in to it again. Nobody can take its name. What \
    it has said stays, under its name. This cannot be undone: to keep somebody out for a while, use `udpchat user disable`. At a terminal \
    the name has to be typed once more, unless --yes is given; a script is not asked.\n\n\
    With --purge what it has said goes too, with its files and its notes to itself (these go in any case, within an hour): at the server in steps beside other work, 32 messages at a time, which a restart \
    does not end, and on the devices of its readers, that see that the operator has deleted it. It can be given later, too. Copies that were made \
    before keep it.";

#[derive(clap::Args)]
struct Args {
    /// The user's name
    name: String,
    /// Delete what the account has said, too
    #[arg(long)]
    purge: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let Args {
        name,
        purge,
        yes,
        administration,
    } = args;
    // An old name is the account's, too: what is deleted is asked about and named as it is called today.
    let mut api = admin::open(&administration.data.path()?)?;
    let name = match api.ask(Request::UserShow { name: name.clone() }) {
        Ok(Answer::User { user, .. }) => user.name,
        // Deleted already, perhaps, and yet to be purged: that is answered below.
        _ => name,
    };
    drop(api);
    if !yes {
        confirm::by_name("the account", &name)?;
    }
    let done = if purge {
        "is deleted, and what it has said goes"
    } else {
        "is deleted"
    };
    let request = Request::UserDelete {
        name: name.clone(),
        purge,
    };
    admin::act(&administration, request, ("user delete", &name), done)
}
