//! `udpchat reload`: a running server reads its settings again.

use crate::cli::admin::{self, AdminApi as _, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{print, print_json};

pub fn command() -> Subcommand {
    Subcommand::new(
        "reload",
        "Have a running server read its settings again",
        run,
    )
    .section("WHAT HAPPENS", MANUAL)
    .section("FILES", "The server is told through DIR/control.sock.")
    .section("EXAMPLES", EXAMPLES)
}

const MANUAL: &str = "\
    As with SIGHUP (see udpchat-serve(1), SIGNALS) the server opens its log again and reads its file of settings; nobody is signed out. \
    The command prints which settings have changed, and which of them only a restart takes over. On an error all stay as they are, \
    and it is printed.";

const EXAMPLES: &str = "udpchat reload\nudpchat reload --json | jq .changed";

#[derive(clap::Args)]
struct Args {
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let mut server = admin::running(&args.administration.data.path()?)?;
    let Answer::Reloaded(changed) = server.ask(Request::Reload)? else {
        return Err(admin::unexpected().into());
    };
    let (at_once, at_start) = (&changed.at_once, &changed.at_start);
    if args.administration.json {
        let object =
            serde_json::json!({ "action": "reload", "changed": at_once, "at_restart": at_start });
        print_json(&object)?;
        return Ok(Exit::Success);
    }
    if at_once.is_empty() && at_start.is_empty() {
        print("the settings were read again: nothing has changed\n");
    }
    if !at_once.is_empty() {
        let have = if at_once.len() == 1 { "has" } else { "have" };
        print(format!("{} {have} changed\n", at_once.join(", ")));
    }
    if !at_start.is_empty() {
        let change = if at_start.len() == 1 {
            "changes"
        } else {
            "change"
        };
        let settings = at_start.join(", ");
        print(format!(
            "{settings} {change} when the server is started again\n"
        ));
    }
    Ok(Exit::Success)
}
