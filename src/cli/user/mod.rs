//! `udpchat user`: the server's accounts, whether it runs or not.

mod add;
mod bot;
mod delete;
mod disable;
mod list;
mod reset;
mod show;

use super::admin;
use super::command::{Commands, Subcommand};

pub fn command() -> Subcommand {
    let inside = Commands::default()
        .with(Box::new(add::command()))
        .with(Box::new(list::command()))
        .with(Box::new(show::command()))
        .with(Box::new(reset::command()))
        .with(Box::new(bot::command()))
        .with(Box::new(disable::disable()))
        .with(Box::new(disable::enable()))
        .with(Box::new(delete::command()));
    Subcommand::group("user", "Manage the server's accounts", inside)
        .section("FILES", admin::FILES)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    udpchat user add dave --password-file ~/dave.password\n\
    udpchat user list --json | jq -r .name\n\
    A code with which bob sets a forgotten password:\n\
    udpchat user reset bob --host chat.example\n\
    udpchat user disable dave --reason \"selling watches\"\n\
    udpchat user show dave";
