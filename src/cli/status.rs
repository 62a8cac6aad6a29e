//! `udpchat status`: how a running server does.

use anyhow::anyhow;

use super::admin::{self, AdminApi as _, Answer, Request};
use super::command::{Context, Subcommand};
use super::exit::{Exit, Failure, Outcome};
use super::options::DataDirectory;
use super::output::{print, print_json};

/// The subcommand.
pub fn command() -> Subcommand {
    Subcommand::new("status", "Show how a running server does", run)
        .section("WHAT IS SHOWN", WHAT_IS_SHOWN)
        .section("FILES", "The server is asked through DIR/control.sock.")
}

const WHAT_IS_SHOWN: &str = "\
    Sessions (signed in or not) and users online; how many bytes of messages stand, and how many accounts have \
    come to their quota; messages stored, deliveries handed to the network, transactions made durable, and \
    messages that came damaged or malformed, since the start; what was lost, if the start found less in the \
    journal than was stored; what the buffers of all sessions hold, and how many have not signed in, each with \
    its limit; how often something came to a limit, by the limit; datagrams that changed nothing, by the reason; \
    and of each session (a thousand at most) its user, address, round trip, losses both ways, packets and bytes, \
    retransmissions and congestion window.";

#[derive(clap::Args)]
struct Args {
    #[command(flatten)]
    data: DataDirectory,
    /// Show it as one JSON object
    #[arg(long)]
    json: bool,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let data = args.data.path()?;
    let Some(mut server) = admin::connect(&data)? else {
        let error = anyhow!("no server is running with {}", data.display());
        return Err(Failure::new(Exit::Unreachable, error)
            .hint("--data DIR names the directory of another one"));
    };
    let Answer::Status(status) = server.ask(Request::Status)? else {
        return Err(admin::unexpected().into());
    };
    if args.json {
        print_json(&status)?;
    } else {
        print(status.to_string());
    }
    Ok(Exit::Success)
}
