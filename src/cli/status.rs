//! `udpchat status`: how a running server does.

use std::io::{self, Write as _};

use anyhow::{Context as _, anyhow};
use clap::{Arg, ArgAction, ArgMatches};

use super::admin::desk;
use super::admin::{self, Answer, Request};
use super::command::Command;
use super::exit::{Exit, Failure, Outcome};
use super::options;
use crate::registry::Entry;

/// The subcommand.
pub struct Status;

impl Entry for Status {
    fn name(&self) -> &'static str {
        "status"
    }

    fn summary(&self) -> &'static str {
        "Show how a running server does"
    }
}

impl Command for Status {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command.arg(options::data()).arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Show it as one JSON object"),
        )
    }

    fn run(&self, matches: &ArgMatches) -> Outcome {
        let data = options::data_directory(matches)?;
        let Some(mut server) = admin::connect(&data)? else {
            let error = anyhow!("no server is running with {}", data.display());
            return Err(Failure::new(Exit::Unreachable, error)
                .hint("--data DIR names the directory of another one"));
        };
        let Answer::Status(status) = desk::ask(&mut server, Request::Status)? else {
            return Err(desk::unexpected().into());
        };
        let text = if matches.get_flag("json") {
            serde_json::to_string(&status).context("cannot write the status")? + "\n"
        } else {
            status.to_string()
        };
        // A reader that has gone away is no reason to fail.
        let _ = io::stdout().write_all(text.as_bytes());
        Ok(Exit::Success)
    }

    fn sections(&self) -> Vec<(&'static str, String)> {
        vec![
            (
                "WHAT IS SHOWN",
                "Sessions (signed in or not) and users online; how many bytes of messages stand, and how many accounts \
                 have come to their quota; messages stored, deliveries handed to the network, \
                 transactions made durable, and messages that came damaged or malformed, since the start; what was lost, if the start found less in the journal than \
                 was stored; what the buffers of all sessions hold, and how many have not signed in, each with its \
                 limit; how often something came to a limit, by the \
                 limit; datagrams that changed nothing, by the \
                 reason; and of each session (a thousand at most) its user, address, round trip, losses both ways, \
                 packets and bytes, retransmissions and congestion window."
                    .into(),
            ),
            (
                "FILES",
                "The server is asked through DIR/control.sock.".into(),
            ),
        ]
    }
}
