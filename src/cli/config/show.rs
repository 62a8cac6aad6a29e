//! `udpchat config show`: each setting, and what has set it.

use std::fmt::Write as _;
use std::path::Path;

use clap::Arg;
use unicode_width::UnicodeWidthStr as _;

use super::{FileArgs, which};
use crate::cli::command::{self, Context, Subcommand};
use crate::cli::environment;
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::output::{one_line, print, shown};
use crate::cli::settings::{self, Setting, Side};

pub fn command() -> Subcommand {
    let summary = "Show each setting and its source: a variable, a line of a file, or the default";
    Subcommand::new("show", summary, run)
}

#[derive(clap::Args)]
struct Args {
    /// Whose settings [default: both, or what the name of --config tells]
    #[arg(value_parser = which())]
    which: Option<String>,
    /// With this profile of the client's file
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    #[command(flatten)]
    file: FileArgs,
}

fn run(args: Args, context: &Context<'_>) -> Outcome {
    let parser = command::parser(context.commands);
    let mut sides = args.file.sides(args.which.as_deref());
    if args.profile.is_some() {
        sides.retain(|side| *side == Side::Client);
        if sides.is_empty() {
            return Err(Failure::usage("only a client's file has profiles"));
        }
    }
    let mut text = String::new();
    for side in sides {
        let file = args.file.read(&parser, side)?;
        let mut set = settings::settings(&parser, side, &file, args.profile.as_deref())?;
        if let (Side::Server, Some(data)) = (side, args.file.data.as_deref().and_then(Path::to_str))
        {
            let texts = vec![data.to_owned()];
            // A variable that names the same is the source.
            if set.get("data").is_none_or(|setting| setting.texts != texts) {
                let source = "--data".into();
                set.insert("data".into(), Setting { texts, source });
            }
        }
        let is_there = if file.path.exists() {
            ""
        } else {
            " (no such file)"
        };
        let empty = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(
            text,
            "{empty}# udpchat {}: {}{is_there}",
            side.subcommand(),
            shown(&file.path)
        );
        let table = settings::table(&parser, side);
        let rows: Vec<(String, String)> = table
            .into_iter()
            .map(|(key, argument)| row(&key, &argument, set.get(&key)))
            .collect();
        let width = rows
            .iter()
            .map(|(row, _)| row.width())
            .filter(|width| *width <= WIDTH_MAX)
            .max()
            .unwrap_or(0);
        for (row, source) in rows {
            let row = one_line(&row);
            let blanks = width.saturating_sub(row.width());
            let _ = writeln!(text, "{row}{:blanks$}  # {}", "", one_line(&source));
        }
    }
    print(text);
    Ok(Exit::Success)
}

/// A setting, and what has set it.
fn row(key: &str, argument: &Arg, setting: Option<&Setting>) -> (String, String) {
    if let Some(setting) = setting {
        let value = settings::shown(argument, &setting.texts);
        return (format!("{key} = {value}"), setting.source.clone());
    }
    let row = match at_default(key, argument) {
        Some(default) => format!("{key} = {default}"),
        None => format!("{key} is not set"),
    };
    (row, "default".into())
}

/// The default, also of directories of the user's.
fn at_default(key: &str, argument: &Arg) -> Option<String> {
    let directory = match key {
        "data" => environment::data_directory(),
        "state" => environment::state_directory(),
        _ => return settings::default(argument),
    };
    let directory = directory.ok()?.into_os_string().into_string().ok()?;
    Some(settings::shown(argument, &[directory]))
}

/// Sources are aligned after values of at most this width, in columns.
const WIDTH_MAX: usize = 60;
