//! `udpchat user reset`: a code with which a user sets the password that they have forgotten.

use crate::cli::admin::Request;
use crate::cli::admin::issue::{self, Host, Wanted};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;

pub fn command() -> Subcommand {
    let summary = "Print a code with which a user sets another password";
    Subcommand::new("reset", summary, run).section("USER RESET", MANUAL)
}

const MANUAL: &str = "\
    The code is good once, for a day, and for this user alone; a second one voids the first. The user types `/enrol NAME` at the \
    prompt, or gives the code to `udpchat connect --user NAME --code-file FILE`, and chooses a password, which the server does \
    not see. Until then the old one holds. Then all sessions and devices of the account are signed out, and each device is told \
    at its next sign-in that the password was set by a code, and when. Who prints codes, or reads them on their way, can become \
    the user: be sure whom you give one to. Only a hash of it is kept, and it is in no log. What a disabled account is refused \
    is refused all the same.";

#[derive(clap::Args)]
struct Args {
    /// The user's name
    name: String,
    #[command(flatten)]
    host: Host,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let name = args.name;
    let wanted = Wanted {
        action: "user reset",
        power: &|user| format!("who has this code can become {user}"),
        hint: &|user| format!("{user} types `/enrol {user}` at the prompt, and then the code"),
    };
    issue::issue(&args.administration, args.host, &wanted, |code| {
        Request::UserReset { name, code }
    })
}
