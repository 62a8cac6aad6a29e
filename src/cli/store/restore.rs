//! `udpchat store restore`: replaces the database by a backup.

use std::path::PathBuf;

use jiff::Timestamp;

use super::check;
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::options::DataDirectory;
use crate::cli::output::{print, print_error, shown};
use crate::net;
use crate::store::{self, DATABASE_FILE, OpenError};

pub fn command() -> Subcommand {
    let summary = "Put a backup in the database's place; the server must be stopped";
    Subcommand::new("restore", summary, run)
}

#[derive(clap::Args)]
struct Args {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    data: DataDirectory,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let (data, file) = (args.data.path()?, args.file);
    super::require_stopped(&data)?;
    let day = i64::try_from(net::now().unix_ms)
        .ok()
        .and_then(|time_ms| Timestamp::from_millisecond(time_ms).ok())
        .unwrap_or_default()
        .strftime("%Y-%m-%d")
        .to_string();
    let restored = store::restore(&file, &data, &day);
    let no_backup = match &restored {
        Err(OpenError::NotReadable { path, cause }) if *path == file => Some(cause.to_string()),
        Err(OpenError::NotADatabase { path }) if *path == file => {
            Some("it is not a udpchat database".into())
        }
        Err(OpenError::Truncated { path, .. }) if *path == file => Some("it is truncated".into()),
        Err(OpenError::Damaged { path, reason }) if *path == file => {
            Some(format!("it is damaged ({reason})"))
        }
        _ => None,
    };
    if let Some(why) = no_backup {
        let problem = format!("cannot restore {}: {why}", file.display());
        return Err(Failure::usage(problem).hint("name another backup"));
    }
    let restored = super::done(restored, &data.join(DATABASE_FILE));
    match restored? {
        Ok(kept) => {
            print(format!(
                "restored from {} into {}\n",
                shown(&file),
                shown(&data)
            ));
            if let Some(kept) = kept {
                let kept = shown(&kept);
                print(format!("the database it replaces is kept in {kept}\n"));
            }
            Ok(Exit::Success)
        }
        Err(report) => {
            print_error(check::text(&report).trim_end());
            let problem = format!("{} is damaged; nothing has changed", file.display());
            Err(Failure::usage(problem).hint("name another backup"))
        }
    }
}
