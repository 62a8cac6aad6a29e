//! `udpchat discover`: servers of the local network, by DNS-SD over multicast DNS (RFC 6763, RFC 6762); and how a server
//! announces itself. mdns-sd, because it also notices conflicts, interfaces that come and go, and goodbyes.

mod announcement;
mod found;

use std::time::Duration;

use anyhow::Context as _;
use mdns_sd::{ServiceDaemon, ServiceEvent};
use serde::Serialize;

use super::command::{Context, Subcommand};
use super::exit::{Exit, Outcome};
use super::output::{print, print_error, print_json};
use crate::net;
use found::{Found, Servers};

pub use announcement::{Announcement, name as announced_name};

const SERVICE: &str = "_udpchat._udp.local.";

/// The key's fingerprint in the TXT record.
const KEY: &str = "key";

pub fn command() -> Subcommand {
    Subcommand::new("discover", "List the servers of the local network", run)
        .section("WHAT IS LISTED", WHAT_IS_LISTED)
        .section("EXAMPLES", EXAMPLES)
}

const WHAT_IS_LISTED: &str = "\
    Servers that run with `udpchat serve --announce`, as DNS-SD has them under _udpchat._udp: name, address and the \
    fingerprint of the key. Every machine of the network can announce any name with any fingerprint, so this proves nothing: \
    compare the fingerprint with one that the operator gave you. Nothing is connected to, and no key becomes known. Routers \
    do not pass multicast on: a server behind one is not listed, and some networks pass none at all. At most 100 servers are \
    listed. With --json, one object: {\"servers\": [{\"name\", \"addresses\", \"key\"}]}, with a key of null if none was announced. \
    The exit code is 0 even if no server answered.";

const EXAMPLES: &str = "\
    udpchat discover\n\
    udpchat discover --timeout 1s --json";

#[derive(clap::Args)]
struct Args {
    /// How long to wait for answers, in seconds, 1 to 60
    #[arg(long, value_name = "SECONDS", default_value = "3s", value_parser = seconds)]
    timeout: Duration,
    /// Show them as one JSON object
    #[arg(long)]
    json: bool,
}

/// Seconds, with or without the unit.
fn seconds(text: &str) -> Result<Duration, String> {
    let digits = text.strip_suffix('s').unwrap_or(text);
    let number = crate::text::number::whole(1..=60)(digits)?;
    Ok(Duration::from_secs(number))
}

#[derive(Serialize)]
struct List<'a> {
    servers: &'a [Found],
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let servers = look(args.timeout)?;
    if args.json {
        print_json(&List { servers: &servers })?;
        return Ok(Exit::Success);
    }
    if servers.is_empty() {
        let waited = args.timeout.as_secs();
        print_error(format_args!(
            "udpchat: no server announced itself within {waited} s\n\
             hint: a server does so with `udpchat serve --announce`, and routers do not pass multicast on"
        ));
        return Ok(Exit::Success);
    }
    print(found::table(&servers));
    print_error(
        "udpchat: anybody on this network can announce any name and key: compare the key with the one that the operator gave you",
    );
    Ok(Exit::Success)
}

/// Asks the network, for this long.
fn look(timeout: Duration) -> anyhow::Result<Vec<Found>> {
    const WHAT: &str = "cannot ask the local network";
    let end = net::now().instant + timeout;
    let daemon = ServiceDaemon::new().context(WHAT)?;
    let events = daemon.browse(SERVICE).context(WHAT)?;
    let mut servers = Servers::default();
    while let Ok(event) = events.recv_deadline(end) {
        match event {
            ServiceEvent::ServiceResolved(service) => servers.add(&service),
            ServiceEvent::ServiceRemoved(_, name) => servers.remove(&name),
            _ => {}
        }
    }
    // The process ends anyway.
    let _ = daemon.shutdown();
    Ok(servers.into_sorted())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_given_with_or_without_its_unit() {
        assert_eq!(seconds("3s"), Ok(Duration::from_secs(3)));
        assert_eq!(seconds("60"), Ok(Duration::from_mins(1)));
        for bad in ["", "s", "0", "61", "-1", "3m", "3ss"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
