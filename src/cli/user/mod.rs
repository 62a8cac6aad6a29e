//! `udpchat user`: the server's accounts, whether it runs or not.

mod add;
mod list;

use clap::ArgMatches;

use super::admin::desk;
use super::command::Command;
use super::exit::{Failure, Outcome};
use super::options;
use crate::registry::Entry;

/// The subcommand.
pub struct User;

impl Entry for User {
    fn name(&self) -> &'static str {
        "user"
    }

    fn summary(&self) -> &'static str {
        "Manage the server's accounts"
    }
}

impl Command for User {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command
            .subcommand_required(true)
            .arg_required_else_help(true)
            .disable_help_subcommand(true)
            .subcommand(add::arguments().arg(options::data()))
            .subcommand(list::arguments().arg(options::data()))
    }

    fn run(&self, matches: &ArgMatches) -> Outcome {
        match matches.subcommand() {
            Some((add::NAME, matches)) => add::run(matches),
            Some((list::NAME, matches)) => list::run(matches),
            _ => Err(Failure::usage("no subcommand").hint("see `udpchat help user`")),
        }
    }

    fn sections(&self) -> Vec<(&'static str, String)> {
        let add = "NAME may have 32 letters, digits, '.', '_' and '-'; two names that look alike are one (`b0b` and \
                   `bob`), and a name that would be read as one of the program's is nobody's: everyone, all, here, nobody, \
                   you, me, server, system, udpchat, admin, administrator, operator, root, moderator. Who has such a name \
                   of before keeps it. A letter may bear four marks, each once, and none that is drawn over it. The password \
                   is asked for twice, unseen, and never leaves this process: the server keeps only what OPAQUE (RFC \
                   9807) needs to have it proved later.";
        let list = "An account whose record is damaged is not listed. How many there are is said on standard error, and \
                    the exit status is 1 then; udpchat store check names them.";
        vec![
            ("USER ADD", add.into()),
            ("USER LIST", list.into()),
            (desk::FILES.0, desk::FILES.1.into()),
        ]
    }
}
