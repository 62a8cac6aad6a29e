//! `udpchat ban list`: who is kept out.

use serde::Serialize;

use crate::cli::admin::{self, Answer, BanLine, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_json};
use crate::client::rfc3339;
use crate::net;
use crate::store::BanSubject;

pub fn command() -> Subcommand {
    Subcommand::new("list", "List who is kept out, until when and why", run)
}

/// A line of `--json`.
#[derive(Serialize)]
struct Record<'a> {
    /// As `ban remove` takes it.
    subject: &'a str,
    /// Either `account` or `address`.
    kind: &'static str,
    since: String,
    /// Null: for good.
    until: Option<String>,
    reason: &'a str,
}

fn run(administration: Administration, _: &Context<'_>) -> Outcome {
    let mut api = admin::open_to_read(&administration.data.path()?)?;
    let now_ms = net::now().unix_ms;
    let mut after = None;
    loop {
        let Answer::Bans { bans, has_more } = api.ask(Request::BanList { after })? else {
            return Err(admin::unexpected().into());
        };
        for line in bans.iter().filter(|line| !line.ban.has_ended(now_ms)) {
            show(line, administration.json)?;
        }
        after = bans.last().map(|line| line.subject);
        if !has_more || after.is_none() {
            return Ok(Exit::Success);
        }
    }
}

fn show(line: &BanLine, is_json: bool) -> anyhow::Result<()> {
    let (subject, kind) = match line.subject {
        BanSubject::Account(_) => (line.name.clone(), "account"),
        BanSubject::Prefix(prefix) => (prefix.to_string(), "address"),
    };
    if is_json {
        return print_json(&Record {
            subject: &subject,
            kind,
            since: rfc3339(line.ban.since_ms),
            until: line.ban.until_ms.map(rfc3339),
            reason: &line.ban.reason,
        });
    }
    print(one_line(&format!("{subject}  {}", line.ban)) + "\n");
    Ok(())
}
