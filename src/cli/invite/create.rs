//! `udpchat invite create`: a code with which accounts are opened.

use crate::cli::admin::Request;
use crate::cli::admin::issue::{self, Host, Wanted};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::Outcome;
use crate::cli::options::Administration;
use crate::client::span_ms;
use crate::server::policy::{INVITATION_MAX_MS, INVITATION_USES_MAX};
use crate::text::number::whole;

pub fn command() -> Subcommand {
    let summary = "Print a code with which somebody opens an account";
    Subcommand::new("create", summary, run).section("INVITE CREATE", MANUAL)
}

const MANUAL: &str = "\
    Who has the code opens an account with `/enrol NAME` at the prompt, or with `udpchat connect --user NAME --code-file FILE`, \
    also where `udpchat serve --registration invitation` lets nobody else open one; with `--registration closed` it is refused. \
    At most 1,024 codes are open at once. Only a hash of a code is kept, so it is printed once. \
    Administrators make codes at the prompt, with `/invite-code`. A code stays good when its maker is no longer an administrator: `udpchat audit` says who made it, `udpchat invite revoke` ends it.";

#[derive(clap::Args)]
struct Args {
    /// How many accounts it opens
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole(1..=INVITATION_USES_MAX.into()))]
    uses: u64,
    /// How long it is good, such as 12h or 7d; up to 366d
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = span)]
    expires: u64,
    #[command(flatten)]
    host: Host,
    #[command(flatten)]
    administration: Administration,
}

fn span(typed: &str) -> Result<u64, String> {
    let span = span_ms(typed).filter(|span| *span <= INVITATION_MAX_MS);
    span.ok_or_else(|| "expected a time up to 366d, such as 12h or 7d".to_owned())
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let uses = u32::try_from(args.uses).unwrap_or(u32::MAX);
    let power = match uses {
        1 => "who has this code can open an account".to_owned(),
        many => format!("who has this code can open accounts, {many} at most,"),
    };
    let wanted = Wanted {
        action: "invite create",
        power: &|_| power.clone(),
        hint: &|_| "the new user types `/enrol NAME` at the prompt, and then the code".to_owned(),
    };
    issue::issue(&args.administration, args.host, &wanted, |code| {
        Request::InviteCreate {
            code,
            uses,
            for_ms: args.expires,
        }
    })
}
