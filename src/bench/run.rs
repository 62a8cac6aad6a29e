//! Wires a run together: sockets, endpoint, crowd, signals.

use std::net::SocketAddr;

use anyhow::Context as _;

use super::crowd::{Cast, Crowd, Input};
use super::server::{Keeper, Own, OwnServer, Room};
use super::workload::{self, Traffic, With};
use super::{Args, End, Error, Host};
use crate::net::{self, Driver, Setup, Socket};
use crate::protocol::ROOM_SIGN;
use crate::transport::{ClientConfig, Endpoint};

/// What the buffers of the one socket are to hold for each client, in bytes: as many hosts would have a socket each, and
/// what one of them is sent takes no room from the others. Chosen: some packets, as the kernel counts.
const CLIENT_BUFFER_BYTES: usize = 4096;

/// Runs a workload against the server at these addresses; without any, against one of its own.
///
/// # Errors
/// If it cannot be measured.
pub fn run(args: &Args, server: Option<Vec<SocketAddr>>, host: Host) -> Result<End, Error> {
    let table = workload::table();
    let workload = table
        .find(&args.workload)
        .ok_or_else(|| Error::Args(format!("there is no workload {:?}", args.workload)))?;
    let seed = || anyhow::Ok(net::seed()?);
    let traffic = workload.traffic(args, seed()?)?;
    let (names, room) = names(args.clients + traffic.absent(), seed()?);
    let (addresses, server) = match server {
        Some(_) if traffic.is_storm() => {
            let why = "storm restarts the server: leave HOST out, so that it starts one of its own";
            return Err(Error::Args(why.into()));
        }
        Some(addresses) => (addresses, None),
        None => {
            let room = room_of(&*traffic, &names, &room);
            let (server, passes) = OwnServer::start(host, &names, &room)?;
            (vec![server.address()], Some((server, passes)))
        }
    };
    let sockets = Socket::bind_toward(&addresses).context("cannot open a socket")?;
    for socket in &sockets {
        socket.widen(args.clients.saturating_mul(CLIENT_BUFFER_BYTES));
    }
    let (setup, inputs) = Setup::new().context("cannot wait for the network")?;
    let own = match server {
        Some((server, passes)) => {
            let meter = server.meter().context("the server runs")?;
            let inputs = inputs.clone();
            let keeper = Keeper::start(server, move |result| {
                // If the network thread has ended, the run is over already.
                let _ = inputs.send_reserved(Input::Restarted(result));
            })?;
            Some(Own {
                meter,
                keeper,
                passes,
            })
        }
        None => None,
    };
    ctrlc::set_handler(move || {
        // If the network thread has ended, the run is over already.
        let _ = inputs.send_reserved(Input::Interrupt);
    })
    .context("cannot handle signals")?;
    let now = net::now();
    let endpoint = Endpoint::client(now.instant, ClientConfig::default(), seed()?);
    let cast = Cast {
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

/// Names that no earlier run has used, in canonical form: of the clients `bench-`, eight digits of this run's own and the
/// client's number; of the room the same without a number.
fn names(clients: usize, seed: [u8; 32]) -> (Vec<String>, String) {
    let [a, b, c, d, ..] = seed;
    let run = format!("bench-{:08x}", u32::from_be_bytes([a, b, c, d]));
    let clients = (0..clients).map(|client| format!("{run}-{client}"));
    (clients.collect(), format!("{ROOM_SIGN}{run}"))
}

/// The room with those who are to talk in it.
fn room_of<'a>(traffic: &dyn Traffic, names: &[String], room: &'a str) -> Room<'a> {
    let is_inside = |member: &usize| {
        let partners = traffic.partners(*member);
        partners.iter().any(|partner| partner.with == With::Room)
    };
    Room {
        name: room,
        members: (0..names.len()).filter(is_inside).collect(),
    }
}
