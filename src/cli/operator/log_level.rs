//! `udpchat log-level`: how much a running server logs.

use clap::ValueEnum as _;

use crate::cli::admin::{self, AdminApi as _, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::logging::LogLevel;
use crate::cli::options::Administration;
use crate::cli::output::{print, print_json};

pub fn command() -> Subcommand {
    Subcommand::new(
        "log-level",
        "Show or set how much a running server logs",
        run,
    )
    .section("LEVELS", MANUAL)
    .section("FILES", "The server is asked through DIR/control.sock.")
    .section("EXAMPLES", EXAMPLES)
}

const MANUAL: &str = "\
    warn is what goes wrong; sign-ins and refusals are logged at every level. info adds what happens, as -v of udpchat-serve(1) \
    does, debug adds why, as -vv, and trace everything, as -vvv. It holds until the server is restarted or gets SIGHUP, which \
    bring back what its settings say. No level logs a message's text or a password.";

const EXAMPLES: &str = "\
    udpchat log-level\n\
    udpchat log-level debug";

#[derive(clap::Args)]
struct Args {
    /// How much is logged from now on
    #[arg(value_enum)]
    level: Option<LogLevel>,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let Args {
        level,
        administration,
    } = args;
    let mut server = admin::running(&administration.data.path()?)?;
    let Answer::LogLevel { level } = server.ask(Request::LogLevel { level })? else {
        return Err(admin::unexpected().into());
    };
    if administration.json {
        print_json(&serde_json::json!({ "level": level }))?;
    } else if let Some(level) = level.to_possible_value() {
        print(format!("{}\n", level.get_name()));
    }
    Ok(Exit::Success)
}
