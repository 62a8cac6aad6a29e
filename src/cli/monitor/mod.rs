//! What a running server can say of itself: for `udpchat status`, and for whoever watches it.
//!
//! Nothing waits for it. The hub answers between two batches, the store in its turn, and all else is read off. Whoever asks
//! in a loop gets what another has asked for a moment ago.

mod health;
mod history;
mod json;
mod snapshot;
mod system;
mod text;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::cli::backups::BackupHistory;
use crate::cluster::Progress;
use crate::net::{self, InputSender, Traffic};
use crate::server::{self, Input, SessionStatus};
use crate::stalls::Stalls;
use crate::store::{self, LogLoss, Outcome, Read, Reply, StoreCaller};

use super::threads::spawn;
pub use health::{Problem, problems};
#[cfg(feature = "http")]
pub use history::float;
pub use history::{History, Rates, SAMPLE_EVERY, Sample};
pub use json::{json, session_json};
pub use snapshot::Snapshot;
use snapshot::{SharedLogStatus, Sizes, StoreStatus};
pub use text::{line, session_text, text};
#[cfg(feature = "http")]
pub use text::{rate, size_of, span, time};

/// The longest wait for the network thread. Chosen: it answers between two batches.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long sizes and counts of the store are good for whoever asks in a loop: they are read row by row.
const STORE_GOOD_FOR: Duration = Duration::from_secs(10);

/// What a running server is asked through.
pub struct Source {
    /// The server's directory.
    pub data: PathBuf,
    pub hub: InputSender<Input>,
    /// How long the network thread is busy.
    pub network: Arc<Stalls>,
    pub traffic: Arc<Traffic>,
    pub store: StoreCaller,
    /// Found at the start.
    pub loss: Option<LogLoss>,
    /// Of the server's key.
    pub fingerprint: String,
    pub listening: Vec<SocketAddr>,
    /// What became of the backups that the server makes itself, if it does.
    pub backups: Option<Arc<BackupHistory>>,
    /// The name of its cluster, and how far it is with the log of that, if it is of one.
    pub cluster: Option<(String, Arc<Progress>)>,
}

/// Takes snapshots of a running server, and keeps those of the last hour.
pub struct Monitor {
    source: Source,
    started: Instant,
    started_ms: u64,
    last: Mutex<Last>,
    history: Mutex<History>,
}

/// What was found last.
#[derive(Default)]
struct Last {
    snapshot: Option<Arc<Snapshot>>,
    store: Option<(Instant, StoreStatus, Sizes)>,
}

impl Monitor {
    /// Begins, with a thread that samples the server for as long as somebody has the monitor.
    pub fn start(source: Source) -> anyhow::Result<Arc<Self>> {
        let now = net::now();
        let monitor = Arc::new(Self {
            source,
            started: now.instant,
            started_ms: now.unix_ms,
            last: Mutex::default(),
            history: Mutex::new(History::new(Sample::start(now))),
        });
        let watched = Arc::downgrade(&monitor);
        spawn("monitor", move || sample_all(&watched))?;
        Ok(monitor)
    }

    pub const fn listening(&self) -> &Vec<SocketAddr> {
        &self.source.listening
    }

