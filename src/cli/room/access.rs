//! `udpchat room access`: who may join a room, and who may write there.

use serde_json::json;

use crate::cli::admin::{self, Request, RoomAccess};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;
use crate::protocol::with_room_sign;

pub fn command() -> Subcommand {
    let summary = "Set who may join a room, and who may write there";
    Subcommand::new("access", summary, run).section("ROOM ACCESS", MANUAL)
}

const MANUAL: &str = "\
    It is what `/access` does at the prompt of an owner. In a room that is read-only, members read and delete what they have \
    written; only moderators and owners write, edit, react and pin. The members are told.";

#[derive(clap::Args)]
struct Args {
    /// The room's name, with or without its #
    name: String,
    /// Who may join, and who may write
    #[arg(value_enum)]
    access: RoomAccess,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let Args {
        name,
        access,
        administration,
    } = args;
    let subject = with_room_sign(&name);
    let done = format!("is {}", access.word());
    let already = format!("{done} already");
    let request = Request::RoomAccess { name, access };
    let (action, more) = (
        ("room access", &*subject),
        json!({ "access": access.word() }),
    );
    admin::change(&administration, request, action, (&done, &already), more)
}
