//! `udpchat session list`: who is connected.

use std::net::SocketAddr;

use serde::Serialize;

use crate::cli::admin::{self, AdminApi as _, Answer, Request, SessionLine};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_error, print_json};
use crate::client::rfc3339;

pub fn command() -> Subcommand {
    let summary = "List the sessions: who is connected, from where and since when";
    Subcommand::new("list", summary, run).section("SESSION LIST", MANUAL)
}

const MANUAL: &str = "\
    A line for each session, the oldest first: its number, the user, or - where nobody is signed in, the device, the address, since when it \
    lasts (UTC), and for how many seconds nothing was asked or acknowledged on it. Of more than 20,000 the others are \
    counted on standard error. `udpchat status` has the figures of each link.";

/// A line of `--json`.
#[derive(Serialize)]
struct Record<'a> {
    session: u64,
    user: Option<&'a str>,
    device: Option<u64>,
    address: SocketAddr,
    since: String,
    idle_s: u64,
}

fn run(administration: Administration, _: &Context<'_>) -> Outcome {
    let mut api = admin::running(&administration.data.path()?)?;
    let Answer::Sessions { sessions, others } = api.ask(Request::SessionList)? else {
        return Err(admin::unexpected().into());
    };
    for session in &sessions {
        if administration.json {
            print_json(&record(session))?;
        } else {
            print(line(session));
        }
    }
    if others > 0 {
        print_error(format_args!("udpchat: and {others} more"));
    }
    Ok(Exit::Success)
}

fn record(session: &SessionLine) -> Record<'_> {
    Record {
        session: session.id,
        user: session.user.as_deref(),
        device: session.device,
        address: session.address,
        since: rfc3339(session.since_ms),
        idle_s: session.idle_s,
    }
}

fn line(session: &SessionLine) -> String {
    let user = session.user.as_deref().unwrap_or("-");
    let device = session.device.map_or("-".to_owned(), |it| it.to_string());
    format!(
        "{}  {}  device {device}  {}  since {}  idle {} s\n",
        session.id,
        one_line(user),
        session.address,
        rfc3339(session.since_ms),
        session.idle_s
    )
}
