//! `udpchat room owner`: gives a room another owner.

use serde_json::json;

use crate::cli::admin::{self, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_json};
use crate::protocol::with_room_sign;

pub fn command() -> Subcommand {
    let summary = "Make a user the owner of a room";
    Subcommand::new("owner", summary, run).section("ROOM OWNER", MANUAL)
}

const MANUAL: &str = "\
    USER joins the room first, if need be. Who owned it becomes a moderator: 64 at most at once; of more, the others when it is asked \
    for again. The members are told. It is for rooms that have no owner, or one who does not come back. A \
    room with members always has an owner: if the last one leaves, or is deleted, the moderator who has been there longest \
    follows, else the member. Of a public room that all have left, who joins next becomes the owner; of a private one, the first \
    of its former members who comes back.";

#[derive(clap::Args)]
struct Args {
    /// The room's name, with or without its #
    name: String,
    /// Who is to be its owner
    user: String,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let mut api = admin::open(&args.administration.data.path()?)?;
    let request = Request::RoomOwner {
        name: args.name.clone(),
        user: args.user,
    };
    let Answer::Owned {
        account: user,
        is_unchanged,
        replaced,
    } = api.ask(request)?
    else {
        return Err(admin::unexpected().into());
    };
    let room = with_room_sign(&args.name);
    if args.administration.json {
        print_json(&json!({
            "action": "room owner",
            "subject": room,
            "owner": user,
            "replaced": replaced,
            "changed": !is_unchanged,
        }))?;
    } else {
        let others = match replaced {
            0 if is_unchanged => " already".to_owned(),
            0 => String::new(),
            1 => "; 1 former owner is a moderator".to_owned(),
            others => format!("; {others} former owners are moderators"),
        };
        let (user, room) = (one_line(&user), one_line(&room));
        print(format!("{user} owns {room}{others}\n"));
    }
    Ok(Exit::Success)
}
