//! The command line: the table of subcommands, what they share, and how the program ends.
//!
//! Help, manual pages and shell completions are made from the same table that runs the subcommands.

mod address;
mod admin;
mod bench;
mod command;
mod completions;
mod connect;
mod database;
pub mod docgen;
mod environment;
mod exit;
mod help;
mod line_reader;
mod logging;
mod options;
mod password;
mod plugins;
mod room;
mod serve;
mod status;
mod store;
mod user;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;

pub use command::{Command, application, table};
pub use exit::{Exit, Failure, Outcome};

use crate::registry::Registry;

/// Runs the program with these arguments (the first is its own name): prints the error chain, if there is one,
/// and gives the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match dispatch(&arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("udpchat: {failure}");
            failure.exit.into()
        }
    }
}

fn dispatch(arguments: &[OsString]) -> Outcome {
    let table = table();
    let matches = match application(&table).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return Ok(explain(&error)),
    };
    match matches.subcommand() {
        Some((name, matches)) => match table.find(name) {
            Some(command) => command.run(matches),
            None => external(name, matches, &table),
        },
        // clap asks for a subcommand, so this is what it prints itself otherwise.
        None => Err(Failure::usage("no subcommand").hint("see `udpchat help`")),
    }
}

/// A subcommand that is not in the table: a plugin, or a mistake.
fn external(name: &str, matches: &clap::ArgMatches, table: &Registry<dyn Command>) -> Outcome {
    if let Some(plugin) = plugins::find(name.as_ref(), &environment::search_path()) {
        let rest = matches.get_many::<OsString>("").unwrap_or_default();
        return plugins::run(&plugin, rest.cloned());
    }
    let failure = Failure::usage(format!(
        "there is no subcommand {name:?}, and no udpchat-{name} on PATH"
    ));
    Err(failure.hint(match table.nearest(name) {
        Some(nearest) => format!("did you mean `udpchat {nearest}`?"),
        None => "see `udpchat help`".to_owned(),
    }))
}

/// What clap has to say: help and version on standard output, a mistake on standard error.
fn explain(error: &clap::Error) -> Exit {
    let is_asked_for = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    // A reader that has gone away is no reason to fail.
    let _ = error.print();
    if is_asked_for {
        Exit::Success
    } else {
        Exit::Usage
    }
}
