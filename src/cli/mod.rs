//! The command line: the registry of subcommands, what they share, and how the program ends.
//!
//! Parsing, help, manual pages, shell completions and suggestions derive from the registry that runs the subcommands.

mod address;
mod admin;
mod backups;
mod ban;
mod bench;
mod bot;
mod command;
mod config;
mod confirm;
mod connect;
mod database;
mod discover;
mod docgen;
mod doctor;
mod environment;
mod exit;
mod help;
#[cfg(feature = "http")]
mod http;
mod invite;
mod key;
mod link;
mod logging;
mod message;
mod monitor;
mod operator;
mod options;
mod output;
mod password;
mod plugins;
mod room;
mod send;
mod serve;
mod service;
mod session;
mod settings;
mod signals;
mod store;
mod streams;
mod tail;
mod threads;
mod user;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use clap::error::{ContextKind, ContextValue};

use command::{Commands, Context};
use exit::{Exit, Failure, Outcome};
use logging::LogOptions;
use output::{print, print_error};
use settings::{Parsed, Unparsed};

/// All subcommands, in the order of the menu. A group lists its own in its `mod.rs`.
fn commands() -> Commands {
    Commands::default()
        .with(Box::new(serve::command()))
        .with(Box::new(connect::command()))
        .with(Box::new(send::command()))
        .with(Box::new(tail::command()))
        .with(Box::new(bot::command()))
        .with(Box::new(link::command()))
        .with(Box::new(discover::command()))
        .with(Box::new(doctor::command()))
        .with(Box::new(user::command()))
        .with(Box::new(invite::command()))
        .with(Box::new(room::command()))
        .with(Box::new(message::command()))
        .with(Box::new(ban::command()))
        .with(Box::new(session::command()))
        .with(Box::new(operator::announce::command()))
        .with(Box::new(operator::status::command()))
        .with(Box::new(operator::reload::command()))
        .with(Box::new(operator::stop::command()))
        .with(Box::new(key::command()))
        .with(Box::new(operator::log_level::command()))
        .with(Box::new(operator::audit::command()))
        .with(Box::new(store::command()))
        .with(Box::new(config::command()))
        .with(Box::new(bench::command()))
        .with(Box::new(docgen::completions::command()))
        .with(Box::new(help::command()))
}

/// The generated files of the repository, manual pages and completion scripts: paths below its root, and contents.
///
/// # Errors
/// If a page cannot be rendered.
pub fn documents() -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    docgen::all(&commands())
}

/// Runs the program with these arguments, its name first, and prints the error chain if there is one.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let exit = dispatch(arguments).unwrap_or_else(|failure| {
        print_error(format_args!("udpchat: {failure}"));
        failure.exit
    });
    match output::take_lost() {
        Some(error) => {
            print_error(format_args!("udpchat: {}", Failure::from(error)));
            exit.or(Exit::Failure).into()
        }
        None => exit.into(),
    }
}

fn dispatch(arguments: impl IntoIterator<Item = OsString>) -> Outcome {
    let commands = commands();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = match settings::parse(&command::parser_of(&commands, &arguments), &arguments) {
        // What is wrong with it is told from all that there is.
        Err(Unparsed::Arguments(error)) if error.use_stderr() => {
            settings::parse(&command::parser(&commands), &arguments)
        }
        parsed => parsed,
    };
    let Parsed {
        matches,
        host,
        sources,
    } = match parsed {
        Ok(parsed) => parsed,
        Err(Unparsed::Arguments(error)) => return Ok(explain(error)),
        Err(Unparsed::Settings(failure)) => return Err(failure),
    };
    if let Some((word, matches)) = matches.subcommand()
        && commands.find(word).is_none()
        && let Some(plugin) = plugins::find(word.as_ref(), &environment::search_path())
    {
        let rest = matches.get_many::<OsString>("").unwrap_or_default();
        return plugins::run(&plugin, rest.cloned());
    }
    let context = Context {
        commands: &commands,
        log: LogOptions::from_arg_matches(&matches).map_err(Failure::usage)?,
        host,
        arguments: &arguments,
        sources,
    };
    match help::asked_in_a_group(&matches) {
        Some(words) => help::show(&words, &context),
        None => command::run(&matches, &context),
    }
}

/// What was typed can hold commands to the terminal, and be as long as a command line may be.
fn make_printable(error: &mut clap::Error) {
    let typed = [ContextKind::InvalidArg, ContextKind::InvalidValue];
    for kind in typed {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && let shown = output::typed(text)
            && shown != *text
        {
            error.insert(kind, ContextValue::String(shown));
            // It repeats what was typed.
            error.insert(ContextKind::Suggested, ContextValue::None);
        }
    }
}

/// Prints help and version on standard output, and a mistake on standard error.
fn explain(mut error: clap::Error) -> Exit {
    make_printable(&mut error);
    let text = error.render();
    let shown = |is_terminal: bool| {
        if is_terminal && environment::wants_colour() {
            text.ansi().to_string()
        } else {
            text.to_string()
        }
    };
    if error.use_stderr() {
        print_error(shown(io::stderr().is_terminal()).trim_end());
        Exit::Usage
    } else {
        print(shown(io::stdout().is_terminal()));
        Exit::Success
    }
}
