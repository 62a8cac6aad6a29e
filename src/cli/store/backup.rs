//! `udpchat store backup`: a copy of the database, whether the server runs or not.

use std::io::{self, Write as _};

use anyhow::Context as _;
use clap::ArgMatches;

use crate::cli::admin::desk;
use crate::cli::admin::{self, Answer, Request};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options;
use crate::store::{self, DATABASE_FILE};

/// The word that calls it.
pub const NAME: &str = "backup";

pub fn arguments() -> clap::Command {
    clap::Command::new(NAME)
        .about("Copy the database, also while the server runs")
        .arg(super::file("Where to: a file that is not there yet"))
}

pub fn run(matches: &ArgMatches) -> Outcome {
    let data = options::data_directory(matches)?;
    let file = super::file_of(matches)?;
    let path = std::path::absolute(file).context("cannot tell the file's absolute path")?;
    let database = data.join(DATABASE_FILE);
    let rows = match admin::connect(&data)? {
        Some(mut remote) => match desk::ask(&mut remote, Request::StoreBackup { path })? {
            Answer::BackedUp { rows } => rows,
            _ => return Err(desk::unexpected().into()),
        },
        None => super::done(store::back_up_file(&database, &path), &database)?,
    };
    // A reader that has gone away is no reason to fail.
    let _ = writeln!(io::stdout(), "{rows} rows copied to {}", file.display());
    Ok(Exit::Success)
}
