//! Wires a run together: sockets, endpoint, crowd, signals.

use std::net::SocketAddr;

use anyhow::Context as _;

use super::args::Args;
use super::crowd::{Crowd, CrowdConfig, End, Input};
use super::host::Host;
use super::server::{DeviceTicket, OwnServer, OwnServerHandle, Restarter, Room};
use super::workload::{self, Audience, Traffic};
use crate::net::{self, Driver, InputSender, Setup, Socket};
use crate::protocol::ROOM_SIGN;
use crate::registry::Entry as _;
use crate::transport::{ClientConfig, Endpoint};

/// Bytes in the socket's buffers for each client. On hosts of their own each client would have a socket, and packets to
/// one would take no room from another's. Chosen: a few packets, as the kernel counts them.
const CLIENT_BUFFER_BYTES: usize = 4096;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workload cannot be run with these arguments.
    #[error("{0}")]
    Args(String),
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// Runs a workload against the server at these addresses, or against a server of its own.
pub fn run(
    workload: &str,
    args: &Args,
    server: Option<Vec<SocketAddr>>,
    host: Host,
) -> Result<End, Error> {
    let table = workload::table();
    let workload = table
        .find(workload)
        .ok_or_else(|| Error::Args(format!("there is no workload {workload:?}")))?;
    workload
        .check(args, server.is_none())
        .map_err(Error::Args)?;
    let seed = || anyhow::Ok(net::seed()?);
    let traffic = (workload.traffic)(args, seed()?);
    let (names, room) = names(args.clients + traffic.absent(), seed()?);
    let (addresses, server) = if let Some(addresses) = server {
        (addresses, None)
    } else {
        let room = room_of(&*traffic, &names, &room);
        let (server, tickets) = OwnServer::start(host, &names, &room)?;
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
    (host.on_signal)(Box::new(move || {
        // If the network thread has ended, the run is over already.
        let _ = inputs.send_reserved(Input::Interrupt);
    }))?;
    let now = net::now();
    let config = ClientConfig {
        frugal: args.frugal,
    };
    let endpoint = Endpoint::client(now.instant, config, seed()?);
    let cast = CrowdConfig {
        workload: workload.name(),
        addresses,
        traffic,
        clients: args.clients,
        names,
        room,
        own,
    };
    let crowd = Crowd::new(cast, seed()?);
    let mut driver =
        Driver::new(setup, sockets, endpoint, crowd).context("cannot wait for the sockets")?;
    let (endpoint, crowd) = driver.parts();
    crowd.start(now, endpoint);
    let ended = driver.run().context("cannot wait for the network")?;
    Ok(ended.into_end().context("the run ended without a result")?)
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

/// Canonical names that no earlier run has used: for each client `bench-`, eight random digits and its number; for the
/// room the same without a number.
fn names(clients: usize, seed: [u8; 32]) -> (Vec<String>, String) {
    let [a, b, c, d, ..] = seed;
    let run = format!("bench-{:08x}", u32::from_be_bytes([a, b, c, d]));
    let clients = (0..clients).map(|client| format!("{run}-{client}"));
    (clients.collect(), format!("{ROOM_SIGN}{run}"))
}

/// The room and the members that talk in it.
fn room_of<'a>(traffic: &dyn Traffic, names: &[String], room: &'a str) -> Room<'a> {
    let is_inside = |member: &usize| {
        let partners = traffic.partners(*member);
        partners
            .iter()
            .any(|partner| partner.with == Audience::Room)
    };
    Room {
        name: room,
        members: (0..names.len()).filter(is_inside).collect(),
    }
}
