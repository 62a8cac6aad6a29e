//! A running server: database, storage thread, sockets, hub, control socket, signals.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::answers::Answers;
use super::args::Args;
use super::cluster::{Halted, Member};
use super::lifecycle::Lifecycle;
use super::limits::ServerLimits;
use super::prepared::Prepared;
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
use crate::cli::output::{one_line, print, shown};
use crate::cli::service;
use crate::cli::threads::spawn;
use crate::net::{self, Driver, InputSender, Setup, Socket};
use crate::protocol::fingerprint;
use crate::server::{self, Hub, HubConfig, Input, Registration};
use crate::store::shelf::{Shelf, ShelvedBlobs};
use crate::store::{
    self, BlobCompletion, BlobDirectory, BlobHandle, BlobThread, Blobs, CompletionBox,
    DATABASE_FILE, Engine, Snapshots, StoreCaller, StoreHandle, StoreThread,
};
use crate::transport::{Endpoint, Now, ServerConfig, public_key};

/// Runs the server until it is told to stop.
pub fn run(args: Args, context: &Context<'_>) -> Outcome {
    let prepared = Prepared::new(&args, context)?;
    let (data, log, sockets) = (prepared.data, prepared.log, prepared.sockets);
    let (mut engine, secrets, accounts) = open_database(&args, &data)?;
    let settings = args.cluster.wanted()?;
    let member = settings.map(|settings| Member::join(settings, &mut engine));
    let mut member = member.transpose()?;
    let shelf = member.as_mut().and_then(Member::take_shelf);
    let (setup, inputs) = Setup::new().context("cannot wait for the network")?;
    let now = net::now();
    let endpoint = endpoint(&args, &secrets, now)?;
    let key = public_key(&secrets.static_key);
    let (snapshots, loss) = (engine.snapshots(), engine.loss());
    let introduction = member.as_ref().map(|member| member.introduce(&inputs));
    let cluster = member.as_ref().map(Member::progress);
    let halted = Arc::default();
    let (handle, store) = start_store(engine, &inputs, member, &halted);
    let (blob_handle, blobs) = start_blobs(&data, inputs.clone(), shelf)?;
    let mut hub = hub(&args, &secrets, now, (handle, blob_handle))?;
    if let Some(introduction) = introduction {
        hub = hub.with_peers(introduction);
    }
    let listening_on: Vec<SocketAddr> = sockets.iter().map(Socket::local).collect();
    let backups = start_backups(prepared.plan, &data, store.caller(), &snapshots)?;
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
        cluster,
    })?;
    #[cfg(feature = "http")]
    let page = serve_http(prepared.http, &monitor)?;
    #[cfg(not(feature = "http"))]
    let page = String::new();
    let reload = Reload::new(context, log.clone(), inputs.clone(), backups);
    let lifecycle = Lifecycle::new(inputs.clone(), reload);
    let answers = Answers {
        hub: inputs.clone(),
        store: store.caller(),
    };
    let (caller, stopped_by) = (store.caller(), Arc::clone(&lifecycle));
    let control = AdminServer::start(&data, move || {
        let store = StoreAccess::Thread(caller.clone());
        let handler = AdminHandler::new(store, &secrets, snapshots.clone())?
            .with_lifecycle(Arc::clone(&stopped_by) as _)
            .with_hub(log.clone(), inputs.clone(), Arc::clone(&monitor));
        Ok(Box::new(handler))
    })?;
    lifecycle.obey_signals()?;
    stop_at_end_of_input(&args, lifecycle)?;
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
    if let Some(halt) = halted.get() {
        return Err(anyhow::Error::new(halt.clone()).into());
    }
    print("udpchat stopped\n");
    Ok(Exit::Success)
}

/// Opens the database, or makes it, and tells of one that was made; its secrets, and how many accounts it has.
fn open_database(args: &Args, data: &Path) -> Result<(Engine, Secrets, u64), Failure> {
    let is_new = database::is_missing(data);
    let mut engine = match args.cluster.wanted()? {
        Some(_) => database::open_replica(data)?,
        None => database::open(data)?,
    };
    let secrets = Secrets::of(&mut engine, data)?;
    if is_new {
        database::tell_of_new(data);
    }
    let accounts = engine.account_count();
    let accounts = accounts.context("cannot count the accounts")?;
    Ok((engine, secrets, accounts))
}

fn endpoint(args: &Args, secrets: &Secrets, now: Now) -> anyhow::Result<Endpoint> {
    let config = ServerConfig {
        static_key: secrets.static_key,
        reset_key: secrets.reset_key,
        unix_ms: now.unix_ms,
        limits: limits(args).transport,
    };
    Ok(Endpoint::server(now.instant, config, net::seed()?))
}

fn hub(
    args: &Args,
    secrets: &Secrets,
    now: Now,
    (store, blobs): (StoreHandle, BlobHandle),
) -> anyhow::Result<Hub> {
    let (store, blobs) = (Box::new(store), Box::new(blobs));
    let (opaque, key) = (secrets.opaque()?, public_key(&secrets.static_key));
    let config = hub_config(args);
    Ok(Hub::new(
        now,
        config,
        store,
        blobs,
        opaque,
        key,
        net::seed()?,
    ))
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
fn start_store(
    engine: Engine,
    inputs: &InputSender<Input>,
    member: Option<Member>,
    halted: &Halted,
) -> (StoreHandle, StoreThread) {
    let clock = || net::now().instant;
    let hub = inputs.clone();
    let sink = move |group: Vec<CompletionBox>| {
        // Bounded by the store's slots. After the network thread has ended, no answer is needed.
        let _ = hub.send_all_reserved(group.into_iter().map(Input::Completion));
    };
    let Some(member) = member else {
        return StoreThread::spawn(engine, clock, sink);
    };
    let (replication, wake) = member.follow(inputs, halted);
    let (handle, store) = StoreThread::spawn_replicated(engine, clock, sink, Some(replication));
    wake(store.caller());
    (handle, store)
}

/// Starts the thread of attached files, whose completions go to the hub.
fn start_blobs(
    data: &Path,
    inputs: InputSender<Input>,
    shelf: Option<Box<dyn Shelf>>,
) -> anyhow::Result<(BlobHandle, BlobThread)> {
    let directory = BlobDirectory::new(store::blobs_of(&data.join(DATABASE_FILE)));
    let sink = move |completions: Vec<BlobCompletion>| {
        // Bounded by the slots of the blobs. After the network thread has ended, no answer is needed.
        let _ = inputs.send_all_reserved(completions.into_iter().map(Input::Blob));
    };
    let Some(shelf) = shelf else {
        return Ok(BlobThread::spawn(Blobs::new(Box::new(directory)), sink));
    };
    let fetching = directory.fetching();
    let fetching = fetching.context("cannot remove what was left of attached files")?;
    let blobs = ShelvedBlobs::new(Box::new(directory), Box::new(fetching), shelf);
    Ok(BlobThread::spawn_shelved(blobs, sink))
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
        other_servers: args.others.addresses(),
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

/// Stops a measured server in order when standard input ends, as it does however the parent process ends.
fn stop_at_end_of_input(args: &Args, lifecycle: Arc<Lifecycle>) -> anyhow::Result<()> {
    if !args.measured {
        return Ok(());
    }
    spawn("input", move || {
        // An error is an end, too.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        lifecycle.begin_stop();
    })
}
