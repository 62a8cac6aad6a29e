//! `udpchat bench`: arguments, report, and the server that it starts.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context as _, anyhow};
use clap::ValueHint;
use clap::builder::PossibleValuesParser;

use super::address::ServerName;
use super::admin::{self, AdminApi as _, Answer, Request};
use super::command::{Context, Subcommand};
use super::database::{self, Secrets};
use super::environment;
use super::exit::{Exit, Failure, Outcome};
use super::output::{print, print_error, print_json, shown};
use super::signals::{self, Signal};
use crate::bench::{
    self, Baseline, End, Host, LongestStalls, PublicKey, ServerCounts, Summary, Workload,
};
use crate::client;
use crate::registry::Entry as _;
use crate::store::{self, Engine, Existing, NewFile};
use crate::transport::public_key;

pub fn command() -> Subcommand {
    Subcommand::new("bench", "Measure a server with many clients", run)
        .section("WORKLOADS", workloads())
        .section("MIXED", MIXED)
        .section("WHAT IS MEASURED", WHAT_IS_MEASURED)
        .section("A SERVER OF ITS OWN", A_SERVER_OF_ITS_OWN)
        .section("REPEATING AND COMPARING", REPEATING_AND_COMPARING)
        .section("PLOT", PLOT)
        .section("JSON", JSON)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    udpchat bench pairs --clients 10 --messages 20\n\
    udpchat bench pairs --clients 10 --messages 20 --json | jq .latency_us.p99\n\
    udpchat bench paced --seconds 2 --repeat 3 --json > before.json\n\
    udpchat bench paced --seconds 2 --baseline before.json --plot latency.svg";

const MIXED: &str = "\
    Each client of mixed acts R times a second on average, at random moments that do not depend on how fast the server is. \
    Of its actions 60 % are lines in one of its rooms, 25 % lines to its partner, 8 % reads of the last 20 messages \
    of a conversation, 4 % joins or leaves, and 3 % reconnections. These shares are chosen, not observed: people in a chat mostly \
    talk, and mostly in rooms; the rest is rare but each of it happens dozens of times in 20 seconds of 20 \
    clients. The largest room has half of the clients, the next a third, then a quarter and so on, up to 32 rooms; \
    everybody is in at least one. Joins and leaves are of other rooms, for 16 clients each, in which nobody speaks: so it is known of \
    each line how many have to receive it.\n\
    A client that reconnects closes its session without signing out, as a program that ends, and signs in \
    again at once by its ticket. It keeps its place in each conversation: messages that it misses meanwhile come after, are counted \
    once, and their latency counts from when they were typed; so does that of what it types while it is away. Its HELLO names no \
    positions, unlike that of a real client, so that the server begins with what it has no receipts for. Packets of handshakes are not counted. \
    Reads, joins, leaves and reconnections have latencies of their own, from when one is due until it is answered. A client does \
    one of them at a time; another that is due meanwhile is left out, and the report says how many were. The server's CPU time for \
    all of them is in that of each delivery. A client that receives a message twice fails the measurement.";

const WHAT_IS_MEASURED: &str = "\
    Latency is the time from a line being typed until the reader's client has decoded the message and \
    checked its digest, by one clock. The users (bench-…, with random passwords) are signed up first, within \
    the server's limits; their accounts remain, and so do the rooms of fanout and mixed (#bench-…), which each joins \
    after signing in. Two seconds of warming up are not counted. Packets and bytes (of UDP payload) are \
    those of all clients in both directions, with acknowledgements, receipts and streams, from the first \
    message counted until the last has arrived. A server that limits what an account sends (see \
    udpchat-serve(1), LIMITS) slows pairs, fanout, mixed and bulk until they fail: to measure it, serve with \
    --limit-message-rate 0 --limit-byte-rate 0 --limit-day-bytes 0, for mixed also --limit-room-change-rate 0 \
    --limit-sign-in-rate 0. A stream begins with the counting and \
    has arrived when the server has stored all of it; its reader, an account of its own, stays offline. A \
    server that does not answer within 5 s of its name being resolved, or later for 10 s (20 s in a handshake), ends the measurement: the exit code is 3.";

const A_SERVER_OF_ITS_OWN: &str = "\
    Without HOST, bench starts a server on loopback with its database in a temporary directory, in memory if \
    there is /dev/shm, and stops it after the measurement. The clients sign in by tickets written into the \
    database beforehand, as are the rooms of fanout and mixed and their members, and limits per address do not apply, so \
    that neither password stretching nor a limit is measured. The server's CPU time (all threads, user and \
    system) and commits are counted from the first message counted until the last has arrived; its memory \
    per client is what became resident since the start, and its stalls are the longest time since then for \
    which a thread was busy without a pause. Idle clients rest for 12 seconds before they are \
    measured. In storm the server is stopped in order and started again; time counts from when it listens, \
    and a client is back when its HELLO is answered.";

const REPEATING_AND_COMPARING: &str = "\
    With --repeat the measurement is made N times, each time by other users and, without HOST, at another \
    server, so that no run finds what an earlier one has stored. Each figure is the median of the runs, of an \
    even number of them the mean of the two in the middle; the text has the lowest and the highest beside it. \
    Counts (deliveries, errands begun, done and left out) are those of all runs together. A later run that fails, or is \
    interrupted, leaves the report of those before it; the exit code is that of the failure or of the signal.\n\
    With --baseline, FILE is what an earlier bench wrote with --json. The text has its figures and the ratios to \
    them; a ratio of 0.93 means 93 % of the baseline. Workload, clients and the arguments that the workload \
    heeds must be the same. They are compared before anything is measured: if they differ, or FILE is not a \
    report, the exit code is 2. The number of runs may differ.";

const PLOT: &str = "\
    --plot draws how long the shares of the deliveries took at most, up to the longest, as SVG without scripts, \
    for light and dark pages. Both axes are logarithmic, the horizontal one toward 100 %. With --repeat the \
    deliveries of all runs are drawn together. A file that cannot be written ends the command before anything \
    is measured; one that exists is replaced once the plot is whole. idle has no deliveries, and no plot.";

const JSON: &str = "\
    workload, clients, arguments (of window, messages, rate, seconds, size, bytes those that the workload \
    heeds, and frugal), deliveries, deliveries_expected, deliveries_per_s, latency_us (p50, p90, p99, max), \
    server_cpu_us_per_delivery, server_rss_bytes_per_client, packets_per_delivery, bytes_per_delivery, \
    commits, server_longest_stall_us (network, store); null means not measurable. bulk adds stream (count, bytes, seconds, bits_per_s, and latency_us \
    of the lines that the streaming sessions sent); mixed adds errands (history, membership, reconnection, each with \
    begun, done, left_out and latency_us); idle adds server_cpu_us_per_client_s. repeats is the number of runs, and runs, if there are several, \
    the report of each; --baseline adds ratios, with the names of the figures. If messages are \
    missing at the end, or errands were not answered, the exit status is 1.";

fn workloads() -> String {
    let table = bench::workloads();
    let lines = table
        .iter()
        .map(|workload| format!("{}: {}\n", workload.name(), workload.summary()));
    lines.collect()
}

/// A plot is no secret, and a web server or another user may show it.
const PLOT_MODE: u32 = 0o644;

#[derive(clap::Args)]
struct BenchArgs {
    /// What the clients do
    #[arg(value_parser = PossibleValuesParser::new(bench::workloads().words()))]
    workload: String,
    #[command(flatten)]
    bench: bench::Args,
    #[arg(
        value_name = "HOST[:PORT]",
        help = "The server to measure; it must let anybody sign up and, for fanout and mixed, create rooms [default: one of its own, on loopback]"
    )]
    server: Option<ServerName>,
    /// Measure several servers of a cluster, over which the clients are spread
    #[arg(
        long,
        value_name = "HOST[:PORT]",
        value_delimiter = ',',
        conflicts_with = "server"
    )]
    cluster: Vec<ServerName>,
    /// Report as one JSON object
    #[arg(long)]
    json: bool,
    /// Compare with the measurement whose --json wrote FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    baseline: Option<PathBuf>,
    /// Draw the latencies as SVG
    #[arg(long, value_name = "FILE.svg", value_hint = ValueHint::FilePath)]
    plot: Option<PathBuf>,
}

