//! Starts a client of any kind, at a prompt or for a program, and runs it to its end: state directory, sockets, name
//! resolution, and what waits in other states of the account.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use jiff::tz::TimeZone;

use super::args::ClientArgs;
use super::files::{DeviceFiles, Folder};
use super::forwarder::{Forwarder, Plan};
use super::resolver;
use super::state::StateDirectory;
use crate::cli::address::{Servers, Target};
use crate::cli::command::Context;
use crate::cli::environment;
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::output::print_error;
use crate::cli::signals::{self, Signal};
use crate::client::{
    AttentionOptions, Client, Console, End, Fault, Input, LinkOptions, Options, ProgramOptions,
};
use crate::fence;
use crate::net::{self, Driver, InputSender, Setup, Socket};
use crate::protocol::opaque::KeyStretching;
use crate::transport::{ClientConfig, Endpoint, Now};

/// A client that is about to run.
pub struct Launch {
    pub files: StateDirectory,
    pub inputs: InputSender<Input>,
    /// What the command line says of every client; whoever launches it says the rest.
    pub options: Options,
    servers: Servers,
    state: PathBuf,
    sockets: Vec<Socket>,
    setup: Setup<Input>,
    frugal: bool,
    now: Now,
}

impl Launch {
    /// Opens the state directory, then the log, then the network.
    pub fn new(
        server: Target,
        args: ClientArgs,
        context: &Context<'_>,
        prepare: impl FnOnce(&mut StateDirectory) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let state = args.state.map_or_else(environment::state_directory, Ok)?;
        let target = target(server, context.host.as_deref())?;
        let (pinned_fingerprint, linked) = asked_by(&target, args.server_key)?;
        let servers = target.servers();
        let server = target.server;
        let mut files = open(state.clone(), server.to_string(), context)?;
        prepare(&mut files)?;
        if let Some(warning) = files.warning() {
            print_error(format_args!("udpchat: {warning}"));
        }
        // Only now: the log may be in that directory.
        context.log.start_client().map_err(context.blame("log"))?;
        let password = args
            .password
            .read()
            .map_err(context.blame("password-file"))?;
        // A name is resolved while the client runs.
        let addresses = servers.are_addresses().then(|| servers.resolve());
        let addresses = addresses.transpose()?.unwrap_or_default();
        let sockets = bind(&servers, &addresses).context("cannot open a socket")?;
        let (setup, inputs) = Setup::new().context("cannot wait for the network")?;
        files.transfer_by(device_files(&inputs));
        let options = Options {
            server_name: server.shown(),
            addresses,
            user: args.user,
            password,
            code: None,
            accept_new: args.accept_new,
            pinned_fingerprint,
            linked,
            key_stretching: KeyStretching::Argon2id,
            unannounced: false,
            time_zone: time_zone(),
            attention: AttentionOptions::default(),
            is_restricted: false,
            save_files_below: 0,
            program: ProgramOptions::new(Duration::from_secs(args.timeout)),
        };
        Ok(Self {
            files,
            inputs,
            options,
            servers,
            state,
            sockets,
            setup,
            frugal: args.frugal,
            now: net::now(),
        })
    }

    /// Runs the client to its end. Then `end` ends its console, and says whether what waits in other states of the account
    /// is waited for.
    pub fn run(self, console: Box<dyn Console>, end: impl FnOnce(&Outcome) -> bool) -> Outcome {
        let resolver = resolver::start(self.servers.clone(), self.inputs.clone())?;
        let config = ClientConfig {
            frugal: self.frugal,
        };
        let endpoint = Endpoint::client(self.now.instant, config, net::seed()?);
        let state = StateDirectory::open(self.state, self.servers.first.to_string())?;
        let plan = Plan {
            servers: self.servers,
            options: self.options.clone(),
            state,
            frugal: self.frugal,
        };
        let forwarder = Forwarder::start(plan, self.inputs)?;
        let client = Client::new(
            self.now,
            self.options,
            console,
            Box::new(self.files),
            net::seed()?,
        )
        .with_resolver(resolver)
        .on_sign_in(forwarder.on_sign_in());
        let mut driver = Driver::new(self.setup, self.sockets, endpoint, client)
            .context("cannot wait for the sockets")?;
        driver.roam();
        let (endpoint, client) = driver.parts();
        client.start(self.now, endpoint);
        let ended = driver.run().context("cannot wait for the network");
        let outcome = match &ended {
            Ok(client) => outcome(client.end(), client.fault()),
            Err(_) => Ok(Exit::Failure),
        };
        let is_patient = end(&outcome);
        drop(ended?);
        forwarder.end(is_patient);
        outcome
    }
}

/// The files that a client sends and saves, who is told what is done for it.
pub(super) fn device_files(inputs: &InputSender<Input>) -> DeviceFiles {
    let inputs = inputs.clone();
    DeviceFiles::new(Folder::default(), move |input| {
        // A client that has ended asks again at its next start.
        let _ = inputs.send_reserved(input);
    })
}

