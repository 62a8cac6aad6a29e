//! `udpchat doctor`: which step on the way to a server fails, and what to do. It uses the transport itself.

mod account;
mod nat;
mod quality;
mod reach;
mod report;
mod session;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use terminal_size::{Width, terminal_size_of};

use super::address::{DEFAULT_HOST, Target, server_key};
use super::command::{Context, Subcommand};
use super::connect::{ClientArgs, KnownServers, user};
use super::environment;
use super::exit::{Exit, Failure, Outcome};
use super::options::PasswordFile;
use super::output::{print, print_json};
use crate::net;
use crate::protocol::fingerprint;
use crate::text::number::whole;
use report::{Finding, Report};

pub fn command() -> Subcommand {
    let summary = "Find out which step on the way to a server fails";
    Subcommand::new("doctor", summary, run)
        .section("THE STEPS", THE_STEPS)
        .section("EXAMPLES", EXAMPLES)
}

const THE_STEPS: &str = "\
    Each step is a line with its time; one that fails is the last, and the line below it is advice.\n\
    name: the name is resolved.\n\
    route: this machine has a route to one of the addresses.\n\
    udp: a handshake is completed. If not, an ICMP error is named (nothing listens on that port, or somebody on the way \
    refuses), or silence.\n\
    version: both sides speak the same version of the protocol.\n\
    key: the server's key is the known one, or that of --server-key or of the link. A changed key ends it, as it ends \
    `udpchat connect`. An unknown key is a warning, and does not become known.\n\
    round trip: 72 small requests are answered by the server, on four sessions; the loss in each direction is named from 5 % on.\n\
    path mtu: how long a packet may be on its way to the server. udpchat sends up to 1200 bytes and their headers.\n\
    nat: with --nat only, since it takes a minute: for how long a session may be silent until a NAT or a firewall forgets it.\n\
    sign-in: with --user only: that user signs in and out again, as `udpchat connect` does it, with the ticket of this machine or \
    the password of --password-file. The key must be known here, or named, and then becomes known.\n\
    stored, clock: with --store only, a note to that user is stored; `/notes` shows it, and it stays. Its time is the server's, \
    and is compared with this machine's clock; a difference is named from 30 s on.\n\
    Without --user nobody is signed in and nothing is stored. `/status` at the prompt of `udpchat connect` shows the same of a session \
    that is in use.\n\
    The exit code is 0 with warnings too, 3 if the server cannot be reached and 4 if its key is another. With --json, one \
    object: {\"server\", \"steps\": [{\"step\", \"verdict\", \"took_ms\", \"found\", \"advice\"}], \"exit\"}; a verdict is ok, \
    warning, failed or skipped.";

const EXAMPLES: &str = "\
    udpchat doctor chat.example\n\
    udpchat doctor chat.example --json\n\
    udpchat doctor chat.example --user erin --store";

#[derive(clap::Args)]
struct Args {
    /// The server: a name or an address, a link (udpchat://…), or a profile of the settings
    #[arg(value_name = "HOST[:PORT]", default_value = DEFAULT_HOST)]
    server: Target,
    /// The fingerprint that the server's key must have
    #[arg(long, value_name = "SHA256:…", env = "UDPCHAT_SERVER_KEY", value_parser = server_key::parse)]
    server_key: Option<String>,
    /// The client's directory, with the known servers [default: $XDG_STATE_HOME/udpchat]
    #[arg(long, value_name = "DIR", env = "UDPCHAT_STATE")]
    state: Option<PathBuf>,
    /// Sign in as this user, with the ticket of this machine or the password of --password-file
    #[arg(long, value_name = "NAME", value_parser = user)]
    user: Option<String>,
    #[command(flatten)]
    password: PasswordFile,
    /// Store a note to yourself, and compare the clocks; needs --user
    #[arg(long, requires = "user")]
    store: bool,
    /// How long to wait for the handshake, 1 to 60
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = whole(1..=60))]
    timeout: u64,
    /// Measure for how long a NAT on the way remembers a silent session; takes a minute
    #[arg(long)]
    nat: bool,
    /// Show the report as one JSON object, at the end
    #[arg(long)]
    json: bool,
}

fn run(args: Args, context: &Context<'_>) -> Outcome {
    let target = match &context.host {
        Some(host) => host.parse::<Target>().map_err(Failure::usage)?,
        None => args.server,
    };
    let (server, _) = target.or_loopback();
    let args = Args { server, ..args };
    let mut doctor = Doctor {
        report: Report::new(args.server.server.to_string()),
        is_shown: !args.json,
    };
    examine(&args, context, &mut doctor)?;
    if args.json {
        print_json(&doctor.report)?;
    }
    Ok(doctor.report.exit())
}

struct Doctor {
    report: Report,
    /// Whether each step is shown as soon as it is done.
    is_shown: bool,
}

impl Doctor {
    /// Runs a step. Returns what it gave if the next one makes sense.
    fn step<T>(
        &mut self,
        name: &'static str,
        step: impl FnOnce() -> Result<(T, Finding), Failure>,
    ) -> Result<Option<T>, Failure> {
        let start = net::now().instant;
        let (value, finding) = step()?;
        let took = net::now().instant.saturating_duration_since(start);
        let goes_on = self.report.add(name, took, finding);
        if self.is_shown {
            print(self.report.last_line(columns()));
        }
        Ok(goes_on.then_some(value))
    }
}

/// The width of the terminal, if there is one.
fn columns() -> usize {
    let size = terminal_size_of(std::io::stdout());
    size.map_or(0, |(Width(columns), _)| usize::from(columns))
}

