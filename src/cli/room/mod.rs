//! `udpchat room`: the server's rooms, whether it runs or not.

mod access;
mod add;
mod delete;
mod list;
mod owner;
mod show;

use super::admin;
use super::command::{Commands, Subcommand};

pub fn command() -> Subcommand {
    let inside = Commands::default()
        .with(Box::new(add::command()))
        .with(Box::new(list::command()))
        .with(Box::new(show::command()))
        .with(Box::new(owner::command()))
        .with(Box::new(access::command()))
        .with(Box::new(delete::command()));
    Subcommand::group("room", "Manage the server's rooms", inside)
        .section("FILES", admin::FILES)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    udpchat room add bridge --owner bob\n\
    udpchat room add cabin --owner bob --private --read-only\n\
    udpchat room list --json | jq -r 'select(.members > 1) | .room'\n\
    udpchat room access cabin private\n\
    udpchat room owner cabin erin\n\
    udpchat room show cabin\n\
    udpchat room delete cabin --yes";
