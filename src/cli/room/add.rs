//! `udpchat room add`: makes a room for somebody.

use anyhow::Context as _;

use crate::cli::admin::{self, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::DataDirectory;
use crate::cli::output::print;
use crate::protocol::ROOM_SIGN;

/// The subcommand.
pub fn command() -> Subcommand {
    Subcommand::new("add", "Make a room", run).section("ROOM ADD", MANUAL)
}

const MANUAL: &str = "\
    NAME is formed as a user's name is; its # may be left out, since a shell takes one for the begin of a \
    comment. The owner belongs to the room from then on, and invites, appoints moderators and sets its topic at \
    the prompt of `udpchat connect`. This is how rooms are made where `udpchat serve --rooms closed` lets nobody \
    make one by joining it.";

#[derive(clap::Args)]
struct Args {
    /// The room's name, with or without its #
    name: String,
    /// Whose it is: an account of this server
    #[arg(long, value_name = "USER")]
    owner: String,
    /// Let only those join whom somebody has invited
    #[arg(long)]
    private: bool,
    #[command(flatten)]
    data: DataDirectory,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let bare = args.name.strip_prefix(ROOM_SIGN).unwrap_or(&args.name);
    let name = format!("{ROOM_SIGN}{bare}");
    let request = Request::RoomAdd {
        name: name.clone(),
        owner: args.owner,
        is_private: args.private,
    };
    let answer = admin::open(&args.data.path()?)?
        .ask(request)
        .with_context(|| format!("cannot add {name:?}"))?;
    let Answer::Added { name } = answer else {
        return Err(admin::unexpected().into());
    };
    print(format!("added {name}\n"));
    Ok(Exit::Success)
}
