//! `udpchat config check`: whether a client and a server would start with these settings.

use super::{FileArgs, which};
use crate::cli::command::{self, Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::output::{print, shown};
use crate::cli::serve;
use crate::cli::settings::{self, Side};

pub fn command() -> Subcommand {
    let summary = "Check the settings; the exit code is 0 if nothing is wrong, and else 2";
    Subcommand::new("check", summary, run)
}

#[derive(clap::Args)]
struct Args {
    /// Whose file [default: both, or what the name of --config tells]
    #[arg(value_parser = which())]
    which: Option<String>,
    #[command(flatten)]
    file: FileArgs,
}

fn run(args: Args, context: &Context<'_>) -> Outcome {
    let parser = command::parser(context.commands);
    let sides = args.file.sides(args.which.as_deref());
    let (mut found, mut failed) = (Vec::new(), None);
    for side in sides {
        let checked = args.file.read(&parser, side).and_then(|file| {
            settings::settings(&parser, side, &file, None)?;
            if side == Side::Server {
                serve::check(&args.file.server()?)?;
            }
            Ok(file)
        });
        match checked {
            Ok(file) => {
                let is_there = file.path.exists();
                let what = if is_there {
                    "nothing is wrong"
                } else {
                    "no such file; nothing is set there"
                };
                found.push(format!("{}: {what}\n", shown(&file.path)));
            }
            Err(failure) => match &mut failed {
                None => failed = Some(failure),
                Some(first) => {
                    first.more.push(format!("{:#}", failure.error));
                    first.more.extend(failure.more);
                }
            },
        }
    }
    if let Some(failure) = failed {
        return Err(failure);
    }
    print(found.concat());
    Ok(Exit::Success)
}
