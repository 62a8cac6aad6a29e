//! `udpchat store check`: reports damage in the database.

use std::fmt::Write as _;

use crate::cli::admin::{self, AdminApi as _, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::DataDirectory;
use crate::cli::output::{print, print_json};
use crate::store::{self, PAGES, Report};
use crate::text::number::size;

pub fn command() -> Subcommand {
    let summary = "Check the database; the exit code is 0 if nothing is wrong";
    Subcommand::new("check", summary, run).section("STORE CHECK", MANUAL)
}

const MANUAL: &str = "\
    Reads every row, compares each message with its digest, each attached file with its hash and the \
    tables with each other, and names the \
    table and key of each problem; the exit code is 1 if there is one. Attached files that no message has are \
    named too, and are no problem: a running server removes them after a day. Nothing is written. On a running \
    server a snapshot is checked; redb's own check of every page needs the server to be stopped.";

#[derive(clap::Args)]
struct Args {
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDirectory,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let data = args.data.path()?;
    let report = match admin::connect(&data)? {
        Some(mut server) => match server.ask(Request::StoreCheck)? {
            Answer::Checked { report } => report,
            _ => return Err(admin::unexpected().into()),
        },
        None => super::offline(&data, store::check_file)?,
    };
    if args.json {
        print_json(&report)?;
    } else {
        print(text(&report));
    }
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
    let unneeded = &report.unneeded;
    for file in &unneeded.named {
        let _ = writeln!(text, "unneeded: {file}");
    }
    if unneeded.files > 0 {
        let files = match unneeded.files {
            1 => "1 attached file".to_owned(),
            many => format!("{many} attached files"),
        };
        let bytes = size(unneeded.bytes);
        let _ = writeln!(
            text,
            "no message has {files} ({bytes}); a running server removes such files after a day"
        );
    }
    let pages = if report.pages {
        "every page was read"
    } else if report.findings.iter().any(|finding| finding.table == PAGES) {
        "not every page could be read"
    } else {
        "pages were not checked, because the server is running"
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
    use crate::store::{Finding, Unneeded};

    #[test]
    fn files_that_no_message_has_are_named_and_counted_and_nothing_is_wrong() {
        let mut report = Report::default();
        assert!(!text(&report).contains("attached"));
        report.unneeded = Unneeded {
            files: 2,
            bytes: 262_144,
            named: vec!["account 7, root ab".into(), "account 7, root cd".into()],
        };
        let text = text(&report);
        assert!(text.contains("unneeded: account 7, root cd\n"), "{text}");
        assert!(
            text.contains("no message has 2 attached files (262 kB)"),
            "{text}"
        );
        assert!(text.contains("nothing is wrong"), "{text}");
        assert!(report.is_sound());
    }

    #[test]
    fn pages_that_cannot_be_read_are_laid_to_no_server() {
        let mut report = Report::default();
        assert!(text(&report).contains("because the server is running"));
        report.findings.push(Finding {
            table: PAGES.into(),
            key: String::new(),
            problem: "a page is damaged".into(),
        });
        assert!(text(&report).contains("not every page could be read"));
    }
}
