//! Wires runs together: sockets, endpoint, crowd, signals.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;

use super::args::Args;
use super::crowd::{Crowd, CrowdConfig, End, Input};
use super::host::Host;
use super::names::Names;
use super::report::Report;
use super::server::{DeviceTicket, OwnServer, OwnServerHandle, Restarter, Room};
use super::workload::{Audience, Traffic, Workload};
use crate::net::{self, Driver, InputSender, Setup, Socket};
use crate::registry::Entry as _;
use crate::transport::{ClientConfig, Endpoint};

/// Bytes in the socket's buffers for each client. On hosts of their own each client would have a socket, and packets to
/// one would take no room from another's. Chosen: a few packets, as the kernel counts them.
const CLIENT_BUFFER_BYTES: usize = 4096;

/// What was measured.
#[derive(Debug)]
pub struct Measured {
    /// Of the runs that have ended as they should, in order.
    pub reports: Vec<Report>,
    /// How another one has ended; the last, because no further one was begun.
    pub cut_short: Option<End>,
}

/// Runs a workload as often as the arguments want it, against the server at these addresses or against one of its own:
/// then each run against a new one, so that all begin alike.
///
/// A signal ends the run that is under way.
pub fn run(
    workload: &Workload,
    args: &Args,
    server: Option<&[SocketAddr]>,
    host: Host,
) -> anyhow::Result<Measured> {
    let interrupts = Interrupts::default();
    let handler = interrupts.clone();
    (host.on_signal)(Box::new(move || handler.interrupt()))?;
    let mut measured = Measured {
        reports: Vec::new(),
        cut_short: None,
    };
    for number in 1..=args.repeat {
        let label = match args.repeat {
            1 => String::new(),
            repeats => format!("run {number} of {repeats}, "),
        };
        if interrupts.is_interrupted() {
            measured.cut_short = Some(End::Interrupted);
            break;
        }
        let end = match run_once(workload, args, server, host, label, &interrupts) {
            Ok(End::Measured(report)) => {
                measured.reports.push(*report);
                continue;
            }
            // The signal may have reached the server of the run, too.
            _ if interrupts.is_interrupted() => End::Interrupted,
            Ok(end) => end,
            // What the runs before it have measured is not lost for it.
            Err(error) if !measured.reports.is_empty() => End::Failed(format!("{error:#}")),
            Err(error) => return Err(error),
        };
        measured.cut_short = Some(end);
        break;
    }
    Ok(measured)
}

/// Passes signals on to the run that is under way.
#[derive(Clone, Default)]
struct Interrupts(Arc<Mutex<(bool, Option<InputSender<Input>>)>>);

impl Interrupts {
    fn interrupt(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = true;
        if let Some(inputs) = &state.1 {
            // If the network thread has ended, the run is over already.
            let _ = inputs.send_reserved(Input::Interrupt);
        }
    }

    fn is_interrupted(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// From now on this run is interrupted; at once, if there was a signal before.
    fn pass_to(&self, inputs: InputSender<Input>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0 {
            // As above.
            let _ = inputs.send_reserved(Input::Interrupt);
        }
        state.1 = Some(inputs);
    }
}

fn run_once(
    workload: &Workload,
    args: &Args,
    server: Option<&[SocketAddr]>,
    host: Host,
    label: String,
    interrupts: &Interrupts,
) -> anyhow::Result<End> {
    let traffic = (workload.traffic)(args, net::seed()?);
    let members = args.clients + traffic.absent();
    let names = Names::new(net::seed()?);
    let (addresses, server) = if let Some(addresses) = server {
        (addresses.to_vec(), None)
    } else {
        let accounts: Vec<String> = (0..members).map(|member| names.client(member)).collect();
        let rooms = rooms_of(&*traffic, members, &names);
        let (server, tickets) = OwnServer::start(host, &accounts, &rooms)?;
        (vec![server.address()], Some((server, tickets)))
    };
    let sockets = Socket::bind_toward(&addresses).context("cannot open a socket")?;
    for socket in &sockets {
        socket.widen(args.clients.saturating_mul(CLIENT_BUFFER_BYTES));
    }
    let (setup, inputs) = Setup::new().context("cannot wait for the network")?;
    let own = server
        .map(|(server, tickets)| own(server, tickets, inputs.clone()))
        .transpose()?;
    interrupts.pass_to(inputs);
    let now = net::now();
    let config = ClientConfig {
        frugal: args.frugal,
    };
    let endpoint = Endpoint::client(now.instant, config, net::seed()?);
    let cast = CrowdConfig {
        workload: workload.name(),
        arguments: workload.arguments(args),
        label,
        addresses,
        is_spread: args.is_spread,
        traffic,
        clients: args.clients,
        members,
        names,
        own,
    };
    let crowd = Crowd::new(cast, net::seed()?);
    let mut driver =
        Driver::new(setup, sockets, endpoint, crowd).context("cannot wait for the sockets")?;
    let (endpoint, crowd) = driver.parts();
    crowd.start(now, endpoint);
    let ended = driver.run().context("cannot wait for the network")?;
    ended.into_end().context("the run ended without a result")
}

fn own(
    server: OwnServer,
    tickets: Vec<DeviceTicket>,
    inputs: InputSender<Input>,
) -> anyhow::Result<OwnServerHandle> {
    Ok(OwnServerHandle {
        meter: server.meter().context("the server runs")?,
        restarter: Restarter::start(server, move |result| {
            // If the network thread has ended, the run is over already.
            let _ = inputs.send_reserved(Input::Restarted(result));
        })?,
        tickets,
    })
}

/// The rooms in which members talk, each with these members.
fn rooms_of(traffic: &dyn Traffic, members: usize, names: &Names) -> Vec<Room> {
    let mut rooms: Vec<Room> = Vec::new();
    for member in 0..members {
        for partner in traffic.partners(member) {
            if let Audience::Room(index) = partner.with {
                while rooms.len() <= index {
                    rooms.push(Room {
                        name: names.room(rooms.len()),
                        members: Vec::new(),
                    });
                }
                rooms[index].members.push(member);
            }
        }
    }
    rooms
}
