//! `udpchat user rename`: gives an account another name.

use crate::cli::admin::{self, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_json};

pub fn command() -> Subcommand {
    let summary = "Give an account another name";
    Subcommand::new("rename", summary, run).section("USER RENAME", MANUAL)
}

const MANUAL: &str = "\
    The account keeps its password, messages, rooms, contacts and devices. Its user, who stays signed in, is told the new name. The old name stays \
    the account's: nobody else is given it or one that looks like it, and messages and sign-ins under it reach the account. An account may have \
    16 such names, and may be given one of them again. Messages of before show the new name where they are fetched from the server \
    again, and the old one on devices that have them.";

#[derive(clap::Args)]
struct Args {
    /// The user's name
    name: String,
    /// What the user is called from now on
    new: String,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let Args {
        name,
        new,
        administration,
    } = args;
    let request = Request::UserRename { name, new };
    let answer = admin::open(&administration.data.path()?)?.ask(request)?;
    let Answer::Renamed {
        account,
        name: new,
        is_unchanged,
    } = answer
    else {
        return Err(admin::unexpected().into());
    };
    if administration.json {
        print_json(&serde_json::json!({
            "action": "user rename",
            "subject": account,
            "name": new,
            "changed": !is_unchanged,
        }))?;
    } else {
        let now = if is_unchanged { "already" } else { "now" };
        let (account, new) = (one_line(&account), one_line(&new));
        print(format!("{account} is called {new} {now}\n"));
    }
    Ok(Exit::Success)
}
