//! `udpchat invite`: codes with which others open accounts, whether the server runs or not.

mod create;
mod list;
mod revoke;

use super::admin;
use super::command::{Commands, Subcommand};

pub fn command() -> Subcommand {
    let inside = Commands::default()
        .with(Box::new(create::command()))
        .with(Box::new(list::command()))
        .with(Box::new(revoke::command()));
    Subcommand::group("invite", "Invite others to open an account", inside)
        .section("FILES", admin::FILES)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    A code for a class, and a link to the server for who gets it:\n\
    udpchat invite create --uses 30 --expires 14d --host chat.example\n\
    What is left of it, for a program:\n\
    udpchat invite list --json | jq .uses_left";
