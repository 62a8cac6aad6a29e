//! Changes of networks and addresses: those a client reports, and the addresses of its sessions.

use std::net::SocketAddr;
use std::time::Instant;

use super::{Endpoint, Session};
use crate::transport::SessionId;
use crate::transport::connection::Connection;

impl Endpoint {
    /// At a client: the local address or its network has changed. Each session restarts its path estimates and
    /// backoff, and pings, so that the server learns the new address.
    pub fn network_changed(&mut self, now: Instant) {
        // Tokens are bound to the old address, and would link this host's two networks for an observer.
        self.tokens.forget();
        let mut sessions: Vec<_> = self.sessions.keys().copied().collect();
        sessions.sort_unstable();
        for session in sessions {
            self.with_connection(now, session, Connection::on_network_changed);
            self.cancel_standby(session);
        }
    }

    /// At a client: the local port has changed, on the same network. Each session and each handshake sends from the
    /// new port at once.
    pub fn port_changed(&mut self, now: Instant) {
        let mut sessions: Vec<_> = self.sessions.keys().copied().collect();
        sessions.sort_unstable();
        for session in sessions {
            let slot = self.sessions.get_mut(&session);
            if let Some(Session::Dialling(dial)) = slot.map(|slot| &mut slot.session) {
                dial.on_port_changed();
                self.settle(session);
                continue;
            }
            self.with_connection(now, session, |connection, context| {
                connection.on_port_changed(context);
            });
            self.start_standby(now, session);
        }
    }

    /// At a client: the server's address, and since when packets to it are unanswered; of the oldest open session,
    /// else of the oldest handshake, counted from the first unanswered one.
    #[must_use]
    pub fn path(&self) -> Option<(SocketAddr, Option<Instant>)> {
        let oldest = self.sessions.keys().min_by_key(|session| {
            let is_dialling = self.connection(**session).is_none();
            (is_dialling, **session)
        })?;
        match &self.sessions.get(oldest)?.session {
            Session::Open(connection) => Some((connection.remote(), connection.unanswered_since())),
            Session::Dialling(dial) => Some((dial.remote, self.unanswered_since)),
        }
    }

    /// At a client: since when packets are unanswered.
    #[must_use]
    pub fn unanswered_since(&self, session: SessionId) -> Option<Instant> {
        self.connection(session)?.unanswered_since()
    }

    /// At a client: whether the application has another server in the place of this one, and so wants
    /// [`Event::Unanswered`](crate::transport::Event::Unanswered) two seconds after a packet to which nothing is answered. A
    /// session at rest sends a packet every two seconds then, unless its packets cost money.
    pub fn watch(&mut self, now: Instant, session: SessionId, watched: bool) {
        self.with_connection(now, session, |connection, context| {
            connection.watch(context, watched);
        });
    }

    /// Whether the peer has answered at its current address, rather than only been heard from there.
    #[must_use]
    pub fn is_path_validated(&self, session: SessionId) -> bool {
        let connection = self.connection(session);
        connection.is_some_and(Connection::is_path_validated)
    }

    /// The peer's current address.
    #[must_use]
    pub fn remote(&self, session: SessionId) -> Option<SocketAddr> {
        match &self.sessions.get(&session)?.session {
            Session::Dialling(dial) => Some(dial.remote),
            Session::Open(connection) => Some(connection.remote()),
        }
    }
}
