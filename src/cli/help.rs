//! `udpchat help`: the menu, or the help of one subcommand; plugins that are found are listed too.

use std::io::{self, Write as _};

use clap::{Arg, ArgMatches};

use super::command::{Command, application, table};
use super::exit::{Exit, Failure, Outcome};
use super::{environment, plugins};
use crate::registry::Entry;

/// The subcommand.
pub struct Help;

impl Entry for Help {
    fn name(&self) -> &'static str {
        "help"
    }

    fn summary(&self) -> &'static str {
        "Show the menu, or the help of one subcommand"
    }
}

impl Command for Help {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command.arg(
            Arg::new("subcommand")
                .value_name("SUBCOMMAND")
                .help("The subcommand to explain"),
        )
    }

    fn run(&self, matches: &ArgMatches) -> Outcome {
        let table = table();
        let mut application = application(&table);
        let name = matches.get_one::<String>("subcommand");
        let text = match name {
            None => {
                let found = plugins::list(&environment::search_path());
                if !found.is_empty() {
                    application = application.after_help(format!("Plugins: {}", found.join(", ")));
                }
                application.render_help()
            }
            Some(name) => {
                application.build();
                let Some(command) = application.find_subcommand_mut(name) else {
                    return Err(unknown(name, table.nearest(name)));
                };
                command.render_long_help()
            }
        };
        // A reader that has gone away is no reason to fail.
        let _ = writeln!(io::stdout(), "{text}");
        Ok(Exit::Success)
    }
}

fn unknown(name: &str, nearest: Option<&str>) -> Failure {
    let failure = Failure::usage(format!("there is no subcommand {name:?}"));
    failure.hint(match nearest {
        Some(nearest) => format!("did you mean `udpchat help {nearest}`?"),
        None => "see `udpchat help`".to_owned(),
    })
}
