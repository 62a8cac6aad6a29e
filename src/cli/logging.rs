//! Where the log goes: a server's to standard error, a client's to a file if it is asked for one, and never to
//! the terminal that it writes the chat to.

use std::fs::OpenOptions;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::exit::Failure;

/// The options that every subcommand takes.
#[must_use]
pub fn arguments() -> [Arg; 2] {
    [
        Arg::new("verbose")
            .short('v')
            .long("verbose")
            .global(true)
            .action(ArgAction::Count)
            .help("Log more: -v what happens, -vv why, -vvv everything"),
        Arg::new("log")
            .long("log")
            .value_name("FILE")
            .global(true)
            .value_parser(value_parser!(PathBuf))
            .help("Write the log to this file (a client writes none without it)"),
    ]
}

/// Starts a server's log: to the file that was named, or to standard error.
///
/// # Errors
/// If the file cannot be opened.
pub fn server(matches: &ArgMatches) -> Result<(), Failure> {
    if matches.contains_id("log") && matches.get_one::<PathBuf>("log").is_some() {
        return client(matches);
    }
    start(matches, std::io::stderr);
    Ok(())
}

/// Starts a client's log, if a file was named for it.
///
/// # Errors
/// If the file cannot be opened.
pub fn client(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(path) = matches.get_one::<PathBuf>("log") else {
        return Ok(());
    };
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot write the log to {}", path.display()))?;
    start(matches, std::sync::Mutex::new(file));
    Ok(())
}

fn start<W>(matches: &ArgMatches, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = match matches.get_count("verbose") {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    // A second start, as in tests of one process, keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("warn,udpchat={level}")))
        .with_writer(writer)
        .with_ansi(false)
        .try_init();
}
