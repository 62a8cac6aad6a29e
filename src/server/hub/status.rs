//! What the hub can tell its operator: how many are here, what was counted, and how each link does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::Hub;
use crate::protocol::DeviceId;
use crate::server::ctx::config::HubCounters;
use crate::server::peers::ClusterStatus;
use crate::store::{Quota, SLOTS, StoreLimit};
use crate::transport::{Counters, Endpoint, Now, Statistics, Usage};

/// How many sessions are listed for who asks for them alone. Chosen: a few megabytes.
pub const SESSIONS_LISTED_MAX: usize = 20_000;

/// The state of a server at one moment.
#[derive(Debug, Clone)]
pub struct Status {
    /// Sessions of the transport, signed in or not.
    pub sessions: usize,
    /// Accounts that are online.
    pub online: usize,
    /// What the hub has counted since the start.
    pub counters: HubCounters,
    /// What came to a limit since the start, by the limit's name.
    pub limits: BTreeMap<&'static str, u64>,
    /// Uploads under way, or interrupted.
    pub uploads: usize,
    /// How much may stand in the store.
    pub quota: Quota,
    /// The datagrams that the transport ignored or refused since the start.
    pub ignored: Counters,
    /// What all sessions hold together of what is limited.
    pub usage: Usage,
    /// What waits.
    pub queues: Queues,
    /// The other servers of its cluster, if it is of one.
    pub cluster: Option<ClusterStatus>,
}

/// What waits for its turn, and how much of that there may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queues {
    /// Requests that the store has not answered.
    pub store: usize,
    /// How many there may be.
    pub store_limit: usize,
    /// Requests for attached files that were not answered.
    pub files: usize,
    /// Channels of sessions with messages that the hub has not taken yet.
    pub channels: usize,
}

/// What `status` shows of a session.
#[derive(Debug, Clone)]
pub struct SessionStatus {
    /// Its number in the server's log.
    pub id: u64,
    /// Who is signed in on it.
    pub user: Option<String>,
    /// On which device.
    pub device: Option<DeviceId>,
    /// Where the peer is.
    pub remote: SocketAddr,
    /// When it began, in milliseconds since 1970 (UTC).
    pub since_ms: u64,
    /// For how long no message of it was taken.
    pub idle: Duration,
    /// What the transport has measured and counted.
    pub statistics: Statistics,
}

impl Hub {
    /// The state of the server now.
    #[must_use]
    pub fn status(&self, endpoint: &Endpoint) -> Status {
        let ignored = endpoint.counters();
        Status {
            sessions: self.core.sessions.len(),
            online: self.online(),
            counters: self.counters(),
            uploads: self.services.files.upload_count(),
            quota: self.core.config.limits.quota(),
            limits: self.at_limits(&ignored),
            ignored,
            usage: endpoint.usage(),
            queues: Queues {
                store: SLOTS.saturating_sub(self.core.store.room()),
                store_limit: SLOTS,
                files: self.core.blobs.pending_count(),
                channels: self.services.intake.waiting(),
            },
            cluster: self.services.peers.status(),
        }
    }

    /// So many sessions at most, the oldest first.
    #[must_use]
    pub fn sessions(&self, now: Now, endpoint: &Endpoint, most: usize) -> Vec<SessionStatus> {
        let listed = self.core.sessions.in_order().filter_map(|(id, session)| {
            let user = session.user();
            let age = now.instant.saturating_duration_since(session.began);
            let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            Some(SessionStatus {
                id: id.0,
                user: user.map(|user| user.name.to_string()),
                device: user.map(|user| user.device),
                remote: endpoint.remote(id)?,
                since_ms: now.unix_ms.saturating_sub(age_ms),
                idle: now.instant.saturating_duration_since(session.last_taken),
                statistics: endpoint.statistics(id)?,
            })
        });
        listed.take(most).collect()
    }

    /// What came to a limit, by the limit's name: a line for each organ that has limits.
    fn at_limits(&self, transport: &Counters) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::from([
            ("buffers", transport.evicted_memory),
            ("places_before_sign_in", transport.evicted_places),
            ("strangers", transport.refused_full),
            ("handshakes", transport.refused_rate),
            ("sessions", self.core.counters.evicted),
            (
                "requests_before_sign_in",
                self.core.counters.strangers_slowed,
            ),
        ]);
        counts.extend(self.core.throttle.refused());
        counts.extend(self.core.budgets.pauses());
        counts.insert("quota", self.core.counters.over_quota);
        let files = self.core.counters.at_file_limits;
        counts.extend([
            ("file", files.file),
            ("files_account", files.account),
            ("files", files.all),
            ("files_day", files.day),
            ("uploads", files.uploads),
        ]);
        let of_store = StoreLimit::ALL.map(StoreLimit::name);
        counts.extend(of_store.into_iter().zip(self.core.counters.at_store_limits));
        counts
    }
}