    /// The server as it is, or as somebody has found it no longer ago than this.
    pub fn snapshot(&self, no_older: Duration) -> anyhow::Result<Arc<Snapshot>> {
        // Whoever comes meanwhile waits here, and gets the same.
        let mut last = lock(&self.last);
        let now = net::now();
        if let Some(snapshot) = &last.snapshot
            && now.instant.saturating_duration_since(snapshot.at) < no_older
        {
            return Ok(Arc::clone(snapshot));
        }
        let hub = ask_hub(&self.source.hub)?;
        let is_good = |(at, ..): &(Instant, StoreStatus, Sizes)| {
            !no_older.is_zero() && now.instant.saturating_duration_since(*at) < STORE_GOOD_FOR
        };
        let found = last.store.clone().filter(is_good);
        let (at, mut store, sizes) = found.unwrap_or_else(|| {
            let (store, sizes) = self.ask_store(hub.quota.account_bytes);
            (now.instant, store, sizes)
        });
        last.store = Some((at, store.clone(), sizes));
        store.commits = self.source.store.commits();
        store.is_displaced = self.source.store.is_displaced();
        store.stalls = self.source.store.stalls();
        let mut snapshot = Snapshot {
            at: now.instant,
            unix_ms: now.unix_ms,
            started_ms: self.started_ms,
            uptime: now.instant.saturating_duration_since(self.started),
            fingerprint: self.source.fingerprint.clone(),
            listening: self.source.listening.clone(),
            hub,
            network: self.source.network.report(),
            traffic: self.source.traffic.report(),
            store,
            sizes,
            process: system::process(),
            rates: Rates::default(),
            recent_stall_us: 0,
            backup: self.source.backups.as_ref().map(|backups| backups.report()),
            log: self.source.cluster.as_ref().map(SharedLogStatus::of),
        };
        {
            let history = lock(&self.history);
            snapshot.rates = history.rates(&Sample::of(&snapshot, 0));
            snapshot.recent_stall_us = history.recent_stall_us();
        }
        let snapshot = Arc::new(snapshot);
        last.snapshot = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    /// The last hour.
    #[cfg(feature = "http")]
    pub fn history(&self) -> History {
        lock(&self.history).clone()
    }

    /// The sessions, so many at most, and how many there are beside those.
    pub fn sessions(&self, most: usize) -> anyhow::Result<(Vec<SessionStatus>, usize)> {
        ask(&self.source.hub, |reply| Input::Sessions(most, reply))
    }

    fn ask_store(&self, account_bytes: Option<u64>) -> (StoreStatus, Sizes) {
        let data = &self.source.data;
        let database = data.join(store::DATABASE_FILE);
        let (segments_bytes, segments) = directory_size(&store::segments_of(&database));
        let (disk_free_bytes, disk_bytes) = system::disk(data).unzip();
        let mut sizes = Sizes {
            database_bytes: fs::metadata(&database).map_or(0, |it| it.len()),
            segments_bytes,
            segments,
            files_bytes: 0,
            disk_free_bytes,
            disk_bytes,
        };
        let mut status = StoreStatus {
            loss: self.source.loss,
            ..StoreStatus::default()
        };
        // Shows the rest even if the store fails.
        if let Outcome::Done(Reply::Usage {
            bytes,
            full_accounts,
            accounts,
            rooms,
            file_bytes,
        }) = self.source.store.call(Read::Usage { account_bytes })
        {
            status.is_serving = true;
            status.log_bytes = bytes;
            status.accounts_at_quota = full_accounts;
            status.accounts = accounts;
            status.rooms = rooms;
            sizes.files_bytes = file_bytes;
        }
        (status, sizes)
    }

    /// Takes a sample for the history.
    fn sample(&self) -> anyhow::Result<()> {
        let stall_us = self.source.network.take_recent_us();
        let stall_us = stall_us.max(self.source.store.take_recent_stall_us());
        let snapshot = self.snapshot(Duration::from_millis(1));
        let sample = snapshot.map(|snapshot| Sample::of(&snapshot, stall_us));
        let mut history = lock(&self.history);
        match sample {
            Ok(sample) => history.add(sample),
            Err(error) => {
                history.add_stall(stall_us);
                return Err(error);
            }
        }
        Ok(())
    }
}

/// How the hub says that things are.
pub fn ask_hub(hub: &InputSender<Input>) -> anyhow::Result<server::Status> {
    ask(hub, Input::Status)
}

/// Asks the hub on the network thread.
fn ask<T>(
    hub: &InputSender<Input>,
    input: impl FnOnce(mpsc::SyncSender<T>) -> Input,
) -> anyhow::Result<T> {
    let (reply, answer) = mpsc::sync_channel(1);
    hub.try_send(input(reply))?;
    answer
        .recv_timeout(ANSWER_TIMEOUT)
        .context("the network thread does not answer")
}

/// Samples the server until nobody has its monitor.
fn sample_all(watched: &Weak<Monitor>) {
    loop {
        // Nobody unparks it, and one sample too many does no harm.
        std::thread::park_timeout(SAMPLE_EVERY);
        let Some(monitor) = watched.upgrade() else {
            return;
        };
        if let Err(error) = monitor.sample() {
            tracing::debug!(%error, "no sample of the server");
        }
    }
}

/// Bytes of the files in a directory, and how many there are. What goes away meanwhile is not counted.
fn directory_size(path: &Path) -> (u64, u64) {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let lengths = entries.filter_map(|entry| Some(entry.metadata().ok()?.len()));
    lengths.fold((0, 0), |(bytes, files), length| (bytes + length, files + 1))
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked with the lock held had at most replaced a whole value.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
