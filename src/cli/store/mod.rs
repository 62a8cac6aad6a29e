//! `udpchat store`: the server's database, whether it runs or not.

mod backup;
mod check;
mod rescue;
mod restore;
mod retain;

use std::path::{Path, PathBuf};

use anyhow::anyhow;

use super::admin;
use super::command::{Commands, Subcommand};
use super::exit::Failure;
use super::options::DataDirectory;
use crate::store::OpenError;

pub fn command() -> Subcommand {
    let inside = Commands::default()
        .with(Box::new(check::command()))
        .with(Box::new(backup::command()))
        .with(Box::new(rescue::command()))
        .with(Box::new(restore::command()))
        .with(Box::new(retain::command()));
    Subcommand::group(
        "store",
        "Check, copy and prune the server's database",
        inside,
    )
}

/// The arguments of subcommands that copy the database.
#[derive(clap::Args)]
struct CopyArgs {
    /// Where to: a file that is not there yet
    file: PathBuf,
    #[command(flatten)]
    data: DataDirectory,
}

/// Adds the path of the database to an error.
fn done<T>(result: Result<T, OpenError>, database: &Path) -> anyhow::Result<T> {
    result.map_err(|error| anyhow::Error::new(error.at(database)))
}

fn require_stopped(data: &Path) -> Result<(), Failure> {
    match admin::connect(data)? {
        None => Ok(()),
        Some(_) => Err(Failure::from(anyhow!("the server is running")).hint("stop it first")),
    }
}
