//! `udpchat ban remove`: lets those in again who were kept out.

use crate::cli::admin::{self, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_json};

pub fn command() -> Subcommand {
    Subcommand::new("remove", "Let those in again who were kept out", run)
}

#[derive(clap::Args)]
struct Args {
    /// Whom, as it was banned
    #[arg(value_name = "NAME|ADDRESS[/LENGTH]")]
    who: String,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let mut api = admin::open(&args.administration.data.path()?)?;
    let Answer::Unbanned { subject } = api.ask(Request::BanRemove { who: args.who })? else {
        return Err(admin::unexpected().into());
    };
    if args.administration.json {
        print_json(&serde_json::json!({ "action": "ban remove", "subject": subject }))?;
    } else {
        print(format!("{} is no longer banned\n", one_line(&subject)));
    }
    Ok(Exit::Success)
}
