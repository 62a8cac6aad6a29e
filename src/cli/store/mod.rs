//! `udpchat store`: the server's database, whether it runs or not.

mod backup;
mod check;
mod rescue;
mod restore;
mod retain;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Arg, ArgMatches, value_parser};

use super::admin;
use super::command::Command;
use super::exit::{Failure, Outcome};
use super::options;
use crate::registry::Entry;
use crate::store::OpenError;

/// The subcommand.
pub struct Store;

impl Entry for Store {
    fn name(&self) -> &'static str {
        "store"
    }

    fn summary(&self) -> &'static str {
        "Check, copy and prune the server's database"
    }
}

impl Command for Store {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command
            .subcommand_required(true)
            .arg_required_else_help(true)
            .disable_help_subcommand(true)
            .subcommand(check::arguments().arg(options::data()))
            .subcommand(backup::arguments().arg(options::data()))
            .subcommand(rescue::arguments().arg(options::data()))
            .subcommand(restore::arguments().arg(options::data()))
            .subcommand(retain::arguments().arg(options::data()))
    }

    fn run(&self, matches: &ArgMatches) -> Outcome {
        match matches.subcommand() {
            Some((check::NAME, matches)) => check::run(matches),
            Some((backup::NAME, matches)) => backup::run(matches),
            Some((rescue::NAME, matches)) => rescue::run(matches),
            Some((restore::NAME, matches)) => restore::run(matches),
            Some((retain::NAME, matches)) => retain::run(matches),
            _ => Err(Failure::usage("no subcommand").hint("see `udpchat help store`")),
        }
    }

    fn sections(&self) -> Vec<(&'static str, String)> {
        vec![
            (
                "STORE CHECK",
                "Reads every row, compares each message with its digest and rows with each other, and names table \
                 and key of what is wrong; the exit code is 1 then. Nothing is written. Of a running server a \
                 snapshot is read; the check of every page, which redb itself does, needs a server that is stopped."
                    .into(),
            ),
            (
                "STORE BACKUP, STORE RESTORE",
                "A backup is a consistent copy, also while the server runs. The server must be stopped for a \
                 restore; a damaged backup is refused, and the database that is replaced is kept beside the new \
                 one. Whatever was said after the backup is gone from the server, and clients that have it are told: \
                 a restored database has a new epoch. So has a database file put back by hand, if it was copied \
                 while the server was stopped, or made by store backup; udpchat.generation beside the database \
                 tells it."
                    .into(),
            ),
            (
                "STORE RESCUE",
                "For a damaged database of which there is no recent backup. While the server can be started it serves \
                 what can be read. Table by table, every row that can still be read and whose checksum fits is copied to \
                 FILE, with what the journal holds; store restore puts FILE in the database's place. The damaged database \
                 is not written to. The command says what is lost: entries of a log are shown as damaged to those who read \
                 them; a user whose account was lost keeps name and conversations, and signs in on the devices that are \
                 signed in already. If the database cannot be opened at all, which one damaged page can cause, nothing can \
                 be rescued: only a backup helps then."
                    .into(),
            ),
            (
                "STORE RETAIN",
                "Without NAME, lists the conversations with limits of their own. With limits, these replace all that \
                 the conversation had; with none, it is kept like all others again (see udpchat-serve(1), --keep-days \
                 and its like). 0 keeps everything. Who comes late is told what has expired."
                    .into(),
            ),
        ]
    }
}

/// FILE: a copy of the database, to be made or to be used.
fn file(help: &'static str) -> Arg {
    Arg::new("file")
        .value_name("FILE")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help(help)
}

/// The path that [`file`] was given.
fn file_of(matches: &ArgMatches) -> Result<&PathBuf, Failure> {
    matches
        .get_one::<PathBuf>("file")
        .ok_or_else(|| Failure::usage("no file"))
}

/// What the store answered, or an error that names the database.
fn done<T>(result: Result<T, OpenError>, database: &Path) -> anyhow::Result<T> {
    result.map_err(|error| anyhow::Error::new(error.at(database)))
}

/// Refuses while the server of this directory runs.
fn require_stopped(data: &Path) -> Result<(), Failure> {
    match admin::connect(data)? {
        None => Ok(()),
        Some(_) => Err(Failure::from(anyhow!("the server is running")).hint("stop it first")),
    }
}
