//! `udpchat room`: the server's rooms, whether it runs or not.

mod add;

use clap::ArgMatches;

use super::admin::desk;
use super::command::Command;
use super::exit::{Failure, Outcome};
use super::options;
use crate::registry::Entry;

/// The subcommand.
pub struct Room;

impl Entry for Room {
    fn name(&self) -> &'static str {
        "room"
    }

    fn summary(&self) -> &'static str {
        "Manage the server's rooms"
    }
}

impl Command for Room {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command
            .subcommand_required(true)
            .arg_required_else_help(true)
            .disable_help_subcommand(true)
            .subcommand(add::arguments().arg(options::data()))
    }

    fn run(&self, matches: &ArgMatches) -> Outcome {
        match matches.subcommand() {
            Some((add::NAME, matches)) => add::run(matches),
            _ => Err(Failure::usage("no subcommand").hint("see `udpchat help room`")),
        }
    }

    fn sections(&self) -> Vec<(&'static str, String)> {
        let add = "NAME is formed as a user's name is; its # may be left out, since a shell takes one for the begin of a \
                   comment. The owner belongs to the room from then on, and invites, appoints moderators and sets its \
                   topic at the prompt of `udpchat connect`. This is how rooms are made where `udpchat serve --rooms \
                   closed` lets nobody make one by joining it.";
        vec![
            ("ROOM ADD", add.into()),
            (desk::FILES.0, desk::FILES.1.into()),
        ]
    }
}