fn run(mut args: BenchArgs, context: &Context<'_>) -> Outcome {
    context.log.start_client()?;
    let table = bench::workloads();
    let workload = table.find(&args.workload);
    let workload = workload.ok_or_else(|| Failure::usage("there is no such workload"))?;
    workload
        .check(
            &args.bench,
            args.server.is_none() && args.cluster.is_empty(),
        )
        .map_err(Failure::usage)?;
    let baseline = args.baseline.as_deref();
    let baseline = baseline.map(|path| read_baseline(path, workload, &args.bench));
    let baseline = baseline.transpose()?;
    check_plot(args.plot.as_deref(), args.baseline.as_deref(), workload)?;
    let (server, notice) = args.server.map(ServerName::or_loopback).unzip();
    if let Some(notice) = notice.flatten() {
        print_error(format_args!("udpchat: {notice}"));
    }
    let server = server.as_ref().or_else(|| args.cluster.first());
    args.bench.is_spread = !args.cluster.is_empty();
    let addresses = if args.bench.is_spread {
        Some(each_address(&args.cluster)?)
    } else {
        server.map(ServerName::resolve).transpose()?
    };
    let name = server.map_or_else(
        || "the server that was started".into(),
        ServerName::to_string,
    );
    let plot = args.plot.as_deref();
    let plot = plot.map(|path| NewFile::at(path, Existing::Replace));
    let plot = plot.transpose().map_err(anyhow::Error::new)?;
    let measured = bench::run(workload, &args.bench, addresses.as_deref(), HOST)?;
    let end = measured.cut_short.map(|end| ended(end, &name));
    let runs = measured.reports.len();
    if runs == 0 {
        return end.unwrap_or(Ok(Exit::Success));
    }
    let summary = Summary::of(measured.reports, baseline)?;
    show(&summary, args.json, plot)?;
    let Some(end) = end else {
        return check_arrivals(&summary);
    };
    // What the runs before it have measured is worth the time it took.
    let why = if end.is_ok() { "interrupted: " } else { "" };
    print_error(format_args!(
        "udpchat: {why}the report is of {runs} of {} runs",
        args.bench.repeat
    ));
    end
}

