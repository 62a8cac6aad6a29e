//! `udpchat stop`: ends a running server in order, and waits until it has ended.

use std::time::Duration;

use anyhow::anyhow;

use crate::cli::admin::{self, AdminApi as _, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{print, print_json};
use crate::net;
use crate::text::number::whole;

pub fn command() -> Subcommand {
    Subcommand::new(
        "stop",
        "Stop a running server, and wait until it has ended",
        run,
    )
    .section("WHAT HAPPENS", MANUAL)
    .section("FILES", "The server is told through DIR/control.sock.")
    .section("EXAMPLES", EXAMPLES)
}

const MANUAL: &str = "\
    As with SIGTERM (see udpchat-serve(1), SIGNALS) the server tells its clients and writes what is still to be written, within 10 \
    seconds. What was stored is there at the next start, and users who were signed in are then signed in again, without a \
    password. The command returns when the server's process has ended. A service manager that restarts the server does so after this too: \
    where one runs it, use that one, as in `systemctl stop udpchat`.";

const EXAMPLES: &str = "udpchat stop\nudpchat stop --timeout 60";

#[derive(clap::Args)]
struct Args {
    /// Wait so many seconds at most; the server ends all the same
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = whole(1..=3600_u64))]
    timeout: u64,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let mut server = admin::running(&args.administration.data.path()?)?;
    let begun = net::now().instant;
    let Answer::Done(_) = server.ask(Request::Stop)? else {
        return Err(admin::unexpected().into());
    };
    if !server.has_ended_within(Duration::from_secs(args.timeout))? {
        let error = anyhow!("the server has not ended within {} s", args.timeout);
        return Err(
            Failure::from(error).hint("it was told to, and its log may say what it waits for")
        );
    }
    let seconds = (net::now().instant - begun).as_secs_f64();
    if args.administration.json {
        let milliseconds = (seconds * 1e3).round();
        print_json(&serde_json::json!({ "action": "stop", "seconds": milliseconds / 1e3 }))?;
    } else {
        print(format!("the server has ended, after {seconds:.1} s\n"));
    }
    Ok(Exit::Success)
}
