//! `udpchat ban`: whom the server does not let in, whether it runs or not.

mod add;
mod end;
mod list;
mod remove;

use super::admin;
use super::command::{Commands, Subcommand};

pub fn command() -> Subcommand {
    let inside = Commands::default()
        .with(Box::new(add::command()))
        .with(Box::new(list::command()))
        .with(Box::new(remove::command()));
    Subcommand::group("ban", "Keep accounts and addresses out", inside)
        .section("WHO IS BANNED", MANUAL)
        .section("FILES", admin::FILES)
        .section("EXAMPLES", EXAMPLES)
}

const MANUAL: &str = "\
    A ban of an account ends its sessions within a second. Who proves its password, or has a ticket, is told until when it is \
    banned, and why; nobody else learns of it. Its tickets are good again afterwards, and what is written to it meanwhile is stored.\n\n\
    A ban of an address ends the sessions there, and those that move there; who connects from there is told the same and \
    closed. Many people may share one address: a ship, a school, the customers of a mobile provider. A prefix is \
    written ADDRESS/LENGTH. An IPv4 address alone is only that one; an IPv6 address alone is the /64 that it is in, from which one \
    household chooses its addresses. The shortest prefixes are /8 and /16. This machine's own addresses cannot be banned, \
    so nobody is kept out who comes through a tunnel or a proxy on it.\n\n\
    What looks like an address is one, and what does not is the name of a user. At most 50,000 bans are kept. A ban \
    that has ended is none.";

const EXAMPLES: &str = "\
    udpchat ban add mallory --for 3d --reason 'selling watches'\n\
    udpchat ban add 192.0.2.0/24 --until 2026-12-24T18:00\n\
    udpchat ban list --json | jq -r .subject\n\
    udpchat ban remove mallory";
