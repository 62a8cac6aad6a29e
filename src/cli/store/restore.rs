//! `udpchat store restore`: a backup takes the database's place.

use std::io::{self, Write as _};

use anyhow::anyhow;
use clap::ArgMatches;
use jiff::Timestamp;

use super::check;
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options;
use crate::net;
use crate::store::{self, DATABASE_FILE};

/// The word that calls it.
pub const NAME: &str = "restore";

pub fn arguments() -> clap::Command {
    clap::Command::new(NAME)
        .about("Put a backup in the database's place; the server must be stopped")
        .arg(super::file("The backup"))
}

pub fn run(matches: &ArgMatches) -> Outcome {
    let data = options::data_directory(matches)?;
    let file = super::file_of(matches)?;
    super::require_stopped(&data)?;
    let day = i64::try_from(net::now().unix_ms)
        .ok()
        .and_then(|time_ms| Timestamp::from_millisecond(time_ms).ok())
        .unwrap_or_default()
        .strftime("%Y-%m-%d")
        .to_string();
    let restored = store::restore(file, &data, &day);
    match super::done(restored, &data.join(DATABASE_FILE))? {
        Ok(kept) => {
            // A reader that has gone away is no reason to fail.
            let _ = writeln!(io::stdout(), "restored from {}", file.display());
            if let Some(kept) = kept {
                let _ = writeln!(
                    io::stdout(),
                    "the database it replaces is kept in {}",
                    kept.display()
                );
            }
            Ok(Exit::Success)
        }
        Err(report) => {
            eprint!("{}", check::text(&report));
            Err(anyhow!("{} is damaged; nothing has changed", file.display()).into())
        }
    }
}
