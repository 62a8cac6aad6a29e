//! `udpchat user show`: what the server knows of one account.

use std::fmt::Write as _;
use std::net::IpAddr;

use serde::Serialize;

use super::list::{self, Record};
use crate::cli::admin::{self, Answer, Device, Request, Role, User};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_json};
use crate::client::rfc3339;

pub fn command() -> Subcommand {
    Subcommand::new("show", "Show an account and its devices", run)
}

#[derive(clap::Args)]
struct Args {
    /// The user's name
    name: String,
    #[command(flatten)]
    administration: Administration,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    user: Record<'a>,
    devices: Vec<ShownDevice>,
}

#[derive(Serialize)]
struct ShownDevice {
    device: u64,
    used: Option<String>,
    address: Option<IpAddr>,
    /// Whether it signs in without a password.
    signed_in: bool,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let Args {
        name,
        administration,
    } = args;
    let request = Request::UserShow { name };
    let answer = admin::open_to_read(&administration.data.path()?)?.ask(request)?;
    let Answer::User { user, devices } = answer else {
        return Err(admin::unexpected().into());
    };
    if administration.json {
        let devices = devices.iter().map(|device| ShownDevice {
            device: device.id,
            used: device.used_ms.map(rfc3339),
            address: device.address,
            signed_in: device.has_ticket,
        });
        print_json(&Shown {
            user: list::record(&user),
            devices: devices.collect(),
        })?;
    } else {
        print(text(&user, &devices));
    }
    Ok(Exit::Success)
}

fn text(user: &User, devices: &[Device]) -> String {
    let mut text = format!("{}\n  created   {}\n", user.name, rfc3339(user.created_ms));
    if user.is_bot {
        text += "  marked as a bot\n";
    }
    if user.role != Role::Member {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  role      {}", user.role.word());
    }
    match user.disabled.as_deref() {
        None => {}
        Some("") => text += "  disabled\n",
        // Writing to a string cannot fail.
        Some(reason) => drop(writeln!(text, "  disabled  {}", one_line(reason))),
    }
    for device in devices {
        let last = device.used_ms.map_or("never".to_owned(), rfc3339);
        let _ = write!(text, "  device {}  last used {last}", device.id);
        if let Some(address) = device.address {
            let _ = write!(text, " from {address}");
        }
        if !device.has_ticket {
            text += ", signed out";
        }
        text.push('\n');
    }
    text
}
