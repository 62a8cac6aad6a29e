//! A running server: database, storage thread, sockets, hub, control socket, signals.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};

use super::answers::Answers;
use super::args::{self, Args};
use super::lifecycle::Lifecycle;
use super::limits::ServerLimits;
use super::reload::Reload;
use crate::cli::admin::{AdminHandler, AdminServer, StoreAccess};
use crate::cli::backups::{self, Backups, Plan};
use crate::cli::command::Context;
use crate::cli::database::{self, Secrets};
use crate::cli::discover::Announcement;
use crate::cli::exit::{Exit, Failure, Outcome};
#[cfg(feature = "http")]
use crate::cli::http::Http;
use crate::cli::monitor::{Monitor, Source};
use crate::cli::output::{one_line, print, print_error, shown};
use crate::cli::service;
use crate::cli::threads::spawn;
use crate::net::{self, Driver, InputSender, Setup, Socket};
use crate::protocol::fingerprint;
use crate::server::{self, Hub, HubConfig, Input, Registration};
use crate::store::{
    self, BlobDirectory, BlobHandle, BlobThread, Blobs, DATABASE_FILE, Engine, Snapshots,
    StoreCaller, StoreHandle, StoreThread,
};
use crate::transport::{Endpoint, ServerConfig, public_key};

/// Runs the server until it is told to stop.
pub fn run(args: Args, context: &Context<'_>) -> Outcome {
    // Before any other thread is started.
    let inherited = service::inherited()?;
    let (data, listen) = (args.data.path()?, args.listen(&context.sources)?);
    #[cfg(feature = "http")]
    args.http.wanted()?;
    // Before the log, which may be in it.
    let prepared =
        store::prepare_directory(&data, context.log.file()).map_err(anyhow::Error::new)?;
    let log = context
        .log
        .start_server(args.measured)
        .map_err(context.blame("log"))?;
    database::tell_of_mode(&data, prepared);
    database::set_last_words();
    // Before a database is made that nobody could be served from.
    let sockets = if inherited.is_empty() {
        bind(&listen, args.is_default())?
    } else {
        adopt(inherited, (!args.is_default()).then_some(&listen))?
    };
    #[cfg(feature = "http")]
    let http = Http::bind(&args.http)?;
    let plan = backup_plan(&args, &data)?;
    let is_new = database::is_missing(&data);
    let mut engine = database::open(&data)?;
    let secrets = Secrets::of(&mut engine, &data)?;
    if is_new {
        database::tell_of_new(&data);
    }
    let accounts = engine
        .account_count()
        .context("cannot count the accounts")?;
    let (setup, inputs) = Setup::new().context("cannot wait for the network")?;
    let now = net::now();
    let limits = limits(&args);
    let config = ServerConfig {
        static_key: secrets.static_key,
        reset_key: secrets.reset_key,
        unix_ms: now.unix_ms,
        limits: limits.transport,
    };
    let endpoint = Endpoint::server(now.instant, config, net::seed()?);
    let key = public_key(&secrets.static_key);
    let (snapshots, loss) = (engine.snapshots(), engine.loss());
    let (handle, store) = start_store(engine, inputs.clone());
    let config = hub_config(&args);
    let opaque = secrets.opaque()?;
    let (blob_handle, blobs) = start_blobs(&data, inputs.clone());
    let (handle, blob_handle) = (Box::new(handle), Box::new(blob_handle));
    let hub = Hub::new(now, config, handle, blob_handle, opaque, key, net::seed()?);
    let listening_on: Vec<SocketAddr> = sockets.iter().map(Socket::local).collect();
    let backups = start_backups(plan, &data, store.caller(), &snapshots)?;
    let monitor = Monitor::start(Source {
        data: data.clone(),
        hub: inputs.clone(),
        network: setup.stalls(),
        traffic: setup.traffic(),
        store: store.caller(),
        loss,
        fingerprint: fingerprint(&key),
        listening: listening_on.clone(),
        backups: backups.as_ref().map(|backups| Arc::clone(&backups.history)),
    })?;
    #[cfg(feature = "http")]
    let page = serve_http(http, &monitor)?;
    #[cfg(not(feature = "http"))]
    let page = String::new();
    let (caller, hub_inputs) = (store.caller(), inputs.clone());
    let its_log = log.clone();
    let reload = Reload::new(context, log, inputs.clone(), backups);
    let lifecycle = Lifecycle::new(inputs.clone(), reload);
    let answers = Answers {
        hub: inputs,
        store: caller.clone(),
    };
    let stopped_by = Arc::clone(&lifecycle);
    let control = AdminServer::start(&data, move || {
        let store = StoreAccess::Thread(caller.clone());
        let handler = AdminHandler::new(store, &secrets, snapshots.clone())?;
        let (log, hub) = (its_log.clone(), hub_inputs.clone());
        let handler = handler.with_lifecycle(Arc::clone(&stopped_by) as _);
        Ok(Box::new(handler.with_hub(log, hub, monitor.clone())))
    })?;
    lifecycle.obey_signals()?;
    if args.measured {
        stop_at_end_of_input(lifecycle)?;
    }
    let listening = announce(&args, &data, &sockets, &key, accounts);
    let driver =
        Driver::new(setup, sockets, endpoint, hub).context("cannot wait for the sockets")?;
    print(listening + &page);
    service::ready();
    service::watch(answers)?;
    let announcement = announcement(&args, &listening_on, &key);

    let ended = driver.run().context("cannot wait for the network");
    drop((announcement, control));
    blobs.stop();
    store.stop();
    ended?;
    print("udpchat stopped\n");
    Ok(Exit::Success)
}

