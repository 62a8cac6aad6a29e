//! `udpchat store retain`: sets the retention limits of one conversation.

use std::fmt::Write as _;

use crate::cli::admin::{self, Answer, Request, RetainedConversation};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::options::DataDirectory;
use crate::cli::output::print;
use crate::store::Retention;
use crate::text::number::whole;

pub fn command() -> Subcommand {
    let summary = "Show or set how much of a conversation is kept";
    Subcommand::new("retain", summary, run).section("STORE RETAIN", MANUAL)
}

const MANUAL: &str = "\
    Without NAME, lists the conversations that have limits of their own; with NAME alone, shows those of one. \
    With limits, replaces all limits of the conversation; --default removes them, so that the server's apply \
    again (see udpchat-serve(1), --keep-days and the like). 0 keeps everything. Users who were away are told \
    what has expired.";

#[derive(clap::Args)]
struct Args {
    /// The conversation: everyone, or a room, whose # may be left out
    name: Option<String>,
    /// Let entries expire that are older than N days (0: never)
    #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
    days: Option<u64>,
    /// Keep at most the last N entries of a conversation (0: all)
    #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
    messages: Option<u64>,
    /// Keep at most the last N million bytes of a conversation (0: all)
    #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
    megabytes: Option<u64>,
    /// Remove the conversation's own limits
    #[arg(long, conflicts_with_all = ["days", "messages", "megabytes"])]
    default: bool,
    #[command(flatten)]
    data: DataDirectory,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let limits = Retention {
        days: args.days,
        messages: args.messages,
        megabytes: args.megabytes,
    };
    let data = args.data.path()?;
    let is_change = args.default || limits != Retention::default();
    let request = match args.name {
        Some(name) if is_change => Request::Retain { name, limits },
        Some(name) => Request::RetainShow { name },
        None if is_change => {
            let failure = Failure::usage("limits need a conversation");
            return Err(failure
                .hint("`udpchat serve --keep-days N` and the like apply to all conversations"));
        }
        None => Request::RetainList,
    };
    let mut api = if is_change {
        admin::open(&data)?
    } else {
        admin::open_to_read(&data)?
    };
    match api.ask(request)? {
        Answer::Done(_) => {}
        Answer::Retained { conversations } => print(table(&conversations)),
        _ => return Err(admin::unexpected().into()),
    }
    Ok(Exit::Success)
}

fn table(conversations: &[RetainedConversation]) -> String {
    let mut text = String::new();
    for RetainedConversation { name, limits } in conversations {
        if *limits == Retention::default() {
            let _ = writeln!(text, "{name}  no limits of its own");
            continue;
        }
        let limits = [
            ("days", limits.days),
            ("messages", limits.messages),
            ("megabytes", limits.megabytes),
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
        let limits = Retention {
            days: Some(30),
            messages: None,
            megabytes: Some(0),
        };
        let name = "#bridge".to_owned();
        assert_eq!(
            table(&[RetainedConversation { name, limits }]),
            "#bridge  30 days  all megabytes\n"
        );
        let (name, limits) = ("everyone".to_owned(), Retention::default());
        assert_eq!(
            table(&[RetainedConversation { name, limits }]),
            "everyone  no limits of its own\n"
        );
    }
}
