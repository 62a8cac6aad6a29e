//! `udpchat store retain`: how much of one conversation is kept.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::{Arg, ArgMatches};

use crate::cli::admin::desk;
use crate::cli::admin::{Answer, Keep, Kept, Request};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::options;
use crate::cli::serve::retention;

/// The word that calls it.
pub const NAME: &str = "retain";

pub fn arguments() -> clap::Command {
    clap::Command::new(NAME)
        .about("Say how much of a conversation is kept, or list those of which that was said")
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .help("The conversation: everyone, or a room with its #"),
        )
        .args(retention::arguments(retention::Of::One))
}

pub fn run(matches: &ArgMatches) -> Outcome {
    let data = options::data_directory(matches)?;
    let keep = Keep::from(retention::limits(matches));
    let request = match matches.get_one::<String>("name") {
        Some(name) => Request::Retain {
            name: name.clone(),
            keep,
        },
        None if keep == Keep::default() => Request::RetainList,
        None => {
            let failure = Failure::usage("limits, but no conversation to which they belong");
            return Err(failure.hint("`udpchat serve --keep-days N` and its like are for all"));
        }
    };
    match desk::ask(&mut *desk::open(&data)?, request)? {
        Answer::Done => {}
        Answer::Retained { conversations } => {
            // A reader that has gone away is no reason to fail.
            let _ = io::stdout().write_all(table(&conversations).as_bytes());
        }
        _ => return Err(desk::unexpected().into()),
    }
    Ok(Exit::Success)
}

/// A line for each conversation.
fn table(conversations: &[Kept]) -> String {
    let mut text = String::new();
    for Kept { name, keep } in conversations {
        let limits = [
            ("days", keep.days),
            ("messages", keep.messages),
            ("megabytes", keep.megabytes),
        ];
        let _ = write!(text, "{name}");
        for (unit, limit) in limits {
            match limit {
                None => {}
                Some(0) => drop(write!(text, "  all {unit}")),
                Some(limit) => drop(write!(text, "  {limit} {unit}")),
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_limits_that_were_set_are_shown() {
        let keep = Keep {
            days: Some(30),
            messages: None,
            megabytes: Some(0),
        };
        let name = "#bridge".to_owned();
        assert_eq!(
            table(&[Kept { name, keep }]),
            "#bridge  30 days  all megabytes\n"
        );
    }
}
