//! `udpchat room add`: creates a room for a user.

use anyhow::Context as _;

use crate::cli::admin::{self, Answer, Request, RoomAccess};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::DataDirectory;
use crate::cli::output::print;
use crate::cli::output::quoted;
use crate::protocol::with_room_sign;

pub fn command() -> Subcommand {
    Subcommand::new("add", "Create a room", run).section("ROOM ADD", MANUAL)
}

const MANUAL: &str = "\
    NAME follows the rules for user names; its # may be omitted, because a shell takes it for the start of a \
    comment. The owner is a member from then on, and invites users, appoints moderators and sets the topic \
    at the prompt of `udpchat connect`. With `udpchat serve --rooms closed` this is the only way to create a \
    room.";

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
    /// Let only moderators and owners write
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    data: DataDirectory,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let name = with_room_sign(&args.name);
    let request = Request::RoomAdd {
        name: name.clone(),
        owner: args.owner,
        access: match (args.private, args.read_only) {
            (false, false) => RoomAccess::Public,
            (true, false) => RoomAccess::Private,
            (false, true) => RoomAccess::Readonly,
            (true, true) => RoomAccess::PrivateReadonly,
        },
    };
    let answer = admin::open(&args.data.path()?)?
        .ask(request)
        .with_context(|| format!("cannot add {}", quoted(&name)))?;
    let Answer::Added { name } = answer else {
        return Err(admin::unexpected().into());
    };
    print(format!("added {name}\n"));
    Ok(Exit::Success)
}
