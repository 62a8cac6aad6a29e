//! `udpchat completions SHELL`: a script by which a shell completes udpchat's command line.

use std::io::{self, Write as _};

use clap::{Arg, ArgMatches, value_parser};
use clap_complete::Shell;

use super::command::Command;
use super::docgen;
use super::exit::{Exit, Failure, Outcome};
use crate::registry::Entry;

/// The subcommand.
pub struct Completions;

impl Entry for Completions {
    fn name(&self) -> &'static str {
        "completions"
    }

    fn summary(&self) -> &'static str {
        "Print a completion script for a shell"
    }
}

impl Command for Completions {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command.arg(
            Arg::new("shell")
                .value_name("SHELL")
                .help("The shell that is to complete")
                .required(true)
                .value_parser(value_parser!(Shell)),
        )
    }

    fn run(&self, matches: &ArgMatches) -> Outcome {
        let shell = matches
            .get_one::<Shell>("shell")
            .copied()
            .ok_or_else(|| Failure::usage("no shell"))?;
        // A reader that has gone away is no reason to fail.
        let _ = io::stdout().write_all(&docgen::completion(shell));
        Ok(Exit::Success)
    }
}
