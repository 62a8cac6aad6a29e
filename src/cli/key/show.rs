//! `udpchat key show`: the fingerprint of the server's key, and a link that has it.

use std::net::SocketAddr;

use crate::cli::admin::issue::Host;
use crate::cli::admin::{self, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{print, print_json};

pub fn command() -> Subcommand {
    let summary = "Show the fingerprint of the server's key, and a link with it";
    Subcommand::new("show", summary, run).section("KEY SHOW", MANUAL)
}

const MANUAL: &str = "\
    What users compare when they connect for the first time, on the first line; whether or not the server runs. A link \
    follows where it is known how others reach the server: by --host, or because it listens on one address, and not on all of \
    its machine.";

#[derive(clap::Args)]
struct Args {
    #[command(flatten)]
    host: Host,
    #[command(flatten)]
    administration: Administration,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let mut api = admin::open_to_read(&args.administration.data.path()?)?;
    let Answer::ServerKey {
        fingerprint,
        listening,
    } = api.ask(Request::ServerKey)?
    else {
        return Err(admin::unexpected().into());
    };
    let host = args.host.or_at(reachable(&listening.unwrap_or_default()));
    let link = host.link(&fingerprint);
    if args.administration.json {
        print_json(&serde_json::json!({ "key": fingerprint, "link": link }))?;
        return Ok(Exit::Success);
    }
    print(format!("{fingerprint}\n"));
    if let Some(link) = link {
        print(format!("{link}\n"));
    }
    Ok(Exit::Success)
}

/// An address at which other machines reach a server that listens on these, as far as it can be told.
fn reachable(listening: &[SocketAddr]) -> Option<SocketAddr> {
    let is_it = |address: &&SocketAddr| {
        let ip = address.ip().to_canonical();
        !ip.is_unspecified() && !ip.is_loopback()
    };
    listening.iter().find(is_it).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_that_listens_on_one_address_of_its_machine_is_reached_there() {
        let all = [
            "0.0.0.0:7",
            "[::]:7",
            "127.0.0.1:7",
            "[::1]:7",
            "[::ffff:127.0.0.1]:7",
        ];
        let all: Vec<SocketAddr> = all.iter().map(|it| it.parse().unwrap()).collect();
        assert_eq!(reachable(&all), None);
        let one: SocketAddr = "192.0.2.7:7".parse().unwrap();
        assert_eq!(reachable(&[&all[..], &[one]].concat()), Some(one));
    }
}
