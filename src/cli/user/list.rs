//! `udpchat user list`: names and days of creation.

use std::fmt::Write as _;

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::cli::admin::{self, Answer, Request, Role, User};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{print, print_error, print_json, shown};
use crate::client::rfc3339;

pub fn command() -> Subcommand {
    let summary = "List the accounts, with the day each was created, and which are bots";
    Subcommand::new("list", summary, run).section("USER LIST", MANUAL)
}

const MANUAL: &str = "\
    Accounts whose record is damaged are not listed; their number is printed on standard error, and the exit \
    status is 1. `udpchat store check` names them.";

fn run(administration: Administration, _: &Context<'_>) -> Outcome {
    let data = administration.data.path()?;
    let Answer::Users { users, unreadable } = admin::open_to_read(&data)?.ask(Request::UserList)?
    else {
        return Err(admin::unexpected().into());
    };
    if users.is_empty() && unreadable == 0 {
        print_error(format_args!(
            "there are no accounts in {} yet",
            shown(&data)
        ));
    }
    if administration.json {
        for user in &users {
            print_json(&record(user))?;
        }
    } else {
        print(table(&users)?);
    }
    let missing = match unreadable {
        0 => return Ok(Exit::Success),
        1 => "1 account is damaged and not listed".to_owned(),
        many => format!("{many} accounts are damaged and not listed"),
    };
    Err(Failure::from(anyhow!(missing)).hint("`udpchat store check` names what is damaged"))
}

/// A user, as `--json` prints it.
#[derive(Serialize)]
pub(super) struct Record<'a> {
    name: &'a str,
    created: String,
    bot: bool,
    role: &'static str,
    disabled: bool,
    /// Why it is disabled, if that was said.
    reason: Option<&'a str>,
}

pub(super) fn record(user: &User) -> Record<'_> {
    Record {
        name: &user.name,
        created: rfc3339(user.created_ms),
        bot: user.is_bot,
        role: user.role.word(),
        disabled: user.disabled.is_some(),
        reason: user.disabled.as_deref().filter(|reason| !reason.is_empty()),
    }
}

/// A line for each user: columns of names and of days (UTC).
fn table(users: &[User]) -> anyhow::Result<String> {
    let width = users
        .iter()
        .map(|user| user.name.width())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for user in users {
        let day = i64::try_from(user.created_ms)
            .map_err(anyhow::Error::new)
            .and_then(|time_ms| Ok(Timestamp::from_millisecond(time_ms)?))
            .with_context(|| format!("the day on which {} was opened is damaged", user.name))?
            .strftime("%Y-%m-%d");
        let padding = " ".repeat(width - user.name.width());
        let bot = if user.is_bot { "  bot" } else { "" };
        let disabled = user.disabled.as_ref().map_or("", |_| "  disabled");
        let role = match user.role {
            Role::Member => String::new(),
            role => format!("  {}", role.word()),
        };
        writeln!(text, "{}{padding}  {day}{bot}{role}{disabled}", user.name)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_stand_in_a_column_whatever_the_width_of_the_names() {
        let user = |name: &str, created_ms| User {
            name: name.into(),
            created_ms,
            is_bot: name == "erin",
            role: if name == "erin" {
                Role::Moderator
            } else {
                Role::Member
            },
            disabled: (name == "erin").then(String::new),
        };
        let users = [
            user("al", 0),
            user("山田", 1_792_108_800_000),
            user("erin", 86_400_000),
        ];
        assert_eq!(
            table(&users).unwrap(),
            "al    1970-01-01\n山田  2026-10-16\nerin  1970-01-02  bot  moderator  disabled\n"
        );
    }

    #[test]
    fn no_users_are_no_lines() {
        assert_eq!(table(&[]).unwrap(), "");
    }
}
