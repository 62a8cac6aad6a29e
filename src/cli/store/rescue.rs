//! `udpchat store rescue`: what can be read of a damaged database.

use std::io::{self, Write as _};
use std::panic;

use anyhow::Context as _;
use clap::ArgMatches;

use crate::cli::database::SECRETS;
use crate::cli::exit::{Exit, Outcome};
use crate::cli::logging::harmless;
use crate::cli::options;
use crate::net;
use crate::store::{self, DATABASE_FILE, OpenError, Rescued};

/// The word that calls it.
pub const NAME: &str = "rescue";

pub fn arguments() -> clap::Command {
    clap::Command::new(NAME)
        .about("Copy what can be read of a damaged database; the server must be stopped")
        .arg(super::file("Where to: a file that is not there yet"))
}

pub fn run(matches: &ArgMatches) -> Outcome {
    let data = options::data_directory(matches)?;
    let file = super::file_of(matches)?;
    super::require_stopped(&data)?;
    let seed = net::seed().context("the operating system gives no randomness")?;
    let path = std::path::absolute(file).context("cannot tell the file's absolute path")?;
    let rescued = quietly(|| store::rescue(&data.join(DATABASE_FILE), &path, &SECRETS, seed));
    let rescued = super::done(rescued, &path)?;
    // A reader that has gone away is no reason to fail.
    let _ = io::stdout().write_all(text(&rescued).as_bytes());
    let _ = writeln!(
        io::stdout(),
        "{} rows copied to {}: `udpchat store restore` puts them in the database's place",
        rescued.rows,
        file.display()
    );
    Ok(Exit::Success)
}

/// redb panics on some damaged pages, which is expected here and says nothing to anybody.
fn quietly(work: impl FnOnce() -> Result<Rescued, OpenError>) -> Result<Rescued, OpenError> {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let done = work();
    panic::set_hook(loud);
    done
}

/// A line for each thing that was lost.
fn text(rescued: &Rescued) -> String {
    let lines = rescued
        .lost
        .iter()
        .map(|lost| format!("lost: {}\n", harmless(lost)));
    let lines: String = lines.collect();
    if lines.is_empty() {
        "nothing was lost\n".into()
    } else {
        lines
    }
}
