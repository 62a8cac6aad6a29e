//! `udpchat user`: the server's accounts, whether it runs or not.

mod add;
mod bot;
mod list;

use super::admin;
use super::command::{Commands, Subcommand};

pub fn command() -> Subcommand {
    let inside = Commands::default()
        .with(Box::new(add::command()))
        .with(Box::new(list::command()))
        .with(Box::new(bot::command()));
    Subcommand::group("user", "Manage the server's accounts", inside).section("FILES", admin::FILES)
}
