//! `udpchat store check`: what is wrong with the database.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches};

use crate::cli::admin::desk;
use crate::cli::admin::{self, Answer, Request};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options;
use crate::store::{self, DATABASE_FILE, PAGES, Report};

/// The word that calls it.
pub const NAME: &str = "check";

pub fn arguments() -> clap::Command {
    clap::Command::new(NAME)
        .about("Say what is wrong with the database; the exit code is 0 if nothing is")
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print the report as one JSON object"),
        )
}

pub fn run(matches: &ArgMatches) -> Outcome {
    let data = options::data_directory(matches)?;
    let database = data.join(DATABASE_FILE);
    let report = match admin::connect(&data)? {
        Some(mut remote) => match desk::ask(&mut remote, Request::StoreCheck)? {
            Answer::Checked { report } => report,
            _ => return Err(desk::unexpected().into()),
        },
        None => super::done(store::check_file(&database), &database)?,
    };
    let text = if matches.get_flag("json") {
        let mut json = serde_json::to_string(&report).context("cannot write JSON")?;
        json.push('\n');
        json
    } else {
        text(&report)
    };
    // A reader that has gone away is no reason to fail.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(if report.is_sound() {
        Exit::Success
    } else {
        Exit::Failure
    })
}

/// A line for each finding, and a summary.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let key = finding.key.replace(char::is_control, "\u{fffd}");
        let colon = if key.is_empty() { "" } else { ": " };
        let _ = writeln!(text, "{}{colon}{key}: {}", finding.table, finding.problem);
    }
    if report.omitted > 0 {
        let _ = writeln!(text, "and {} more", report.omitted);
    }
    let found = match report.findings.len() as u64 + report.omitted {
        0 => "nothing is wrong".to_owned(),
        1 => "1 thing is wrong".to_owned(),
        many => format!("{many} things are wrong"),
    };
    let pages = if report.pages {
        "every page was read"
    } else if report.findings.iter().any(|finding| finding.table == PAGES) {
        "not every page could be read"
    } else {
        "pages were not checked, since the server runs"
    };
    let _ = writeln!(
        text,
        "{found}: {} rows, {} of them entries of logs; {pages}",
        report.rows, report.entries
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Finding;

    #[test]
    fn pages_that_cannot_be_read_are_laid_to_no_server() {
        let mut report = Report::default();
        assert!(text(&report).contains("since the server runs"));
        report.findings.push(Finding {
            table: PAGES.into(),
            key: String::new(),
            problem: "a page is damaged".into(),
        });
        assert!(text(&report).contains("not every page could be read"));
    }
}
