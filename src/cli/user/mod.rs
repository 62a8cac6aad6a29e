//! `udpchat user`: the server's accounts, whether it runs or not.

mod add;
mod bot;
mod delete;
mod disable;
mod list;
mod rename;
mod reset;
mod role;
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
        .with(Box::new(role::command()))
        .with(Box::new(rename::command()))
        .with(Box::new(disable::disable()))
        .with(Box::new(disable::enable()))
        .with(Box::new(delete::command()));
    Subcommand::group("user", "Manage the server's accounts", inside)
        .section("ROLES", ROLES)
        .section("FILES", admin::FILES)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    udpchat user add dave --password-file ~/dave.password\n\
    udpchat user list --json | jq -r .name\n\
    A code with which bob sets a forgotten password:\n\
    udpchat user reset bob --host chat.example\n\
    udpchat user disable dave --reason \"selling watches\"\n\
    udpchat user role erin moderator\n\
    udpchat user rename erin erin-k\n\
    udpchat user show dave";

const ROLES: &str = "\
    What an account may do to the server, beyond what all may; each role also may what the one before it may. The commands are the prompt's, and `/help order` there \
    explains them.\n\
    moderator: `/kick` outside of rooms, which ends sessions; `/ban` an account for up to 31 days, and `/unban` it; `/announce`; `/remove` what others have written in rooms and to everyone; see the addresses in `/contacts` under `udpchat serve --show-addresses moderators`\n\
    administrator: `/ban` for longer or for good, `/ban` and `/unban` addresses; `/disable`, `/enable`, `/rename`; `/appoint` moderators; `/invite-code`, which makes a code that opens accounts; `/audit`\n\
    the operator, by `udpchat`: everything; also make administrators, delete accounts, and what concerns the server's files, \
    settings and process\n\
    Nobody acts on their own account, or on one whose role is not below their own, nor on what such a user has written. What two users write to each other \
    only they and the operator delete. Nor is an address banned at which such a user \
    is signed in. Roles in a room are another matter: see `/help role`.";
