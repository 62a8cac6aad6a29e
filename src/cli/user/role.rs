//! `udpchat user role`: what an account may do at the server.

use serde_json::json;

use crate::cli::admin::{self, Request, Role};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;

pub fn command() -> Subcommand {
    let summary = "Make an account a moderator or an administrator, or a member again";
    Subcommand::new("role", summary, run).section("USER ROLE", MANUAL)
}

const MANUAL: &str = "\
    Who has a role keeps order from the prompt, also while the operator sleeps; ROLES says which role may do what. Each action is in the \
    audit log under the account's name. A role that is taken away is gone at once, also for what is under way.";

#[derive(clap::Args)]
struct Args {
    /// The user's name
    name: String,
    /// What the account may do from now on
    #[arg(value_enum)]
    role: Role,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let Args {
        name,
        role,
        administration,
    } = args;
    let request = Request::UserRole {
        name: name.clone(),
        role,
    };
    let (done, already) = match role {
        Role::Member => ("is a member now", "is a member already"),
        Role::Moderator => ("is a moderator now", "is a moderator already"),
        Role::Administrator => ("is an administrator now", "is an administrator already"),
    };
    let (action, more) = (("user role", &*name), json!({ "role": role.word() }));
    admin::change(&administration, request, action, (done, already), more)
}
