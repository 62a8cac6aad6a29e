//! `udpchat room show`: one room, and who belongs to it.

use serde_json::json;

use super::list;
use crate::cli::admin::{self, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_json};

pub fn command() -> Subcommand {
    let summary = "Show a room and its members, with their roles";
    Subcommand::new("show", summary, run).section("ROOM SHOW", MANUAL)
}

const MANUAL: &str = "\
    First what `udpchat room list` has of it and its topic, then a line for each member with their role: owner, moderator or member.";

#[derive(clap::Args)]
struct Args {
    /// The room's name, with or without its #
    name: String,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let mut api = admin::open_to_read(&args.administration.data.path()?)?;
    let (mut after, mut shown, mut members) = (Some(0), None, Vec::new());
    while let Some(from) = after {
        let request = Request::RoomShow {
            name: args.name.clone(),
            after: from,
        };
        let Answer::Room {
            room,
            members: page,
            next,
        } = api.ask(request)?
        else {
            return Err(admin::unexpected().into());
        };
        members.extend(page);
        shown.get_or_insert(room);
        after = next;
    }
    let Some(room) = shown else {
        return Err(admin::unexpected().into());
    };
    if args.administration.json {
        let mut object = json!(list::record(&room));
        object["members"] = json!(members);
        print_json(&object)?;
        return Ok(Exit::Success);
    }
    print(format!("{}\n", list::line(&room)));
    if !room.topic.is_empty() {
        print(format!("topic  {}\n", one_line(&room.topic)));
    }
    for member in members {
        print(format!("{}  {}\n", one_line(&member.name), member.role));
    }
    Ok(Exit::Success)
}
