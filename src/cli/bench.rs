//! `udpchat bench`: the arguments and the report of a measurement.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, value_parser};

use super::address::ServerName;
use super::admin::{self, Answer, Desk as _, Request};
use super::command::Command;
use super::database::{self, Secrets};
use super::exit::{Exit, Failure, Outcome};
use super::{environment, logging};
use crate::bench::{self, Args, End, Error, Host, PublicKey, Report, SECONDS_MAX, workload};
use crate::protocol::TEXT_MAX_BYTES;
use crate::registry::Entry;
use crate::store::Engine;
use crate::transport::public_key;

/// How many clients one process plays at most. Chosen: what one socket's buffers can still serve.
const CLIENTS_MAX: u64 = 100_000;

/// How many messages a client says in a second at most. Chosen: far beyond a person, and a `Duration` can hold it.
const RATE_MAX: f64 = 1e5;

/// How many messages may be under way at a time, of each client. Chosen: with the longest text they fill a channel.
const WINDOW_MAX: u64 = 4096;

/// How many messages each client says at most.
const MESSAGES_MAX: u64 = 1 << 32;

/// How many bytes a stream has at most: a terabyte, far beyond what a run lasts for.
const BYTES_MAX: u64 = 1 << 40;

/// The subcommand.
pub struct Bench;

impl Entry for Bench {
    fn name(&self) -> &'static str {
        "bench"
    }

    fn summary(&self) -> &'static str {
        "Measure a server with many clients"
    }
}

impl Command for Bench {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        let table = workload::table();
        let words: Vec<&'static str> = table.iter().map(Entry::name).collect();
        command
            .arg(
                Arg::new("workload")
                    .value_name("WORKLOAD")
                    .required(true)
                    .value_parser(PossibleValuesParser::new(words))
                    .help("What the clients do"),
            )
            .arg(
                Arg::new("server")
                    .value_name("HOST[:PORT]")
                    .value_parser(str::parse::<ServerName>)
                    .help("The server to measure, which must let anybody sign up, and for fanout make a room [default: one of its own, on loopback]"),
            )
            .arg(
                Arg::new("clients")
                    .long("clients")
                    .value_name("N")
                    .default_value("20")
                    .value_parser(value_parser!(u64).range(2..=CLIENTS_MAX))
                    .help("How many clients to play"),
            )
            .arg(
                Arg::new("window")
                    .long("window")
                    .value_name("W")
                    .default_value("1")
                    .value_parser(value_parser!(u64).range(1..=WINDOW_MAX))
                    .help("Messages under way at a time, of each client in pairs and of the one in fanout"),
            )
            .arg(
                Arg::new("messages")
                    .long("messages")
                    .value_name("M")
                    .value_parser(value_parser!(u64).range(1..=MESSAGES_MAX))
                    .help("End pairs and fanout after so many messages of each speaker, whatever --seconds says"),
            )
            .arg(
                Arg::new("rate")
                    .long("rate")
                    .value_name("R")
                    .default_value("2")
                    .value_parser(parse_rate)
                    .help("Messages a second that each client says, in paced and bulk"),
            )
            .arg(
                Arg::new("seconds")
                    .long("seconds")
                    .value_name("S")
                    .default_value("20")
                    .value_parser(value_parser!(u64).range(1..=SECONDS_MAX))
                    .help("How long to measure; bulk and storm measure until they are done"),
            )
            .arg(
                Arg::new("size")
                    .long("size")
                    .value_name("B")
                    .default_value("64")
                    .value_parser(value_parser!(u64).range(1..=TEXT_MAX_BYTES as u64))
                    .help("Bytes of text in a message"),
            )
            .arg(
                Arg::new("bytes")
                    .long("bytes")
                    .value_name("BYTES")
                    .default_value("5000000")
                    .value_parser(value_parser!(u64).range(1..=BYTES_MAX))
                    .help("Bytes of text in each stream of bulk, rounded up to whole messages of 16 KiB"),
            )
            .arg(
                Arg::new("json")
                    .long("json")
                    .action(ArgAction::SetTrue)
                    .help("Report as one JSON object"),
            )
    }

    fn run(&self, matches: &ArgMatches) -> Outcome {
        logging::client(matches)?;
        let server = matches.get_one::<ServerName>("server");
        match bench::run(&args(matches, server)?, HOST) {
            Ok(End::Measured(report)) => show(&report, matches.get_flag("json")),
            Ok(End::Interrupted) => Ok(Exit::Interrupted),
            Ok(End::Failed(why)) => Err(anyhow!(why).into()),
            Ok(End::Unreachable) => {
                let error = match server {
                    Some(server) => anyhow!("no answer from {server}"),
                    None => anyhow!("no answer from the server that was started"),
                };
                Err(Failure::new(Exit::Unreachable, error)
                    .hint("is the server running, and is this its port?"))
            }
            Err(Error::Args(why)) => Err(Failure::usage(why)),
            Err(Error::Failed(error)) => Err(error.into()),
        }
    }

    fn sections(&self) -> Vec<(&'static str, String)> {
        let table = workload::table();
        let workloads: Vec<String> = table
            .iter()
            .map(|workload| format!("{}: {}", workload.name(), workload.summary()))
            .collect();
        vec![
            ("WORKLOADS", workloads.join("\n")),
            (
                "WHAT IS MEASURED",
                "Latency is from the moment at which a line is typed to the moment at which the reader's client has \
                 decoded it and checked its digest, by one clock. The users (bench-…, with passwords that nobody \
                 knows) are signed up first, within the server's limits, and stay behind as accounts, as does the room \
                 of fanout (#bench-…), which each joins on its way in; two seconds of warming up are not counted. \
                 Packets and bytes (of UDP payload) are those of all clients, both ways, acknowledgements, receipts and \
                 streams included, from the first message counted until the last has arrived. A server that limits \
                 what an account sends (see udpchat-serve(1), LIMITS) slows pairs, fanout and bulk down until they fail: \
                 serve with --limit-message-rate 0 --limit-byte-rate 0 --limit-day-bytes 0 to measure it. A stream begins when \
                 counting does and has arrived when the server has called all of it stored; its reader, an account of \
                 its own, stays away."
                    .into(),
            ),
            (
                "A SERVER OF ITS OWN",
                "Without HOST a server is started on loopback, with its database in a temporary directory: in memory, \
                 where there is /dev/shm. It ends with the measurement, however that ends. The clients sign in by \
                 tickets that were written into its database beforehand, as was the room of fanout with its members, \
                 and no limit of one address applies, so that neither the stretching of passwords nor a limit is what \
                 is measured. The server's CPU time (of all its threads, user and system) and its commits are those \
                 from the first message counted until the last has arrived; its memory per client is what has become \
                 resident since it started. Idle clients are left alone for 12 seconds before they are measured. In \
                 storm the server is stopped in order and started again; time counts from the moment at which it \
                 listens, and a client is back when its HELLO is answered."
                    .into(),
            ),
            (
                "JSON",
                "workload, clients, deliveries, deliveries_expected, deliveries_per_s, latency_us (p50, p90, p99, max), \
                 server_cpu_us_per_delivery, server_rss_bytes_per_client, packets_per_delivery, bytes_per_delivery, \
                 commits; null is what cannot be known from here. Bulk adds stream (count, bytes, seconds, bits_per_s, \
                 and the latency_us of the lines that the streaming sessions said); idle adds \
                 server_cpu_us_per_client_s. If messages are missing at the \
                 end the exit status is 1."
                    .into(),
            ),
        ]
    }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= RATE_MAX => Ok(rate),
        _ => Err(format!("a rate is a number above 0 and up to {RATE_MAX}")),
    }
}

