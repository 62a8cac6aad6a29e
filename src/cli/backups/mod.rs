//! Backups that a running server makes of itself.
//!
//! A thread of its own reads a snapshot, as `udpchat store backup` does: neither the network nor a write waits for it. Each
//! backup is a directory under the time at which it was made, and the newest of these names says when the next one is due, also
//! after a restart. A failure is told in one line and tried again later; the server goes on.

mod history;
mod series;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use super::exit::Failure;
use super::logging::BACKUP_LOG;
use super::output::one_line;
use super::threads::spawn;
use crate::net;
use crate::store::{self, Snapshots, StoreCaller};

pub use history::{BackupHistory, BackupReport};
use series::{Found, Series};

/// The pause after a first failure; each further one in a row doubles it. Chosen: what goes by itself has gone by then.
const RETRY: Duration = Duration::from_mins(1);

/// The longest pause after a failure, if a backup is not due more often. Chosen: a disk that comes back is noticed within the
/// hour.
const RETRY_MAX: Duration = Duration::from_hours(1);

/// How often the thread looks at the clock, which can jump. Chosen: nobody sets an interval in seconds.
const LOOK: Duration = Duration::from_secs(20);

/// How far in the future a backup may be: one further ahead was named by a wrong clock. Chosen: longer than a clock that is
/// kept right is moved by.
const CLOCK_STEP_MS: u64 = 60_000;

/// How often backups are made, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub every: Duration,
    pub keep: usize,
}

/// Where backups go, and how often.
#[derive(Debug, Clone)]
pub struct Plan {
    pub directory: PathBuf,
    pub pace: Pace,
}

/// What a backup is made of.
pub struct Source {
    pub store: StoreCaller,
    pub snapshots: Snapshots,
    /// The server's directory, in which no backup may be.
    pub data: PathBuf,
}

/// The thread that makes backups. It ends with the process; what it had not finished goes at the next start.
#[derive(Clone)]
pub struct Backups {
    paces: Sender<Pace>,
    pub history: Arc<BackupHistory>,
}

impl Plan {
    /// Whether backups of the server in this directory can go there.
    ///
    /// # Errors
    /// If that is the server's own directory or in it.
    pub fn check(&self, data: &Path) -> Result<(), Failure> {
        series::require_elsewhere(&self.directory, data)
            .map_err(|problem| Failure::usage(problem).hint("name a directory on another disk"))
    }
}

impl Backups {
    /// Starts the thread. The plan was [checked](Plan::check).
    pub fn start(plan: Plan, source: Source) -> anyhow::Result<Self> {
        if series::shares_disk(&plan.directory, &source.data) {
            tracing::warn!(
                target: BACKUP_LOG,
                "--backup-dir is on the disk of the database: copy the backups elsewhere too"
            );
        }
        let (paces, changes) = mpsc::channel();
        let history = Arc::new(BackupHistory::new(&plan));
        let thread = Thread {
            series: Series::new(plan.directory),
            pace: plan.pace,
            source,
            history: Arc::clone(&history),
            lock: None,
            failures: 0,
            not_before_ms: 0,
        };
        spawn("backups", move || thread.run(&changes))?;
        Ok(Self { paces, history })
    }

    /// Takes over another pace.
    pub fn set_pace(&self, pace: Pace) {
        // If the thread has ended, so has the process.
        let _ = self.paces.send(pace);
    }
}

struct Thread {
    series: Series,
    pace: Pace,
    source: Source,
    history: Arc<BackupHistory>,
    /// Keeps other servers from the directory.
    lock: Option<File>,
    /// Failures in a row.
    failures: u32,
    /// When the next attempt is made at the earliest after a failure, in milliseconds since 1970 (UTC).
    not_before_ms: u64,
}

