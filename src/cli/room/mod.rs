//! `udpchat room`: the server's rooms, whether it runs or not.

mod add;

use super::admin;
use super::command::{Commands, Subcommand};

pub fn command() -> Subcommand {
    let inside = Commands::default().with(Box::new(add::command()));
    Subcommand::group("room", "Manage the server's rooms", inside)
        .section("FILES", admin::FILES)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    udpchat room add bridge --owner bob\n\
    udpchat room add cabin --owner bob --private";
