//! `udpchat serve`: runs the server.

mod limits;
pub mod retention;
mod run;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use clap::{Arg, ArgAction, ArgMatches};

use super::address::{self, DEFAULT_PORT};
use super::command::Command;
use super::exit::{Failure, Outcome};
use super::{logging, options};
use crate::registry::Entry;
use crate::store::Retention;
use limits::Chosen;

/// The subcommand.
pub struct Serve;

/// What the command line asks for.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub struct Plan {
    /// Where to listen, in the order in which it is shown.
    pub listen: Vec<SocketAddr>,
    /// Whether these are the default addresses, of which one may be missing on this host.
    pub is_default: bool,
    /// The server's directory.
    pub data: std::path::PathBuf,
    /// Whether anybody may sign up.
    pub is_open: bool,
    /// Whether it serves a measurement: without the limits of each address, and until its standard input ends.
    pub is_measured: bool,
    /// Whether users make rooms.
    pub makes_rooms: bool,
    /// How much of each conversation is kept.
    pub retention: Retention,
    /// How much accounts and addresses may do.
    pub limits: Chosen,
}

impl Entry for Serve {
    fn name(&self) -> &'static str {
        "serve"
    }

    fn summary(&self) -> &'static str {
        "Run the server"
    }
}

impl Command for Serve {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command
            .arg(
                Arg::new("listen")
                    .long("listen")
                    .value_name("ADDR:PORT")
                    .env("UDPCHAT_LISTEN")
                    .hide_env_values(true)
                    .value_delimiter(',')
                    .action(ArgAction::Append)
                    .value_parser(address::parse_listen)
                    .help("Listen at this address, of either family; repeatable [default: port 7777 of all addresses]"),
            )
            .arg(options::data())
            .arg(
                Arg::new("registration")
                    .long("registration")
                    .value_name("WHO")
                    .env("UDPCHAT_REGISTRATION")
                    .hide_env_values(true)
                    .default_value("open")
                    .value_parser(["open", "closed"])
                    .help("Who may sign up: anybody, or only those for whom `udpchat user add` does it"),
            )
            .arg(
                // For `udpchat bench` alone, whose clients all come from one address.
                Arg::new("measured")
                    .long("measured")
                    .hide(true)
                    .action(ArgAction::SetTrue)
                    .help("Limit no address, and stop when standard input ends"),
            )
            .arg(
                Arg::new("rooms")
                    .long("rooms")
                    .value_name("HOW")
                    .env("UDPCHAT_ROOMS")
                    .hide_env_values(true)
                    .default_value("open")
                    .value_parser(["open", "closed"])
                    .help("Whether joining a room that there is not yet makes it; with `closed` only `udpchat room add` does"),
            )
            .args(retention::arguments(retention::Of::All))
            .args(limits::arguments())
    }

    fn run(&self, matches: &ArgMatches) -> Outcome {
        logging::server(matches, matches.get_flag("measured"))?;
        run::run(&plan(matches)?)
    }

    fn sections(&self) -> Vec<(&'static str, String)> {
        vec![
            (
                "SIGNALS",
                "SIGINT and SIGTERM end the server in order: clients are told, the database is closed. A second \
                 signal ends it at once."
                    .into(),
            ),
            (
                "MANY CLIENTS",
                "The server asks for socket buffers of 16 MiB. Unless it may administer the network (CAP_NET_ADMIN), \
                 Linux gives no more than net.core.rmem_max and net.core.wmem_max, which are 208 KiB where nobody has \
                 raised them: of thousands of clients who say something in the same moment some then have to say it \
                 again."
                    .into(),
            ),
            (
                "RETENTION",
                "Without a --keep option everything is kept. With several, an entry expires with the first limit that \
                 it is over. `udpchat store retain` gives a conversation limits of its own. The server looks once an \
                 hour; after a jump of the clock by more than a day it removes nothing before the next time."
                    .into(),
            ),
            (
                "FILES",
                "DIR/udpchat.redb holds accounts, messages and keys, and DIR/udpchat.redb.journal what was done since that \
                 file was last brought up to date: after a crash both are needed, after an orderly stop the first \
                 holds all. If the journal is missing, cut short, damaged or another one when it is needed, the log and \
                 udpchat status name it, and clients notice what is lost. DIR/udpchat.generation tells whether an older \
                 database was put back; where either of the two is left and the database is gone, the server does not \
                 start. DIR/control.sock is what udpchat user, status and store speak to. Before a \
                 newer udpchat changes the schema, it copies the database to DIR/udpchat.redb.schema-N.DAY. The \
                 directory must be its owner's alone (mode 0700)."
                    .into(),
            ),
        ]
    }
}

fn plan(matches: &ArgMatches) -> Result<Plan, Failure> {
    let said = matches.get_many::<SocketAddr>("listen");
    let is_default = said.is_none();
    let listen: Vec<SocketAddr> = match said {
        Some(said) => said.copied().collect(),
        None => vec![
            (Ipv4Addr::UNSPECIFIED, DEFAULT_PORT).into(),
            (Ipv6Addr::UNSPECIFIED, DEFAULT_PORT).into(),
        ],
    };
    check(&listen)?;
    Ok(Plan {
        listen,
        is_default,
        data: options::data_directory(matches)?,
        is_open: matches
            .get_one::<String>("registration")
            .is_none_or(|who| who == "open"),
        is_measured: matches.get_flag("measured"),
        makes_rooms: matches
            .get_one::<String>("rooms")
            .is_none_or(|how| how == "open"),
        retention: retention::limits(matches),
        limits: limits::chosen(matches),
    })
}

/// A reply is sent from the address that was written to, by which the socket is found again. Two sockets that
/// share an address could not be told apart, so these are refused.
fn check(listen: &[SocketAddr]) -> Result<(), Failure> {
    for (index, one) in listen.iter().enumerate() {
        for other in &listen[index + 1..] {
            let is_shared = one.ip() == other.ip()
                || (one.is_ipv4() == other.is_ipv4()
                    && (one.ip().is_unspecified() || other.ip().is_unspecified()));
            if is_shared {
                return Err(Failure::usage(format!(
                    "cannot listen at both {one} and {other}: an address can be listened at once only"
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(listen: &[&str]) -> bool {
        let listen: Vec<SocketAddr> = listen.iter().map(|text| text.parse().unwrap()).collect();
        check(&listen).is_ok()
    }

    #[test]
    fn addresses_whose_replies_could_be_confused_are_refused() {
        assert!(checked(&["0.0.0.0:7", "[::]:7"]));
        assert!(checked(&["127.0.0.1:7", "10.0.0.1:7", "[::1]:9"]));
        assert!(!checked(&["127.0.0.1:7", "127.0.0.1:8"]));
        assert!(!checked(&["127.0.0.1:7", "0.0.0.0:8"]));
    }
}