/// An address of each server.
fn each_address(servers: &[ServerName]) -> anyhow::Result<Vec<SocketAddr>> {
    let mut addresses = Vec::new();
    for server in servers {
        addresses.extend(server.resolve()?.first());
    }
    Ok(addresses)
}

/// The exit code of a run that was interrupted, or why one has failed.
fn ended(end: End, name: &str) -> Outcome {
    match end {
        // Only runs without a report come here.
        End::Measured(_) => Ok(Exit::Success),
        End::Interrupted => Ok(Exit::Signal(
            signals::ended_by().unwrap_or(Signal::Interrupt),
        )),
        End::Failed(why) => Err(anyhow!(why).into()),
        End::Unreachable => {
            let heard = format!(" within {} s", bench::FIRST_ANSWER_WAIT.as_secs());
            let text = client::unreachable(name, &heard);
            Err(Failure::described(Exit::Unreachable, &text))
        }
        End::Lost => {
            let error = anyhow!("{name} no longer answers; the measurement is not finished");
            Err(Failure::new(Exit::Unreachable, error))
        }
    }
}

/// Refuses what this measurement cannot be compared with.
fn read_baseline(
    path: &Path,
    workload: &Workload,
    args: &bench::Args,
) -> Result<Baseline, Failure> {
    let shown = shown(path);
    let bytes = store::read_regular(path)
        .with_context(|| format!("cannot read {shown}"))
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    let arguments = workload.arguments(args);
    Baseline::read(&bytes, workload.name(), args.clients, &arguments)
        .map_err(|why| Failure::usage(format_args!("{shown} {why}")))
}

/// Refuses a plot of nothing, and one in the place of the baseline.
fn check_plot(
    plot: Option<&Path>,
    baseline: Option<&Path>,
    workload: &Workload,
) -> Result<(), Failure> {
    let Some(plot) = plot else {
        return Ok(());
    };
    if !workload.has_latency() {
        let name = workload.name();
        let why = format_args!("--plot draws latencies, and {name} has none: leave it out");
        return Err(Failure::usage(why));
    }
    let place = |path: &Path| fs::canonicalize(path).ok();
    if baseline.is_some_and(|baseline| place(baseline) == place(plot)) {
        let why = "--plot would replace the baseline: give it another name";
        return Err(Failure::usage(why));
    }
    Ok(())
}

fn finish_plot(mut file: NewFile, summary: &Summary) -> anyhow::Result<()> {
    file.fill(bench::plot(summary).as_bytes())?;
    let readable = fs::Permissions::from_mode(PLOT_MODE);
    file.file()
        .set_permissions(readable)
        .with_context(|| format!("cannot write {}", file.path().display()))?;
    Ok(file.replace()?)
}

fn show(summary: &Summary, is_json: bool, plot: Option<NewFile>) -> anyhow::Result<()> {
    if is_json {
        print_json(summary)?;
    } else {
        print(summary.to_string());
    }
    if let Some(file) = plot {
        finish_plot(file, summary)?;
    }
    Ok(())
}

fn check_arrivals(summary: &Summary) -> Outcome {
    match (summary.missing(), summary.unanswered()) {
        (0, 0) => Ok(Exit::Success),
        (0, unanswered) => {
            let what = "reads, joins, leaves and reconnections";
            Err(anyhow!("{unanswered} {what} were not answered").into())
        }
        (missing, _) => Err(anyhow!("{missing} messages did not arrive").into()),
    }
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
