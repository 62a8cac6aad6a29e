//! `udpchat session end`: ends the sessions of a user, or one.

use crate::cli::admin::{self, AdminApi as _, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{print, print_json};

pub fn command() -> Subcommand {
    let summary = "End the sessions of a user, or one session";
    Subcommand::new("end", summary, run).section("SESSION END", MANUAL)
}

const MANUAL: &str = "\
    The user is told that the operator has ended the session, and can sign in again at once: `udpchat ban add` and `udpchat user \
    disable` keep somebody out, and the prompt's /kick keeps somebody out of a room. A number is a session's.";

#[derive(clap::Args)]
struct Args {
    /// A user's name, or the number of a session
    #[arg(value_name = "USER|NUMBER")]
    who: String,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let mut api = admin::running(&args.administration.data.path()?)?;
    let request = Request::SessionEnd {
        who: args.who.clone(),
    };
    let Answer::Ended { account, sessions } = api.ask(request)? else {
        return Err(admin::unexpected().into());
    };
    if args.administration.json {
        print_json(&serde_json::json!({
            "action": "session end",
            "subject": account.unwrap_or(args.who),
            "sessions": sessions,
        }))?;
    } else {
        let s = if sessions == 1 { "" } else { "s" };
        print(format!("ended {sessions} session{s}\n"));
    }
    Ok(Exit::Success)
}
