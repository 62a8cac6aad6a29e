//! `udpchat store backup`: a copy of the database, whether the server runs or not.

use super::CopyArgs;
use crate::cli::admin::{self, AdminApi as _, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::output::{print, shown};
use crate::store;

pub fn command() -> Subcommand {
    Subcommand::new(
        "backup",
        "Back up the database, also while the server runs",
        run,
    )
    .section("STORE BACKUP, STORE RESTORE", MANUAL)
}

const MANUAL: &str = "\
    A backup is a consistent copy, also while the server runs. Stop the server before a restore, \
    which makes DIR if it is missing. A damaged backup is refused, and the database that is replaced is kept beside the new one. Messages sent after the \
    backup are gone from the server, and clients that have them are told: a restored database has a new \
    epoch. So has a database file that was copied back by hand, if it was copied while the server was \
    stopped or made by store backup; udpchat.generation beside the database detects this.";

fn run(args: CopyArgs, _: &Context<'_>) -> Outcome {
    let data = args.data.path()?;
    let path = args.target(&data)?;
    let is_forced = args.force;
    let rows = match admin::connect(&data)? {
        Some(mut server) => {
            let path = path.into();
            match server.ask(Request::StoreBackup { path, is_forced })? {
                Answer::BackedUp { rows } => rows,
                _ => return Err(admin::unexpected().into()),
            }
        }
        None => super::offline(&data, |database| {
            store::back_up_file(database, &path, args.existing())
        })?,
    };
    print(format!("{rows} rows copied to {}\n", shown(&args.file)));
    Ok(Exit::Success)
}
