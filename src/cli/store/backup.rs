//! `udpchat store backup`: a copy of the database, whether the server runs or not.

use anyhow::Context as _;

use super::CopyArgs;
use crate::cli::admin::{self, AdminApi as _};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::output::{print, shown};
use crate::net;
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
    A backup is a consistent copy, also while the server runs. It belongs to the user who gives the \
    command and is made where that user sees FILE, also if the server runs as another user or in a \
    container; it is checked before it gets its name. Files that users attached are in it. `udpchat serve --backup-dir` has the \
    server make backups itself, which are directories.\n\
    A restore takes either kind. Stop the server before it; it makes DIR if it is missing, also on another machine: accounts, \
    keys and secrets are in the backup, so clients accept the server without a question. A database that is there is \
    replaced only with --replace, and kept beside the new one under another name. A backup is checked first, down to the contents of \
    files; one that is damaged, was never finished, or is none, is refused with exit code 2, and nothing changes. --dry-run \
    does only that, also while a server runs, and tells what is in the backup, and whether it would be refused since other users can have \
    written it.\n\
    Messages sent after the backup are gone from the server, and clients that have them are told: a restored \
    database has a new epoch. So has one that was copied back by hand; udpchat.generation beside the \
    database detects this. A copy by hand needs udpchat.redb, udpchat.redb.segments and udpchat.redb.files \
    together, and a stopped server.";

fn run(args: CopyArgs, _: &Context<'_>) -> Outcome {
    let data = args.data.path()?;
    let path = args.target(&data)?;
    let server = admin::connect(&data)?;
    let copied = store::make_backup(&path, args.existing(), |copy| {
        let rows = match server {
            Some(mut server) => server.back_up(copy),
            None => super::offline(&data, |database| {
                store::copy_file(database, copy, net::now().unix_ms)
            }),
        };
        rows.with_context(|| format!("cannot back up to {}", shown(&path)))
    });
    let rows = copied?;
    print(format!("{rows} rows copied to {}\n", shown(&args.file)));
    Ok(Exit::Success)
}