/// Where backups go, if they are wanted.
fn backup_plan(args: &Args, data: &Path) -> Result<Option<Plan>, Failure> {
    let plan = args.backing_up.plan()?;
    if let Some(plan) = &plan {
        plan.check(data)?;
    }
    Ok(plan)
}

/// Starts the thread that makes backups, if that is wanted.
fn start_backups(
    plan: Option<Plan>,
    data: &Path,
    store: StoreCaller,
    snapshots: &Snapshots,
) -> anyhow::Result<Option<Backups>> {
    let Some(plan) = plan else {
        return Ok(None);
    };
    let source = backups::Source {
        store,
        snapshots: snapshots.clone(),
        data: data.into(),
    };
    Backups::start(plan, source).map(Some)
}

/// Starts the storage thread, whose completions go to the hub.
fn start_store(engine: Engine, inputs: InputSender<Input>) -> (StoreHandle, StoreThread) {
    let clock = || net::now().instant;
    StoreThread::spawn(engine, clock, move |group| {
        // Bounded by the store's slots. After the network thread has ended, no answer is needed.
        let _ = inputs.send_all_reserved(group.into_iter().map(Input::Completion));
    })
}

/// Starts the thread of attached files, whose completions go to the hub.
fn start_blobs(data: &Path, inputs: InputSender<Input>) -> (BlobHandle, BlobThread) {
    let directory = store::blobs_of(&data.join(DATABASE_FILE));
    let blobs = Blobs::new(Box::new(BlobDirectory::new(directory)));
    BlobThread::spawn(blobs, move |completions| {
        // Bounded by the slots of the blobs. After the network thread has ended, no answer is needed.
        let _ = inputs.send_all_reserved(completions.into_iter().map(Input::Blob));
    })
}

/// Serves the page and the metrics, if that is wanted: a line that says where.
#[cfg(feature = "http")]
fn serve_http(http: Option<Http>, monitor: &Arc<Monitor>) -> anyhow::Result<String> {
    let Some(http) = http else {
        return Ok(String::new());
    };
    let line = format!("page and metrics http://{}/\n", http.address());
    http.serve(Arc::clone(monitor))?;
    Ok(line)
}

