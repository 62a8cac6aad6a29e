//! `udpchat status`: the state of a running server.

use anyhow::anyhow;

use super::admin::{self, AdminApi as _, Answer, Request};
use super::command::{Context, Subcommand};
use super::exit::{Exit, Failure, Outcome};
use super::options::DataDirectory;
use super::output::{print, print_json, shown};
use crate::store;

pub fn command() -> Subcommand {
    Subcommand::new("status", "Show the state of a running server", run)
        .section("WHAT IS SHOWN", WHAT_IS_SHOWN)
        .section("FILES", "The server is asked through DIR/control.sock.")
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
        let found = store::require_database(&data).map_err(anyhow::Error::new);
        if let Err(failure) = found.map_err(Failure::from)
            && failure.exit == Exit::Usage
        {
            return Err(failure);
        }
        if !data.exists() {
            let error = anyhow!(
                "there is no directory {}, so no server can be reached",
                shown(&data)
            );
            return Err(Failure::new(Exit::Unreachable, error)
                .hint("name the server's directory with --data DIR"));
        }
        let error = anyhow!("no server is running with {}", data.display());
        return Err(Failure::new(Exit::Unreachable, error)
            .hint("for another data directory use --data DIR"));
    };
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
