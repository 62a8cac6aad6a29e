//! `udpchat store`: the server's database, whether it runs or not.

mod backup;
mod check;
mod rescue;
mod restore;
mod retain;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::admin;
use super::command::{Commands, Subcommand};
use super::exit::Failure;
use super::options::DataDirectory;
use crate::store::{self, DATABASE_FILE, Existing, OpenError};

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
    .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    A copy of the database, with the day in its name, also while the server runs:\n\
    udpchat store backup ~/chat-$(date +%F).redb\n\
    The same database on another machine, or in another directory:\n\
    udpchat store restore ~/chat-$(date +%F).redb --data ~/moved\n\
    udpchat store check --data ~/moved\n\
    Everyone reads the last 90 days of #ops:\n\
    udpchat store retain '#ops' --days 90";

/// The arguments of subcommands that copy the database.
#[derive(clap::Args)]
struct CopyArgs {
    /// Where to: a file that is not there yet
    file: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    data: DataDirectory,
}

impl CopyArgs {
    const fn existing(&self) -> Existing {
        if self.force {
            Existing::Replace
        } else {
            Existing::Keep
        }
    }

    /// Where to, unless that is a file of the store itself. What root puts beside the database belongs to its owner.
    fn target(&self, data: &Path) -> Result<PathBuf, Failure> {
        if self.file.as_os_str().as_encoded_bytes().ends_with(b"/") {
            let problem = format!("{} names a directory", self.file.display());
            return Err(Failure::usage(problem).hint("name a file"));
        }
        let path = std::path::absolute(&self.file);
        let path = path.context("cannot find the file's absolute path")?;
        let real = |path: &Path| std::fs::canonicalize(path).ok();
        let is_inside = path
            .parent()
            .and_then(real)
            .is_some_and(|parent| Some(parent) == real(data));
        // In another server's directory, too, and in that of its log.
        let is_beside = |path: &Path| path.with_file_name(DATABASE_FILE).exists();
        let has_database = is_beside(&path) || path.parent().is_some_and(is_beside);
        if store::is_own_file(&path) && (is_inside || has_database) {
            let problem = format!("{} is a file of a server", path.display());
            return Err(Failure::from(anyhow!(problem)).hint("name another file"));
        }
        if is_inside {
            store::act_as_owner(data).map_err(anyhow::Error::new)?;
        }
        Ok(path)
    }
}

/// Does something with the database of a stopped server.
fn offline<T>(data: &Path, work: impl FnOnce(&Path) -> Result<T, OpenError>) -> anyhow::Result<T> {
    let database = store::require_database(data)?;
    done(work(&database), &database)
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
