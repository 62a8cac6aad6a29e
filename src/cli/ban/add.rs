//! `udpchat ban add`: keeps an account or addresses out.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::end;
use crate::cli::admin::{self, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_error, print_json};
use crate::client::{leading_span, rfc3339};
use crate::net;

pub fn command() -> Subcommand {
    let summary = "Keep an account out, or all who come from an address";
    Subcommand::new("add", summary, run).section("BAN ADD", MANUAL)
}

const MANUAL: &str = "\
    A ban takes the place of an earlier one of the same name or prefix. Users who were signed in at a banned address are named on \
    standard error, since more of them may be concerned than were meant; it is not asked whether that is wanted. `udpchat ban \
    remove` lets them in again.";

#[derive(clap::Args)]
struct Args {
    /// A user's name, an address, or the prefix of addresses
    #[arg(value_name = "NAME|ADDRESS[/LENGTH]")]
    who: String,
    /// Until when: a date or a time
    #[arg(long, value_name = "WHEN", conflicts_with = "length")]
    until: Option<String>,
    /// For how long, such as 3d or 12h
    #[arg(id = "length", long = "for", value_name = "TIME")]
    length: Option<String>,
    /// Why, as those are told it who are banned
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    reason: String,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let until_ms = until(&args)?;
    let request = Request::BanAdd {
        who: args.who,
        until_ms,
        reason: args.reason,
    };
    let mut api = admin::open(&args.administration.data.path()?)?;
    let Answer::Banned {
        subject,
        users,
        is_unchanged,
    } = api.ask(request)?
    else {
        return Err(admin::unexpected().into());
    };
    if args.administration.json {
        print_json(&serde_json::json!({
            "action": "ban add",
            "subject": subject,
            "until": until_ms.map(rfc3339),
            "users": users,
            "changed": !is_unchanged,
        }))?;
    } else {
        let until = until_ms.map_or("for good".to_owned(), |it| format!("until {}", rfc3339(it)));
        let already = if is_unchanged { " already" } else { "" };
        print(format!(
            "{} is banned{already} {until}\n",
            one_line(&subject)
        ));
    }
    if !users.is_empty() {
        print_error(format_args!(
            "udpchat: signed in there were {}; `udpchat ban remove {subject}` lets them in again",
            one_line(&users.join(", "))
        ));
    }
    Ok(Exit::Success)
}

/// When it ends, if ever.
fn until(args: &Args) -> Result<Option<u64>, Failure> {
    let zone = TimeZone::system();
    let until = match (&args.until, &args.length) {
        (Some(typed), _) => end::at(typed, &zone),
        (None, Some(typed)) => {
            let now_ms = i64::try_from(net::now().unix_ms).unwrap_or_default();
            let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
            end::after(typed, &now.to_zoned(zone))
        }
        (None, None) => {
            if let Some(span) = leading_span(&args.reason) {
                let problem =
                    format!("the reason begins with a time, {span}, and the ban would be for good");
                let failure = Failure::usage(problem);
                return Err(failure.hint(format!(
                    "write --for {span} for a ban that ends by itself, or begin the reason with another word"
                )));
            }
            return Ok(None);
        }
    };
    until.map(Some).map_err(Failure::usage)
}
