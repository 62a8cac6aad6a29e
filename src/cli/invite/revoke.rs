//! `udpchat invite revoke`: an invitation is good no longer.

use crate::cli::admin::{self, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;

pub fn command() -> Subcommand {
    let summary = "Void an invitation; the accounts that it has opened stay";
    Subcommand::new("revoke", summary, run)
}

#[derive(clap::Args)]
struct Args {
    /// The invitation, as `udpchat invite list` names it
    #[arg(value_name = "ID", value_parser = number)]
    number: u32,
    #[command(flatten)]
    administration: Administration,
}

fn number(typed: &str) -> Result<u32, String> {
    let number = u32::from_str_radix(typed, 16).ok();
    let is_whole = typed.len() == 8 && typed.bytes().all(|byte| byte.is_ascii_hexdigit());
    number
        .filter(|_| is_whole)
        .ok_or_else(|| "an invitation has 8 digits or letters from a to f".to_owned())
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let number = args.number;
    let request = Request::InviteRevoke { number };
    let id = format!("{number:08x}");
    admin::act(
        &args.administration,
        request,
        ("invite revoke", &id),
        "is good no longer",
    )
}
