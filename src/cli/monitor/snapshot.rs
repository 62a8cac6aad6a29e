//! A server at one moment.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::history::Rates;
use crate::cli::backups::BackupReport;
use crate::cluster::Progress;
use crate::net::TrafficReport;
use crate::server;
use crate::stalls::StallReport;
use crate::store::LogLoss;

/// A server at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub at: Instant,
    /// In milliseconds since 1970 (UTC).
    pub unix_ms: u64,
    /// When the server was started, in milliseconds since 1970 (UTC).
    pub started_ms: u64,
    pub uptime: Duration,
    /// Of the server's key.
    pub fingerprint: String,
    pub listening: Vec<SocketAddr>,
    pub hub: server::Status,
    pub network: StallReport,
    pub traffic: TrafficReport,
    pub store: StoreStatus,
    pub sizes: Sizes,
    pub process: Process,
    pub rates: Rates,
    /// The longest that a thread was busy in the last minutes, in microseconds.
    pub recent_stall_us: u64,
    /// None where the server makes no backups.
    pub backup: Option<BackupReport>,
    /// None where the server is alone.
    pub log: Option<SharedLogStatus>,
}

/// The log that the servers of a cluster share.
#[derive(Debug, Clone)]
pub struct SharedLogStatus {
    /// The cluster's name.
    pub cluster: String,
    /// The last position that this server has applied.
    pub applied: u64,
    /// How many later ones are known.
    pub lag: u64,
    /// Who leads those that keep it.
    pub leader: Option<String>,
    /// How many bytes each copy of the stream of attached files takes, as far as that is known.
    pub file_bytes: Option<u64>,
}

impl SharedLogStatus {
    pub fn of((cluster, progress): &(String, Arc<Progress>)) -> Self {
        Self {
            cluster: cluster.clone(),
            applied: progress.applied(),
            lag: progress.lag(),
            leader: progress.leader(),
            file_bytes: progress.file_bytes(),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct StoreStatus {
    /// Whether it has answered.
    pub is_serving: bool,
    /// Since the start.
    pub commits: u64,
    /// Whether the files were removed or replaced under the server, which stores nothing then.
    pub is_displaced: bool,
    /// Found at the start.
    pub loss: Option<LogLoss>,
    /// Stored bytes of all logs.
    pub log_bytes: u64,
    /// Accounts with as many stored bytes as the limit for one.
    pub accounts_at_quota: u64,
    /// Without those that were deleted.
    pub accounts: u64,
    pub rooms: u64,
    /// How long groups of requests took.
    pub stalls: StallReport,
}

/// What the server has on its disk, in bytes.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Sizes {
    pub database_bytes: u64,
    /// Of the message log.
    pub segments_bytes: u64,
    /// Files of the message log.
    pub segments: u64,
    /// Attached files, as quotas count them.
    pub files_bytes: u64,
    /// What the server may still use; none where the system does not tell.
    pub disk_free_bytes: Option<u64>,
    pub disk_bytes: Option<u64>,
}

/// What the system counts of this process; nothing where it does not tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    /// Of all threads, since the start.
    pub cpu: Option<Duration>,
    pub resident_bytes: Option<u64>,
}
