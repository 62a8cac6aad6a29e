//! `udpchat user disable` and `udpchat user enable`: whether anybody can sign in to an account.

use serde_json::Value;

use crate::cli::admin::{self, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;

pub fn disable() -> Subcommand {
    let summary = "Let nobody sign in to an account, and end its sessions";
    Subcommand::new("disable", summary, run_disable).section("USER DISABLE", MANUAL)
}

pub fn enable() -> Subcommand {
    let summary = "Let the user of a disabled account sign in again";
    Subcommand::new("enable", summary, run_enable)
}

const MANUAL: &str = "\
    The account's sessions end within a second. Their users are told so, and at the next \
    sign-in, with the password or a ticket, also the reason; nobody else learns of it. Without --reason an account that is disabled \
    already keeps the one that was given before. What others write to it is stored, and comes once it is \
    enabled: its devices then sign in as before, without a password.";

#[derive(clap::Args)]
struct DisableArgs {
    /// The user's name
    name: String,
    /// Why, as the user is told it
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

#[derive(clap::Args)]
struct EnableArgs {
    /// The user's name
    name: String,
    #[command(flatten)]
    administration: Administration,
}

fn run_disable(args: DisableArgs, _: &Context<'_>) -> Outcome {
    let DisableArgs {
        name,
        reason,
        administration,
    } = args;
    let request = Request::UserDisable {
        name: name.clone(),
        reason,
    };
    let said = ("is disabled", "is disabled already");
    let action = ("user disable", &*name);
    admin::change(&administration, request, action, said, Value::Null)
}

fn run_enable(args: EnableArgs, _: &Context<'_>) -> Outcome {
    let EnableArgs {
        name,
        administration,
    } = args;
    let request = Request::UserEnable { name: name.clone() };
    let said = ("is enabled", "is enabled already");
    let action = ("user enable", &*name);
    admin::change(&administration, request, action, said, Value::Null)
}