/// Runs the steps until one fails.
fn examine(args: &Args, context: &Context<'_>, doctor: &mut Doctor) -> Result<(), Failure> {
    let patience = Duration::from_secs(args.timeout);
    let Some(addresses) = doctor.step("name", || Ok(name(args)))? else {
        return Ok(());
    };
    let Some(routed) = doctor.step("route", || Ok(reach::route(&addresses)))? else {
        return Ok(());
    };
    let dialled = doctor.step("udp", || Ok(reach::dial_any(&routed, patience)?))?;
    let Some(Some(session)) = dialled else {
        return Ok(());
    };
    let address = session.remote();
    let is_same = doctor.step("version", || Ok(((), reach::version(&session))))?;
    let key = session.key;
    session.hang_up();
    let (Some(()), Some(key)) = (is_same, key) else {
        return Ok(());
    };
    if doctor
        .step("key", || Ok(((), judge_key(args, &key)?)))?
        .is_none()
    {
        return Ok(());
    }
    let measured = doctor.step("round trip", || {
        Ok(quality::round_trips(address, patience)?)
    })?;
    let Some(round_trip) = measured else {
        return Ok(());
    };
    doctor.step("path mtu", || {
        Ok(((), quality::path_mtu(address, round_trip)?))
    })?;
    doctor.step("nat", || {
        let finding = if args.nat {
            nat::binding_time(address, patience)?
        } else {
            Finding::skipped("takes a minute: --nat measures it")
        };
        Ok(((), finding))
    })?;
    examine_account(args, context, doctor)
}

/// The steps for which somebody has to be signed in.
fn examine_account(args: &Args, context: &Context<'_>, doctor: &mut Doctor) -> Result<(), Failure> {
    let client = || {
        ClientArgs::of(
            args.user.clone(),
            args.password.clone(),
            args.state.clone(),
            args.server_key.clone(),
            args.timeout,
        )
    };
    let server = || args.server.clone();
    let is_user = args.user.is_some();
    let signed_in = doctor.step("sign-in", || {
        let finding = if is_user {
            account::sign_in(server(), client(), context)
        } else {
            Finding::skipped("--user NAME signs in")
        };
        Ok(((), finding))
    })?;
    if signed_in.is_none() {
        return Ok(());
    }
    let stored = doctor.step("stored", || {
        Ok(if args.store {
            account::store(server(), client(), context)
        } else {
            (
                None,
                Finding::skipped("--user NAME --store stores a note to yourself"),
            )
        })
    })?;
    doctor.step("clock", || {
        let finding = match stored.flatten() {
            Some(stored) => account::clock(&stored),
            None => Finding::skipped("the time of a stored note tells it: --user NAME --store"),
        };
        Ok(((), finding))
    })?;
    Ok(())
}

fn name(args: &Args) -> (Vec<SocketAddr>, Finding) {
    let server = &args.server.server;
    match server.resolve() {
        Ok(addresses) if server.is_address() => (addresses, Finding::ok("an address, no name")),
        Ok(addresses) => {
            let list: Vec<String> = addresses.iter().map(|it| it.ip().to_string()).collect();
            let found = format!("{} has {}", server.shown_host(), list.join(", "));
            (addresses, Finding::ok(found))
        }
        Err(unresolved) => {
            let failure = Failure::from(unresolved);
            let advice = failure
                .hint
                .clone()
                .unwrap_or_else(|| "check the name".into());
            let found = format!("{:#}", failure.error);
            (Vec::new(), Finding::failed(failure.exit, found, advice))
        }
    }
}

/// Compares the key as `connect` does, and makes none known.
fn judge_key(args: &Args, key: &[u8; 32]) -> Result<Finding, Failure> {
    let shown = fingerprint(key);
    let server = args.server.server.to_string();
    let state = args
        .state
        .clone()
        .map_or_else(environment::state_directory, Ok)?;
    let file = KnownServers::of(&state);
    let known = file.find(&server)?;
    let refused = |found: String, advice: String| Finding::failed(Exit::Refused, found, advice);
    let wanted = [
        (&args.server_key, "--server-key"),
        (&args.server.key, "the link"),
    ];
    if let Some(known) = &known {
        let place = file.place(known.line);
        match &known.fingerprint {
            Some(fingerprint) if *fingerprint == shown => {}
            Some(fingerprint) => {
                return Ok(refused(
                    format!("the key has changed: it was {fingerprint}, and is {shown}"),
                    format!(
                        "the connection may be intercepted: ask the operator; if the server has a new key, remove the old \
                         one: {place}"
                    ),
                ));
            }
            None => {
                return Ok(refused(
                    format!("the fingerprint on file is damaged: {place}; the server has {shown}"),
                    "compare it with what the server prints at its start, and mend the line".into(),
                ));
            }
        }
    }
    for (wanted, source) in wanted {
        if let Some(wanted) = wanted
            && *wanted != shown
        {
            return Ok(refused(
                format!("{source} says {wanted}, and the server has {shown}"),
                "compare both with what the server prints at its start".into(),
            ));
        }
    }
    let is_named = wanted.iter().any(|(wanted, _)| wanted.is_some());
    Ok(match known {
        Some(_) => Finding::ok(format!("{shown}, the known one")),
        None if is_named => Finding::ok(format!("{shown}, the one that was named")),
        None => Finding::warning(
            format!("{shown}, not seen before"),
            "compare it with what the server prints at its start, before you answer y to `udpchat connect`",
        ),
    })
}
