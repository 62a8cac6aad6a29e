//! Wires a run together: sockets, endpoint, crowd, signals; and says what came of it.

use std::io::{self, Write as _};

use anyhow::{Context as _, anyhow};

use super::Plan;
use super::crowd::{Cast, Crowd, End};
use super::own_server::{Keeper, Own, OwnServer};
use super::preparing::Room;
use super::report::Report;
use super::stretching::{self, Input};
use super::workload::{self, Traffic, With};
use crate::cli::connect::bind_any;
use crate::cli::exit::{self, Exit, Failure, Outcome};
use crate::net::{self, Driver, Setup};
use crate::protocol::ROOM_SIGN;
use crate::transport::{ClientConfig, Endpoint};

/// What the buffers of the one socket are to hold for each client, in bytes: as many hosts would have a socket each, and
/// what one of them is sent takes no room from the others. Chosen: some packets, as the kernel counts.
const CLIENT_BUFFER_BYTES: usize = 4096;

/// Runs a workload against a server.
///
/// # Errors
/// If it cannot be measured.
pub fn run(plan: &Plan) -> Outcome {
    let table = workload::table();
    let workload = table
        .find(&plan.workload)
        .ok_or_else(|| Failure::usage(format!("there is no workload {:?}", plan.workload)))?;
    let seed = || net::seed().context("the operating system gives no randomness");
    let traffic = workload.traffic(plan, seed()?)?;
    let (names, room) = names(plan.clients + traffic.absent(), seed()?);
    let server = match plan.server {
        Some(_) => None,
        None => Some(OwnServer::start(
            &names,
            &room_of(&*traffic, &names, &room),
        )?),
    };
    let addresses = match (&plan.server, &server) {
        (Some(server), _) => server.resolve()?,
        (None, Some((own, _))) => vec![own.address()],
        (None, None) => Vec::new(),
    };
    let sockets = bind_any(&addresses)?;
    for socket in &sockets {
        socket.widen(plan.clients.saturating_mul(CLIENT_BUFFER_BYTES));
    }
    let (setup, inputs) = Setup::new().context("cannot wait for the network")?;
    let jobs = stretching::start(inputs.clone())?;
    let own = match server {
        Some((server, passes)) => Some(Own {
            meter: server.meter().context("the server runs")?,
            keeper: Keeper::start(server, inputs.clone())?,
            passes,
        }),
        None => None,
    };
    exit::on_signal(move || {
        // If the network thread has ended, the run is over already.
        let _ = inputs.send_reserved(Input::Interrupt);
    })?;
    let now = net::now();
    let endpoint = Endpoint::client(now.instant, ClientConfig::default(), seed()?);
    let cast = Cast {
        workload: workload.name(),
        addresses,
        traffic,
        clients: plan.clients,
        names,
        room,
        jobs,
        own,
    };
    let crowd = Crowd::new(cast, seed()?);
    let mut driver =
        Driver::new(setup, sockets, endpoint, crowd).context("cannot wait for the sockets")?;
    let (endpoint, crowd) = driver.parts();
    crowd.start(now, endpoint);
    let ended = driver.run().context("cannot wait for the network")?;
    match ended.into_end() {
        Some(End::Measured(report)) => say(&report, plan.is_json),
        Some(End::Interrupted) => Ok(Exit::Interrupted),
        Some(End::Failed(why)) => Err(anyhow!(why).into()),
        Some(End::Unreachable) => {
            let error = match &plan.server {
                Some(server) => anyhow!("no answer from {server}"),
                None => anyhow!("no answer from the server that was started"),
            };
            Err(Failure::new(Exit::Unreachable, error)
                .hint("is the server running, and is this its port?"))
        }
        None => Err(anyhow!("the run ended without a result").into()),
    }
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

fn say(report: &Report, is_json: bool) -> Outcome {
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
