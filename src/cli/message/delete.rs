//! `udpchat message delete`: deletes an entry of a conversation.

use crate::cli::admin::{self, LogName, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;
use crate::protocol::{EVERYONE_NAME, with_room_sign};

pub fn command() -> Subcommand {
    let summary = "Delete a message of any user";
    Subcommand::new("delete", summary, run).section("MESSAGE DELETE", MANUAL)
}

const MANUAL: &str = "\
    NUMBER is that of the entry in its conversation: users see it with `/lines`, and `udpchat tail --json` has it as `entry`. The \
    content of the entry, of its edits and of the reactions to it is overwritten at the server and on the devices that have received \
    it; readers see that the operator has deleted it. Copies that were made before keep it. The audit log has the \
    conversation and the number, never the text.";

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("place").required(true)))]
struct Args {
    /// The number of the message in its conversation
    number: u64,
    /// In this room, named with or without its #
    #[arg(long, value_name = "ROOM", group = "place")]
    room: Option<String>,
    /// Between these two users
    #[arg(long, value_name = "USER", num_args = 2, group = "place")]
    user: Option<Vec<String>>,
    /// In the conversation everyone
    #[arg(long, group = "place")]
    everyone: bool,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let (log, place) = match (args.room, args.user.as_deref()) {
        (Some(room), _) => {
            let place = with_room_sign(&room);
            (LogName::Room(room), place)
        }
        (None, Some([one, other])) => {
            let place = format!("{one} and {other}");
            (LogName::Users(one.clone(), other.clone()), place)
        }
        _ => (LogName::Everyone, EVERYONE_NAME.to_owned()),
    };
    let subject = format!("{} of {place}", args.number);
    let request = Request::MessageDelete {
        log,
        number: args.number,
    };
    let action = ("message delete", &*subject);
    admin::act(&args.administration, request, action, "is deleted")
}