fn open(
    state: PathBuf,
    server_name: String,
    context: &Context<'_>,
) -> Result<StateDirectory, Failure> {
    let files = StateDirectory::open(state, server_name);
    files.map_err(|error| context.blame("state")(error.into()))
}

/// The server that is meant: that of a profile, or the one that was named.
fn target(named: Target, profile: Option<&str>) -> Result<Target, Failure> {
    let target = match profile {
        Some(host) => host.parse().map_err(Failure::usage)?,
        None => named,
    };
    let (target, notice) = target.or_loopback();
    if let Some(notice) = notice {
        print_error(format_args!("udpchat: {notice}"));
    }
    Ok(target)
}

/// The fingerprint that the server's key must have, and what a link asks for.
fn asked_by(
    target: &Target,
    option: Option<String>,
) -> Result<(Option<String>, LinkOptions), Failure> {
    if let (Some(link), Some(option)) = (&target.key, &option)
        && link != option
    {
        let problem = format!("the link's key is {link}, and that of --server-key {option}");
        return Err(
            Failure::usage(problem).hint("compare both with what the server prints at its start")
        );
    }
    let linked = LinkOptions {
        has_key: option.is_none() && target.key.is_some(),
        room: target.room.clone(),
    };
    Ok((option.or_else(|| target.key.clone()), linked))
}

fn time_zone() -> TimeZone {
    let (time_zone, no_zone) = environment::time_zone();
    if let Some(why) = no_zone {
        print_error(format_args!("udpchat: {why}"));
    }
    time_zone
}

/// Where redb fails a second time the process ends without unwinding: `restore` is called before.
pub fn set_last_words(restore: impl Fn() + Send + 'static) {
    fence::set_last_words(move |text| {
        restore();
        let advice = "name a new state directory with --state, or move this one away";
        print_error(format_args!("udpchat: {text}: {advice}"));
    });
}

/// Without a terminal: the first signal ends the client in order, a second one at once.
pub fn interrupt_on_signal(inputs: InputSender<Input>) -> anyhow::Result<()> {
    let mut is_second = false;
    signals::on_signal(move |signal| {
        signals::end_by(signal);
        if is_second || inputs.send_reserved(Input::Interrupt).is_err() {
            std::process::exit(i32::from(Exit::Signal(signal).code()));
        }
        is_second = true;
    })
}

/// Sockets for these addresses; for a name of both families, since it may move to an address of the other.
pub(super) fn bind(servers: &Servers, addresses: &[SocketAddr]) -> io::Result<Vec<Socket>> {
    if servers.are_addresses() {
        return Socket::bind_toward(addresses);
    }
    let any: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    Socket::bind_toward(&any.map(|ip| SocketAddr::new(ip, servers.first.port)))
}

fn outcome(end: Option<&End>, fault: Option<Fault>) -> Outcome {
    let failure = |exit, text: &String| Err(Failure::described(exit, text));
    match end {
        // A terminal that is closed ends its input too.
        Some(End::Quit) => Ok(signals::ended_by().map_or_else(|| exit_of(fault), Exit::Signal)),
        Some(End::Failed(text)) => failure(Exit::Failure, text),
        Some(End::Unreachable(text)) => failure(Exit::Unreachable, text),
        Some(End::Refused(text)) => failure(Exit::Refused, text),
        Some(End::Interrupted) => {
            let signal = signals::ended_by().unwrap_or(Signal::Interrupt);
            Ok(Exit::Signal(signal))
        }
        None => Err(anyhow!("the client ended without a reason").into()),
    }
}

fn exit_of(fault: Option<Fault>) -> Exit {
    match fault {
        None => Exit::Success,
        Some(Fault::Unconfirmed) => Exit::Unconfirmed,
        Some(Fault::Failed) => Exit::Failure,
        Some(Fault::Usage) => Exit::Usage,
        Some(Fault::Unreachable) => Exit::Unreachable,
        Some(Fault::NoRecipient) => Exit::NoRecipient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_exit_code() {
        let code = |end| match outcome(Some(&end), None) {
            Ok(exit) => exit.code(),
            Err(failure) => failure.exit.code(),
        };
        assert_eq!(code(End::Quit), 0);
        assert_eq!(code(End::Failed(String::new())), 1);
        assert_eq!(code(End::Unreachable(String::new())), 3);
        assert_eq!(code(End::Refused(String::new())), 4);
        assert_eq!(code(End::Interrupted), 130);
    }

    #[test]
    fn worst_failure_has_the_highest_code_but_for_what_may_still_be_reached() {
        let faults = [
            Fault::Unconfirmed,
            Fault::Failed,
            Fault::Usage,
            Fault::Unreachable,
            Fault::NoRecipient,
        ];
        assert!(faults.is_sorted());
        assert_eq!(
            faults.map(|fault| exit_of(Some(fault)).code()),
            [6, 1, 2, 3, 5]
        );
        assert_eq!(exit_of(None).code(), 0);
    }
}
