//! `udpchat store restore`: replaces the database by a backup.

use std::path::PathBuf;

use anyhow::anyhow;
use jiff::Timestamp;

use super::check;
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::DataDirectory;
use crate::cli::output::{print, print_error};
use crate::net;
use crate::store::{self, DATABASE_FILE};

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
    match super::done(restored, &data.join(DATABASE_FILE))? {
        Ok(kept) => {
            print(format!(
                "restored from {} into {}\n",
                file.display(),
                data.display()
            ));
            if let Some(kept) = kept {
                let kept = kept.display();
                print(format!("the database it replaces is kept in {kept}\n"));
            }
            Ok(Exit::Success)
        }
        Err(report) => {
            print_error(check::text(&report).trim_end());
            Err(anyhow!("{} is damaged; nothing has changed", file.display()).into())
        }
    }
}
