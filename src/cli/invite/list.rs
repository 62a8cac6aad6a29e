//! `udpchat invite list`: the invitations that are good.

use serde::Serialize;

use crate::cli::admin::{self, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{print, print_json};
use crate::client::rfc3339;

pub fn command() -> Subcommand {
    let summary = "List the invitations that are good, without their codes";
    Subcommand::new("list", summary, run)
}

/// An invitation, as `--json` prints it.
#[derive(Serialize)]
struct Record {
    id: String,
    created: String,
    expires: String,
    uses: u32,
    uses_left: u32,
}

fn run(administration: Administration, _: &Context<'_>) -> Outcome {
    let mut api = admin::open_to_read(&administration.data.path()?)?;
    let Answer::Invitations { invitations } = api.ask(Request::InviteList)? else {
        return Err(admin::unexpected().into());
    };
    for invitation in invitations {
        let record = Record {
            id: format!("{:08x}", invitation.number),
            created: rfc3339(invitation.made_ms),
            expires: rfc3339(invitation.expires_ms),
            uses: invitation.uses,
            uses_left: invitation.uses_left,
        };
        if administration.json {
            print_json(&record)?;
        } else {
            let Record {
                id,
                expires,
                uses,
                uses_left,
                ..
            } = record;
            print(format!(
                "{id}  until {expires}  {uses_left} of {uses} left\n"
            ));
        }
    }
    Ok(Exit::Success)
}