fn args(matches: &ArgMatches, server: Option<&ServerName>) -> Result<Args, Failure> {
    let whole = |name| {
        let number = matches.get_one::<u64>(name).copied().unwrap_or_default();
        usize::try_from(number)
            .map_err(|_| Failure::usage(format!("--{name} {number} is too many")))
    };
    Ok(Args {
        workload: matches
            .get_one::<String>("workload")
            .cloned()
            .ok_or_else(|| Failure::usage("no workload"))?,
        server: server.map(ServerName::resolve).transpose()?,
        clients: whole("clients")?,
        window: whole("window")?,
        messages: matches.get_one::<u64>("messages").copied(),
        rate: matches.get_one::<f64>("rate").copied().unwrap_or(1.0),
        duration: Duration::from_secs(matches.get_one::<u64>("seconds").copied().unwrap_or(1)),
        size: whole("size")?,
        bytes: matches.get_one::<u64>("bytes").copied().unwrap_or(1),
    })
}

fn show(report: &Report, is_json: bool) -> Outcome {
    let text = if is_json {
        serde_json::to_string(report).context("cannot write the report")? + "\n"
    } else {
        report.to_string()
    };
    // A reader that has gone away is no reason to fail.
    let _ = io::stdout().write_all(text.as_bytes());
    let missing = report.deliveries_expected - report.deliveries;
    if missing == 0 {
        return Ok(Exit::Success);
    }
    Err(anyhow!("{missing} messages have not arrived").into())
}

/// This program, as a server for the measurement.
const HOST: Host = Host {
    open_database,
    serve,
    commits,
};

fn open_database(data: &Path) -> anyhow::Result<(Engine, PublicKey)> {
    let mut engine = database::open(data)?;
    let secrets = Secrets::of(&mut engine, data)?;
    Ok((engine, public_key(&secrets.static_key)))
}

fn serve(data: &Path, address: SocketAddr) -> anyhow::Result<process::Command> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let mut command = process::Command::new(program);
    for name in environment::own_variables() {
        command.env_remove(name);
    }
    command.args(["serve", "--measured", "--listen"]);
    command.arg(address.to_string()).arg("--data").arg(data);
    Ok(command)
}

fn commits(data: &Path) -> Option<u64> {
    let mut server = admin::connect(data).ok()??;
    match server.ask(Request::Status).ok()? {
        Answer::Status(status) => Some(status.commits),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_above_nothing_and_within_reason() {
        assert_eq!(parse_rate("0.5"), Ok(0.5));
        for bad in ["0", "-1", "NaN", "inf", "1e9", "two"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
    }
}
