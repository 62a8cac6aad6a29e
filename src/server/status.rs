//! What the hub can tell its operator: how many are here, what was counted, and how each link does.

use std::net::SocketAddr;

use super::hub::{Hub, HubCounters, Turn};
use super::session::Session;
use crate::transport::{CloseReason, Counters, Endpoint, SessionId, Statistics};

/// How many sessions are listed one by one. The others are only counted: chosen for a list that a person still
/// reads and that is made in less than a millisecond.
const LISTED_MAX: usize = 1_000;

/// The state of a server at one moment.
#[derive(Debug, Clone)]
pub struct Status {
    /// Sessions of the transport, signed in or not.
    pub sessions: usize,
    /// Accounts that are online.
    pub online: usize,
    /// What the hub has counted since the start.
    pub counters: HubCounters,
    /// The datagrams that the transport ignored or refused since the start.
    pub ignored: Counters,
    /// The first [`LISTED_MAX`] sessions, the oldest first.
    pub listed: Vec<SessionStatus>,
}

/// One session.
#[derive(Debug, Clone)]
pub struct SessionStatus {
    /// Its number in the server's log.
    pub id: u64,
    /// Who is signed in on it.
    pub user: Option<String>,
    /// Where the peer is.
    pub remote: SocketAddr,
    /// What the transport has measured and counted.
    pub statistics: Statistics,
}

impl Hub {
    /// The state of the server now.
    #[must_use]
    pub fn status(&self, endpoint: &Endpoint) -> Status {
        let listed = self.sessions.iter().filter_map(|(id, session)| {
            Some(SessionStatus {
                id: id.0,
                user: session.user().map(|user| user.name.clone()),
                remote: endpoint.remote(*id)?,
                statistics: endpoint.statistics(*id)?,
            })
        });
        Status {
            sessions: self.sessions.len(),
            online: self.online(),
            counters: self.counters(),
            ignored: endpoint.counters(),
            listed: listed.take(LISTED_MAX).collect(),
        }
    }

    /// Logs how a session has done, when it is over. What the transport has forgotten at once (a peer that knew
    /// nothing of the session any more) has no figures.
    pub(super) fn log_end(&self, turn: &Turn<'_>, id: SessionId, reason: &CloseReason) {
        let statistics = turn.endpoint.statistics(id);
        let session = id.0;
        if let Some(user) = self.sessions.get(&id).and_then(Session::user) {
            let user = &user.name;
            tracing::info!(session, user, %reason, ?statistics, "session over");
        } else {
            tracing::debug!(session, %reason, ?statistics, "session over");
        }
    }
}
