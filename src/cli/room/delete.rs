//! `udpchat room delete`: deletes a room for good.

use crate::cli::admin::{self, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::confirm;
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;
use crate::protocol::with_room_sign;

pub fn command() -> Subcommand {
    let summary = "Delete a room for good, with what was written there";
    Subcommand::new("delete", summary, run).section("ROOM DELETE", MANUAL)
}

const MANUAL: &str = "\
    The members are told at once, or when they sign in, and belong to it no longer. What was written there goes from the server, \
    with its files, in steps beside other work, and is kept by devices that have received it. The name can be used for another room, which has \
    nothing in common with this one. This cannot be undone. At a terminal the name has to be typed once more, unless --yes \
    is given; a script is not asked.";

#[derive(clap::Args)]
struct Args {
    /// The room's name, with or without its #
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let subject = with_room_sign(&args.name);
    if !args.yes {
        confirm::by_name("the room", &subject)?;
    }
    let request = Request::RoomDelete { name: args.name };
    let action = ("room delete", &*subject);
    admin::act(&args.administration, request, action, "is deleted")
}
