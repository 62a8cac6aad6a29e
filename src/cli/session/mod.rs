//! `udpchat session`: who is connected to the running server.

mod end;
mod list;

use super::command::{Commands, Subcommand};

pub fn command() -> Subcommand {
    let inside = Commands::default()
        .with(Box::new(list::command()))
        .with(Box::new(end::command()));
    Subcommand::group(
        "session",
        "List and end the sessions of a running server",
        inside,
    )
    .section("FILES", "The server is asked through DIR/control.sock.")
    .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    udpchat session list --json | jq -r 'select(.idle_s > 3600) | .user'\n\
    udpchat session end mallory";
