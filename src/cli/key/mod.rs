//! `udpchat key`: the server's key.

mod show;

use super::admin;
use super::command::{Commands, Subcommand};

const EXAMPLES: &str = "\
    udpchat key show\n\
    udpchat key show --host chat.example";

pub fn command() -> Subcommand {
    let inside = Commands::default().with(Box::new(show::command()));
    Subcommand::group("key", "Show the server's key", inside)
        .section("FILES", admin::FILES)
        .section("EXAMPLES", EXAMPLES)
}
