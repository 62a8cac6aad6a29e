//! `udpchat message`: what stands in conversations, whether the server runs or not.

mod delete;

use super::admin;
use super::command::{Commands, Subcommand};

pub fn command() -> Subcommand {
    let inside = Commands::default().with(Box::new(delete::command()));
    Subcommand::group("message", "Delete what was written", inside)
        .section("FILES", admin::FILES)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    udpchat send --to '#ops' 'to be deleted'\n\
    udpchat tail --json '#ops' | jq -r 'select(.text == \"to be deleted\") | .entry' > number\n\
    udpchat message delete \"$(tail -n 1 number)\" --room ops";
