//! A running server: database, storage thread, sockets, hub, control socket, signals.

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};

use super::Plan;
use super::limits::Chosen;
use crate::cli::admin::{self, Caller, Clerk};
use crate::cli::database::{self, Secrets};
use crate::cli::exit::{self, Exit, Failure, Outcome};
use crate::net::{self, Driver, InputSender, Setup, Socket};
use crate::protocol::fingerprint;
use crate::server::{self, Hub, HubConfig, Input, Registration, RoomMaking};
use crate::store::StoreThread;
use crate::transport::{Endpoint, ServerConfig};

/// Runs the server until it is told to stop.
///
/// # Errors
/// If it cannot start, or the poll loop fails.
pub fn run(plan: &Plan) -> Outcome {
    let mut engine = database::open(&plan.data)?;
    let secrets = Secrets::of(&mut engine, &plan.data)?;
    let accounts = engine
        .account_count()
        .context("cannot count the accounts")?;
    let sockets = bind(plan)?;
    let (setup, inputs) = Setup::new().context("cannot wait for the network")?;
    let seed = || net::seed().context("the operating system gives no randomness");
    let now = net::now();
    let limits = limits(plan);
    let config = ServerConfig {
        static_key: secrets.static_key,
        reset_key: secrets.reset_key,
        unix_ms: now.unix_ms,
        limits: limits.transport,
    };
    let endpoint = Endpoint::server(now.instant, config, seed()?);
    let key = endpoint.public_key().context("a server has a key")?;

    let completions = inputs.clone();
    let (snapshots, loss) = (engine.snapshots(), engine.loss());
    let clock = || net::now().instant;
    let (handle, store) = StoreThread::spawn(engine, clock, move |group| {
        // Bounded by the store's slots. After the network thread has ended nobody waits for an answer.
        let _ = completions.send_all_reserved(group.into_iter().map(Input::Completion));
    });
    let registration = if plan.is_open {
        Registration::Open
    } else {
        Registration::Closed
    };
    let rooms = if plan.makes_rooms {
        RoomMaking::Open
    } else {
        RoomMaking::Closed
    };
    let config = HubConfig {
        registration,
        limits: limits.hub,
        rooms,
        retention: plan.retention,
        ..HubConfig::default()
    };
    let hub = Hub::new(
        now,
        config,
        Box::new(handle),
        secrets.registrar()?,
        key,
        seed()?,
    );

    let caller = store.caller();
    let hub_inputs = inputs.clone();
    let control = admin::Server::start(&plan.data, move || {
        let caller = Caller::Thread(caller.clone());
        let clerk = Clerk::new(caller, secrets.registrar()?, snapshots.clone());
        Ok(Box::new(clerk.with_hub(hub_inputs.clone(), loss)))
    })?;
    if plan.is_measured {
        stop_at_end_of_input(inputs.clone())?;
    }
    stop_on_signal(inputs)?;
    let listening = announce(plan, &sockets, &key, accounts);
    let driver =
        Driver::new(setup, sockets, endpoint, hub).context("cannot wait for the sockets")?;
    // A reader of standard output that has gone away is no reason to stop.
    let _ = io::stdout().write_all(listening.as_bytes());
    let _ = io::stdout().flush();

    let ended = driver.run().context("cannot wait for the network");
    drop(control);
    store.stop();
    ended?;
    let _ = writeln!(io::stdout(), "udpchat stopped");
    Ok(Exit::Success)
}

/// The limits that were chosen. A measurement goes without those of each account, of each host and of all sessions.
fn limits(plan: &Plan) -> Chosen {
    let mut limits = plan.limits;
    if plan.is_measured {
        limits.hub = server::Limits::unlimited();
        limits.transport.handshakes_by_token = u32::MAX;
    }
    limits
}

/// The two lines that say where the server is and who it is.
fn announce(plan: &Plan, sockets: &[Socket], key: &[u8; 32], accounts: u64) -> String {
    let addresses: Vec<String> = sockets
        .iter()
        .map(|socket| socket.local().to_string())
        .collect();
    let data = std::path::absolute(&plan.data).unwrap_or_else(|_| plan.data.clone());
    format!(
        "udpchat {} listening on {}\nserver key {}   accounts {accounts}   registration {}   data {}\n",
        env!("CARGO_PKG_VERSION"),
        addresses.join(" and "),
        fingerprint(key),
        if plan.is_open { "open" } else { "closed" },
        shown(&data),
    )
}

fn shown(path: &Path) -> String {
    path.display()
        .to_string()
        .replace(char::is_control, "\u{fffd}")
}

/// Binds all addresses. Of the default ones, a family that this host does not have is left out, and said.
fn bind(plan: &Plan) -> Result<Vec<Socket>, Failure> {
    let mut sockets = Vec::with_capacity(plan.listen.len());
    for &address in &plan.listen {
        match Socket::bind(address) {
            Ok(socket) => sockets.push(socket),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                let failure =
                    Failure::from(anyhow!("cannot listen on {address}: the port is in use"));
                return Err(failure
                    .hint("is a server running already? --listen ADDR:PORT takes another port"));
            }
            Err(error) if plan.is_default => {
                eprintln!("udpchat: not listening on {address}: {error}");
            }
            Err(error) => {
                return Err(anyhow::Error::new(error)
                    .context(format!("cannot listen on {address}"))
                    .into());
            }
        }
    }
    if sockets.is_empty() {
        return Err(anyhow!("there is no address to listen on").into());
    }
    Ok(sockets)
}

/// The first signal stops the server in order, a second one at once.
fn stop_on_signal(inputs: InputSender<Input>) -> anyhow::Result<()> {
    let mut is_second = false;
    exit::on_signal(move || {
        if is_second {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        is_second = true;
        // If the network thread has ended, the server is stopping already.
        let _ = inputs.send_reserved(Input::Stop);
    })
}

/// Stops the server in order when standard input ends, which it does however the process ends that holds the other
/// end.
fn stop_at_end_of_input(inputs: InputSender<Input>) -> anyhow::Result<()> {
    std::thread::Builder::new()
        .name("input".into())
        .spawn(move || {
            // An error is an end, too.
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            // If the network thread has ended, the server is stopping already.
            let _ = inputs.send_reserved(Input::Stop);
        })
        .context("cannot start the thread that waits for the end of standard input")?;
    Ok(())
}
