//! `udpchat audit`: what the operator, and who may act as one, has done.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::admin::{self, Answer, AuditLine, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{print, print_json};
use crate::client::rfc3339;
use crate::text::number::whole;

pub fn command() -> Subcommand {
    let summary = "Show what was done to the server: who, what and when";
    Subcommand::new("audit", summary, run)
        .section("WHAT IS SHOWN", MANUAL)
        .section("FILES", admin::FILES)
        .section("EXAMPLES", EXAMPLES)
}

const MANUAL: &str = "\
    Each action of `udpchat user`, `udpchat room` and the like that was carried out, oldest first: its time (UTC), who did \
    it (the operator, or an account), the command, the account or room that it was done to, and what was given with it. Names are \
    those of that time. The last 100,000 are kept, in the database, and written with what they tell of: neither is ever there \
    without the other. What was refused, or changed nothing, is not there.";

const EXAMPLES: &str = "\
    udpchat audit --last 20\n\
    udpchat audit --last 1000 --json | jq -r .action";

#[derive(clap::Args)]
struct Args {
    /// Show the last N actions
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = whole(1..=100_000_u64))]
    last: u64,
    #[command(flatten)]
    administration: Administration,
}

/// A line of `--json`.
#[derive(Serialize)]
struct Record<'a> {
    number: u64,
    time: String,
    by: &'a str,
    action: &'a str,
    subject: Option<&'a str>,
    detail: Option<&'a str>,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let mut api = admin::open_to_read(&args.administration.data.path()?)?;
    let (mut actions, mut before) = (Vec::new(), u64::MAX);
    while let Some(missing) = args.last.checked_sub(actions.len() as u64)
        && missing > 0
    {
        let request = Request::Audit {
            before,
            count: missing,
        };
        let Answer::Audit { actions: page } = api.ask(request)? else {
            return Err(admin::unexpected().into());
        };
        let Some(oldest) = page.last() else { break };
        before = oldest.number;
        actions.extend(page);
    }
    for action in actions.iter().rev() {
        if args.administration.json {
            print_json(&record(action))?;
        } else {
            print(line(action));
        }
    }
    Ok(Exit::Success)
}

fn record(action: &AuditLine) -> Record<'_> {
    let given = |text: &'_ String| !text.is_empty();
    Record {
        number: action.number,
        time: rfc3339(action.time_ms),
        by: by(action),
        action: &action.action,
        subject: Some(&action.subject)
            .filter(|text| given(text))
            .map(String::as_str),
        detail: Some(&action.detail)
            .filter(|text| given(text))
            .map(String::as_str),
    }
}

fn by(action: &AuditLine) -> &str {
    if action.by.is_empty() {
        "operator"
    } else {
        &action.by
    }
}

fn line(action: &AuditLine) -> String {
    let time = rfc3339(action.time_ms);
    let mut line = format!("{time}  {}  {}", by(action), action.action);
    for part in [&action.subject, &action.detail] {
        if !part.is_empty() {
            let _ = write!(line, "  {}", crate::cli::output::one_line(part));
        }
    }
    line.push('\n');
    line
}
