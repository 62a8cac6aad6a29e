//! `udpchat store rescue`: copies the readable rows of a damaged database.

use super::CopyArgs;
use crate::cli::command::{Context, Subcommand};
use crate::cli::database::SECRETS;
use crate::cli::exit::{Exit, Outcome};
use crate::cli::output::{one_line, print, shown};
use crate::net;
use crate::store::{self, Rescued};

pub fn command() -> Subcommand {
    let summary = "Copy what can be read of a damaged database; the server must be stopped";
    Subcommand::new("rescue", summary, run).section("STORE RESCUE", MANUAL)
}

const MANUAL: &str = "\
    For a damaged database without a recent backup. As long as the server starts, it serves everything that \
    can be read. rescue copies every row that can be read and has the right checksum, table by table, and the \
    messages in udpchat.redb.segments and whole files in udpchat.redb.files to FILE; store restore puts FILE in the database's place. The damaged \
    database is not changed. The command reports what is lost: readers see damaged entries marked as such; a user \
    whose account was lost keeps their name and conversations and stays signed in on their devices; a member \
    of a room whose row was lost joins again or is invited; in a direct conversation whose row was lost, \
    messages that a block withheld are shown. If the database cannot be opened at all, which one damaged \
    page can cause, nothing can be rescued: only a backup helps then.";

fn run(args: CopyArgs, _: &Context<'_>) -> Outcome {
    let data = args.data.path()?;
    super::require_stopped(&data)?;
    let seed = net::seed()?;
    let database = store::require_database(&data).map_err(anyhow::Error::new)?;
    let path = args.target(&data)?;
    let target = (path.as_path(), args.existing());
    let rescued = store::rescue(&database, target, &SECRETS, seed);
    let rescued = super::done(rescued, &path)?;
    print(text(&rescued));
    print(format!(
        "{} rows copied to {}: `udpchat store restore` puts them in the database's place\n",
        rescued.rows,
        shown(&args.file)
    ));
    Ok(Exit::Success)
}

fn text(rescued: &Rescued) -> String {
    let lines = rescued
        .lost
        .iter()
        .map(|lost| format!("lost: {}\n", one_line(lost)));
    let lines: String = lines.collect();
    if lines.is_empty() {
        "nothing was lost\n".into()
    } else {
        lines
    }
}
