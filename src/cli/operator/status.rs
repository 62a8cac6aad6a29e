//! `udpchat status`: the state of a running server.

use crate::cli::admin::{self, AdminApi as _, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::DataDirectory;
use crate::cli::output::{print, print_json};

pub fn command() -> Subcommand {
    Subcommand::new("status", "Show the state of a running server", run)
        .section("WHAT IS SHOWN", WHAT_IS_SHOWN)
        .section("FILES", "The server is asked through DIR/control.sock.")
        .section("EXAMPLES", EXAMPLES)
}

const WHAT_IS_SHOWN: &str = "\
    Sessions (signed in or not) and users online; bytes of stored messages, and accounts at their quota; \
    since the start: messages stored, deliveries sent, commits, and messages that arrived damaged or \
    malformed, and files uploaded, with the bytes of files that came and went; uploads that are under way or were interrupted; what is wrong with the message log (udpchat.redb.segments) if the start found it incomplete; \
    whether the database's files were removed or replaced (nothing is stored until they are back); memory of \
    all session buffers, and sessions not signed in, each with its limit; how often each limit was reached; datagrams without \
    effect, by reason; how long each thread of the server was busy at a stretch, at most, and how often for \
    longer than anybody notices; and for each session (a thousand at most) its user, address, round trip, loss in both \
    directions, packets and bytes, retransmissions and congestion window.";

const EXAMPLES: &str = "\
    udpchat status\n\
    udpchat status --json | jq .sessions";

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
    let mut server = admin::running(&data)?;
    let Answer::Status(status) = server.ask(Request::Status)? else {
        return Err(admin::unexpected().into());
    };
    if args.json {
        print_json(&status.json)?;
    } else {
        print(status.text);
    }
    Ok(Exit::Success)
}