/// What the hub can take over while it runs.
pub fn hub_config(args: &Args) -> HubConfig {
    HubConfig {
        registration: args.registration,
        limits: limits(args).hub,
        rooms: args.rooms,
        show_addresses: args.show_addresses,
        retention: args.keeping.retention(),
        files_kept_ms: args.keeping.files_kept_ms(),
        ..HubConfig::default()
    }
}

/// `udpchat bench` runs a server without limits for accounts, hosts and sessions.
fn limits(args: &Args) -> ServerLimits {
    let mut limits = args.limits;
    if args.measured {
        limits.hub = server::Limits::unlimited();
        limits.transport.handshakes_by_token = u32::MAX;
    }
    limits
}

/// Two lines: addresses, server key, and settings.
fn announce(args: &Args, data: &Path, sockets: &[Socket], key: &[u8; 32], accounts: u64) -> String {
    let addresses: Vec<String> = sockets
        .iter()
        .map(|socket| socket.local().to_string())
        .collect();
    let registration = match args.registration {
        Registration::Open => "open",
        Registration::Invitation => "by invitation",
        Registration::Closed => "closed",
    };
    let everywhere = sockets
        .iter()
        .find(|socket| socket.local().ip().is_unspecified());
    let here = everywhere.map(|socket| loopback(socket.local()));
    let here = here.map(|here| format!(" (on this machine: udpchat connect {here})"));
    format!(
        "udpchat {} listening on {}{}\nserver key {}   accounts {accounts}   registration {registration}   data {}\n",
        env!("CARGO_PKG_VERSION"),
        addresses.join(" and "),
        here.unwrap_or_default(),
        fingerprint(key),
        shown(&std::path::absolute(data).unwrap_or_else(|_| data.to_owned())),
    )
}

/// Announces the server in the local network, if that is wanted. It runs without it, too.
fn announcement(args: &Args, listen: &[SocketAddr], key: &[u8; 32]) -> Option<Announcement> {
    let name = args.announcing.name()?;
    match Announcement::begin(&name, listen, key) {
        Ok(announcement) => {
            let name = one_line(&name);
            tracing::info!("announced in the local network as {name}");
            Some(announcement)
        }
        Err(error) => {
            let why = one_line(&format!("{error:#}"));
            tracing::warn!("{why}");
            None
        }
    }
}

/// Where a client on this machine reaches a socket that listens on every address of it.
fn loopback(local: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match local {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, local.port())
}

/// Takes over the sockets of a service manager. They must be those that were asked for, if any were.
fn adopt(
    inherited: Vec<(UdpSocket, SocketAddr)>,
    asked: Option<&Vec<SocketAddr>>,
) -> Result<Vec<Socket>, Failure> {
    let addresses: Vec<SocketAddr> = inherited.iter().map(|(_, address)| *address).collect();
    if let Some(asked) = asked {
        service::check(&addresses, asked)?;
    }
    args::check(&addresses)?;
    let adopted = inherited.into_iter().map(|(socket, address)| {
        Socket::adopt(socket).with_context(|| format!("cannot listen on {address}"))
    });
    Ok(adopted.collect::<anyhow::Result<_>>()?)
}

/// Binds all addresses. Of the default ones it leaves out a family that this host does not have, with a warning.
fn bind(listen: &[SocketAddr], is_default: bool) -> Result<Vec<Socket>, Failure> {
    let mut sockets = Vec::with_capacity(listen.len());
    for &address in listen {
        match Socket::bind(address) {
            Ok(socket) => sockets.push(socket),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                let failure =
                    Failure::from(anyhow!("cannot listen on {address}: the port is in use"));
                return Err(failure
                    .hint("is a server running already? --listen ADDR:PORT takes another port"));
            }
            Err(error) if is_default => {
                print_error(format_args!("udpchat: not listening on {address}: {error}"));
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

/// Stops the server in order when standard input ends, as it does however the parent process ends.
fn stop_at_end_of_input(lifecycle: Arc<Lifecycle>) -> anyhow::Result<()> {
    spawn("input", move || {
        // An error is an end, too.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        lifecycle.begin_stop();
    })
}
