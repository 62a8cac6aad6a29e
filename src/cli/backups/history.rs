//! What became of the backups of a running server, for those who ask: `status`, and metrics.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::series::Found;
use super::{Pace, Plan};

/// What is known of the backups at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupReport {
    /// How often they are made.
    pub every: Duration,
    /// When the newest that is whole was made, also by an earlier run of the server, in milliseconds since 1970 (UTC).
    pub last_ms: Option<u64>,
    /// Why what was tried after it failed, on one line.
    pub failure: Option<String>,
}

/// Written by the thread that makes backups, and read by others.
#[derive(Debug)]
pub struct BackupHistory {
    report: Mutex<BackupReport>,
}

impl BackupHistory {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            report: Mutex::new(BackupReport {
                every: plan.pace.every,
                last_ms: None,
                failure: None,
            }),
        }
    }

    /// What is known now.
    pub fn report(&self) -> BackupReport {
        self.lock().clone()
    }

    pub(super) fn set_pace(&self, pace: Pace) {
        self.lock().every = pace.every;
    }

    /// This is the newest one there, perhaps of an earlier run.
    pub(super) fn note_newest(&self, newest: Option<&Found>) {
        self.lock().last_ms = newest.map(|newest| newest.unix_ms);
    }

    /// One was made at this time.
    pub(super) fn note_made(&self, unix_ms: u64) {
        let mut report = self.lock();
        report.last_ms = Some(unix_ms);
        report.failure = None;
    }

    pub(super) fn note_failed(&self, why: &str) {
        self.lock().failure = Some(why.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, BackupReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn backup_of_an_earlier_run_counts_and_a_good_one_ends_the_failure() {
        let pace = Pace {
            every: Duration::from_hours(6),
            keep: 14,
        };
        let directory = "/backups".into();
        let history = BackupHistory::new(&Plan { directory, pace });
        assert_eq!(history.report().last_ms, None);
        history.note_newest(Some(&Found {
            unix_ms: 1000,
            name: "udpchat-19700101T000001Z".into(),
        }));
        assert_eq!(history.report().last_ms, Some(1000));
        history.note_failed("the disk is full");
        let failed = history.report();
        assert_eq!(failed.failure.as_deref(), Some("the disk is full"));
        assert_eq!(failed.last_ms, Some(1000));
        history.note_made(2000);
        let made = history.report();
        assert_eq!((made.last_ms, made.failure), (Some(2000), None));
    }
}
