//! `udpchat bench`: arguments, report, and the server that it starts.

use std::net::SocketAddr;
use std::path::Path;
use std::process;

use anyhow::{Context as _, anyhow};
use clap::builder::PossibleValuesParser;

use super::address::ServerName;
use super::admin::{self, AdminApi as _, Answer, Request};
use super::command::{Context, Subcommand};
use super::database::{self, Secrets};
use super::environment;
use super::exit::{Exit, Failure, Outcome};
use super::output::{print, print_error, print_json};
use super::signals::{self, Signal};
use crate::bench::{self, End, Error, Host, LongestStalls, PublicKey, Report, ServerCounts};
use crate::client;
use crate::registry::Entry as _;
use crate::store::Engine;
use crate::transport::public_key;

pub fn command() -> Subcommand {
    Subcommand::new("bench", "Measure a server with many clients", run)
        .section("WORKLOADS", workloads())
        .section("WHAT IS MEASURED", WHAT_IS_MEASURED)
        .section("A SERVER OF ITS OWN", A_SERVER_OF_ITS_OWN)
        .section("JSON", JSON)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    udpchat bench pairs --clients 10 --messages 20\n\
    udpchat bench pairs --clients 10 --messages 20 --json | jq .latency_us.p99";

const WHAT_IS_MEASURED: &str = "\
    Latency is the time from a line being typed until the reader's client has decoded the message and \
    checked its digest, by one clock. The users (bench-…, with random passwords) are signed up first, within \
    the server's limits; their accounts remain, and so does the room of fanout (#bench-…), which each joins \
    after signing in. Two seconds of warming up are not counted. Packets and bytes (of UDP payload) are \
    those of all clients in both directions, with acknowledgements, receipts and streams, from the first \
    message counted until the last has arrived. A server that limits what an account sends (see \
    udpchat-serve(1), LIMITS) slows pairs, fanout and bulk until they fail: to measure it, serve with \
    --limit-message-rate 0 --limit-byte-rate 0 --limit-day-bytes 0. A stream begins with the counting and \
    has arrived when the server has stored all of it; its reader, an account of its own, stays offline. A \
    server that does not answer within 5 s of its name being resolved, or later for 30 s, ends the measurement: the exit code is 3.";

const A_SERVER_OF_ITS_OWN: &str = "\
    Without HOST, bench starts a server on loopback with its database in a temporary directory, in memory if \
    there is /dev/shm, and stops it after the measurement. The clients sign in by tickets written into the \
    database beforehand, as are the room of fanout and its members, and limits per address do not apply, so \
    that neither password stretching nor a limit is measured. The server's CPU time (all threads, user and \
    system) and commits are counted from the first message counted until the last has arrived; its memory \
    per client is what became resident since the start, and its stalls are the longest time since then for \
    which a thread was busy without a pause. Idle clients rest for 12 seconds before they are \
    measured. In storm the server is stopped in order and started again; time counts from when it listens, \
    and a client is back when its HELLO is answered.";

const JSON: &str = "\
    workload, clients, deliveries, deliveries_expected, deliveries_per_s, latency_us (p50, p90, p99, max), \
    server_cpu_us_per_delivery, server_rss_bytes_per_client, packets_per_delivery, bytes_per_delivery, \
    commits, server_longest_stall_us (network, store); null means not measurable. bulk adds stream (count, bytes, seconds, bits_per_s, and latency_us \
    of the lines that the streaming sessions sent); idle adds server_cpu_us_per_client_s. If messages are \
    missing at the end, the exit status is 1.";

fn workloads() -> String {
    let table = bench::workloads();
    let lines = table
        .iter()
        .map(|workload| format!("{}: {}\n", workload.name(), workload.summary()));
    lines.collect()
}

#[derive(clap::Args)]
struct BenchArgs {
    /// What the clients do
    #[arg(value_parser = PossibleValuesParser::new(bench::workloads().words()))]
    workload: String,
    #[command(flatten)]
    bench: bench::Args,
    #[arg(
        value_name = "HOST[:PORT]",
        help = "The server to measure; it must let anybody sign up and, for fanout, create a room [default: one of its own, on loopback]"
    )]
    server: Option<ServerName>,
    /// Report as one JSON object
    #[arg(long)]
    json: bool,
}

fn run(args: BenchArgs, context: &Context<'_>) -> Outcome {
    context.log.start_client()?;
    let (server, notice) = args.server.map(ServerName::or_loopback).unzip();
    if let Some(notice) = notice.flatten() {
        print_error(format_args!("udpchat: {notice}"));
    }
    let server = server.as_ref();
    let addresses = server.map(ServerName::resolve).transpose()?;
    let name = server.map_or_else(
        || "the server that was started".into(),
        ServerName::to_string,
    );
    match bench::run(&args.workload, &args.bench, addresses, HOST) {
        Ok(End::Measured(report)) => show(&report, args.json),
        Ok(End::Interrupted) => Ok(Exit::Signal(
            signals::ended_by().unwrap_or(Signal::Interrupt),
        )),
        Ok(End::Failed(why)) => Err(anyhow!(why).into()),
        Ok(End::Unreachable) => {
            let heard = format!(" within {} s", bench::FIRST_ANSWER_WAIT.as_secs());
            let text = client::unreachable(&name, &heard);
            Err(Failure::described(Exit::Unreachable, &text))
        }
        Ok(End::Lost) => {
            let error = anyhow!("{name} no longer answers; the measurement is not finished");
            Err(Failure::new(Exit::Unreachable, error))
        }
        Err(Error::Args(why)) => Err(Failure::usage(why)),
        Err(Error::Failed(error)) => Err(error.into()),
    }
}

fn show(report: &Report, is_json: bool) -> Outcome {
    if is_json {
        print_json(report)?;
    } else {
        print(report.to_string());
    }
    let missing = report.deliveries_expected - report.deliveries;
    if missing == 0 {
        return Ok(Exit::Success);
    }
    Err(anyhow!("{missing} messages did not arrive").into())
}

/// The run's own server is this program.
const HOST: Host = Host {
    open_database,
    serve,
    counts,
    on_signal: |mut handler| {
        signals::on_signal(move |signal| {
            signals::end_by(signal);
            handler();
        })
    },
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

fn counts(data: &Path) -> Option<ServerCounts> {
    let mut server = admin::connect(data).ok()??;
    let Answer::Status(status) = server.ask(Request::Status).ok()? else {
        return None;
    };
    let longest = |thread: &str| status.json["stalls"][thread]["longest_us"].as_u64();
    Some(ServerCounts {
        commits: status.json["commits"].as_u64()?,
        longest_stalls: LongestStalls {
            network: longest("network")?,
            store: longest("store")?,
        },
    })
}