impl Thread {
    fn run(mut self, changes: &Receiver<Pace>) {
        loop {
            let now_ms = net::now().unix_ms;
            if self.lock.is_none()
                && self.pause(now_ms).is_zero()
                && let Err(error) = self.hold()
            {
                self.note_failure(&error);
            }
            let wait = match self.lock {
                Some(_) => self.due_in(now_ms),
                None => self.pause(now_ms),
            };
            if wait.is_zero() && self.lock.is_some() {
                self.make_one(now_ms);
                continue;
            }
            match changes.recv_timeout(wait.min(LOOK)) {
                Ok(pace) => {
                    self.pace = pace;
                    self.history.set_pace(pace);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// How long until the next attempt.
    fn due_in(&self, now_ms: u64) -> Duration {
        let every_ms = u64::try_from(self.pace.every.as_millis()).unwrap_or(u64::MAX);
        let newest = newest(self.series.list().unwrap_or_default(), now_ms);
        self.history.note_newest(newest.as_ref());
        let due = newest.map_or(0, |newest| newest.unix_ms.saturating_add(every_ms));
        let due = Duration::from_millis(due.saturating_sub(now_ms));
        due.max(self.pause(now_ms))
    }

    /// How long until the next attempt after a failure.
    fn pause(&self, now_ms: u64) -> Duration {
        let most = now_ms.saturating_add(retry_ms(self.pace, u32::MAX));
        Duration::from_millis(self.not_before_ms.min(most).saturating_sub(now_ms))
    }

    /// Takes the directory for this server alone, unless it has it; where another disk is mounted there by now, that. What a crash
    /// or a failure has left in it goes.
    fn hold(&mut self) -> anyhow::Result<()> {
        series::require_elsewhere(self.series.directory(), &self.source.data)
            .map_err(|problem| anyhow!(problem))?;
        let held = self.lock.take().filter(|lock| self.series.is_at(lock));
        let is_clean = held.is_some() && self.failures == 0;
        self.lock = Some(match held {
            Some(lock) => lock,
            None => self.series.open()?,
        });
        if is_clean {
            return Ok(());
        }
        self.series.remove_unfinished()
    }

    fn make_one(&mut self, now_ms: u64) {
        let began = net::now().instant;
        match self.try_one(now_ms) {
            Ok((name, size)) => {
                let took = net::now().instant.saturating_duration_since(began);
                self.failures = 0;
                self.not_before_ms = 0;
                self.history.note_made(now_ms / 1000 * 1000);
                tracing::info!(
                    target: BACKUP_LOG,
                    name,
                    rows = size.rows,
                    files = size.files,
                    files_lost = size.files_lost,
                    bytes = size.bytes,
                    new_bytes = size.new_bytes,
                    ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                    "backup made"
                );
            }
            Err(error) => self.note_failure(&error),
        }
    }

    fn note_failure(&mut self, error: &anyhow::Error) {
        let why = one_line(&format!("{error:#}"));
        let wait_ms = retry_ms(self.pace, self.failures);
        self.failures = self.failures.saturating_add(1);
        self.not_before_ms = net::now().unix_ms.saturating_add(wait_ms);
        self.history.note_failed(&why);
        let again_s = wait_ms / 1000;
        tracing::error!(target: BACKUP_LOG, again_s, %why, "backup failed");
    }

    /// Makes one, and then removes those that are too many.
    fn try_one(&mut self, now_ms: u64) -> anyhow::Result<(String, store::BackupSize)> {
        self.hold()?;
        let series = &self.series;
        let earlier = series.list()?.pop();
        let name = series::name(now_ms);
        // What is in the tables' file is copied.
        match self.source.store.call(store::Request::Checkpoint) {
            store::Outcome::Done(_) => {}
            other => {
                return Err(anyhow!(
                    "the database does not write a checkpoint: {other:?}"
                ));
            }
        }
        let path = series.directory().join(&name);
        let earlier = earlier.map(|earlier| series.directory().join(earlier.name));
        let snapshots = &self.source.snapshots;
        let made = store::make_backup_directory(&path, earlier.as_deref(), snapshots, now_ms)?;
        if let Err(error) = series.prune(self.pace.keep, &name) {
            let why = one_line(&format!("{error:#}"));
            tracing::warn!(target: BACKUP_LOG, %why, "an old backup cannot be removed");
        }
        Ok((name, made))
    }
}

/// The newest, without those of the future: a clock that was wrong once must not put others off for ever.
fn newest(mut found: Vec<Found>, now_ms: u64) -> Option<Found> {
    found.retain(|it| it.unix_ms <= now_ms.saturating_add(CLOCK_STEP_MS));
    found.pop()
}

/// How long to wait after so many failures before this one, in milliseconds.
fn retry_ms(pace: Pace, failures: u32) -> u64 {
    let factor = 2_u32.saturating_pow(failures.min(16));
    let wait = RETRY.saturating_mul(factor).min(RETRY_MAX).min(pace.every);
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

/// The directory of backups, absolute, so that it does not depend on where the server was started.
pub fn absolute(directory: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(directory).context("cannot find the absolute path of --backup-dir")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backup_that_a_wrong_clock_has_named_puts_no_other_off() {
        // One of 2099 did, for good and without a word.
        let made_at = |unix_ms| Found {
            unix_ms,
            name: String::new(),
        };
        let now_ms = 1_795_997_700_000;
        let all = vec![made_at(5), made_at(now_ms + 1000), made_at(now_ms * 2)];
        assert_eq!(newest(all, now_ms), Some(made_at(now_ms + 1000)));
        assert_eq!(newest(vec![made_at(now_ms * 2)], now_ms), None);
    }

    #[test]
    fn what_was_not_finished_is_looked_for_at_the_start_and_after_a_failure_and_not_each_time() {
        let directory = tempfile::tempdir().unwrap();
        let files = store::fault_disk::MemoryDisk::new().files().unwrap();
        let engine = store::Engine::new(files, [1; 32]).unwrap();
        let snapshots = engine.snapshots();
        let clock = || net::now().instant;
        let (_handle, store) = store::StoreThread::spawn(engine, clock, |_| {});
        let plan = Plan {
            directory: directory.path().into(),
            pace: Pace {
                every: Duration::from_hours(6),
                keep: 3,
            },
        };
        let mut thread = Thread {
            series: Series::new(plan.directory.clone()),
            pace: plan.pace,
            source: Source {
                store: store.caller(),
                snapshots,
                data: directory.path().join("../elsewhere"),
            },
            history: Arc::new(BackupHistory::new(&plan)),
            lock: None,
            failures: 0,
            not_before_ms: 0,
        };
        let half = directory.path().join("udpchat-20261125T000000Z.part");
        let mut is_removed = |failures| {
            std::fs::create_dir_all(&half).unwrap();
            thread.failures = failures;
            thread.hold().unwrap();
            !half.exists()
        };
        let removed = [0, 0, 1, 0].map(&mut is_removed);
        assert_eq!(removed, [true, false, true, false]);
        store.stop();
    }

    #[test]
    fn pause_after_failures_grows_to_a_bound_and_is_never_longer_than_the_interval() {
        let hours = |every: u64| Pace {
            every: Duration::from_hours(every),
            keep: 3,
        };
        let pauses = [0, 1, 2, 5, 6, 40, u32::MAX].map(|failures| retry_ms(hours(6), failures));
        let seconds = pauses.map(|pause| pause / 1000);
        assert_eq!(seconds, [60, 120, 240, 1920, 3600, 3600, 3600]);
        let often = Pace {
            every: Duration::from_secs(90),
            keep: 3,
        };
        assert_eq!(retry_ms(often, 9), 90_000);
    }
}
