//! `udpchat message delete`: deletes an entry of a conversation.

use serde_json::json;

use crate::cli::admin::{self, Answer, LogName, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_json};
use crate::protocol::EVERYONE_NAME;

pub fn command() -> Subcommand {
    let summary = "Delete a message of any user";
    Subcommand::new("delete", summary, run).section("MESSAGE DELETE", MANUAL)
}

const MANUAL: &str = "\
    NUMBER is that of the entry in its conversation: users see it with `/lines`, and `udpchat tail --json` has it as `entry`. The \
    content of the entry, of its edits and of the reactions to it is overwritten at the server and on the devices that have received \
    it; readers see that the operator has deleted it. Copies that were made before keep it. The audit log has the \
    conversation and the number, never the text. Moderators do the same at the prompt with `/remove`, but not between two users.";

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
    let log = match (args.room, args.user) {
        (Some(room), _) => LogName::Room(room),
        (None, Some(users)) => {
            let mut users = users.into_iter();
            let mut next = || users.next().unwrap_or_default();
            LogName::Users(next(), next())
        }
        _ => LogName::Everyone,
    };
    let number = args.number;
    let request = Request::MessageDelete { log, number };
    let mut api = admin::open(&args.administration.data.path()?)?;
    let Answer::MessageDeleted { log } = api.ask(request)? else {
        return Err(admin::unexpected().into());
    };
    let (place, subject) = match log {
        LogName::Everyone => {
            let everyone = EVERYONE_NAME.to_owned();
            (format!("in {everyone}"), everyone)
        }
        LogName::Room(room) => (format!("in {room}"), room),
        LogName::Users(one, other) => {
            let both = format!("{one} and {other}");
            (format!("between {both}"), both)
        }
    };
    if args.administration.json {
        let subject = format!("{number} of {subject}");
        print_json(&json!({ "action": "message delete", "subject": subject }))?;
    } else {
        print(format!(
            "message {number} {} is deleted\n",
            one_line(&place)
        ));
    }
    Ok(Exit::Success)
}
