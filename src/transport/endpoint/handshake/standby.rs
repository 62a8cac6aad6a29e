//! A client's standby: a handshake beside a session whose packets have been unanswered for a while.
//!
//! If the server has restarted, it answers those packets with RESET and the standby's SYN with `SYN_ACK`, in the same
//! round trip, and the client continues with the standby. Without one, the SYN would go out only after the RESET.
//!
//! A standby never becomes a session by itself. While the session lives, the standby sends only SYNs, together with the
//! session's own packets and so with their backoff. The session ends by the usual rules: a RESET with its token, or
//! silence. The standby sends its first DATA, by which a server learns of a session at all, only when the application
//! connects again. Any authentic packet of the server before that cancels the standby, and the server drops its half of
//! the handshake.

use std::net::SocketAddr;
use std::time::Instant;

use super::client::Dial;
use crate::transport::SessionId;
use crate::transport::endpoint::{Endpoint, Session, Slot};

impl Endpoint {
    /// Starts a standby handshake if the session has sent an unanswered probe and the client holds an address token of
    /// this server. Without a token the server would only ask the standby for a cookie.
    pub(crate) fn start_standby(&mut self, now: Instant, session: SessionId) {
        let Some(Slot {
            session: Session::Open(connection),
            standby,
            ..
        }) = self.sessions.get_mut(&session)
        else {
            return;
        };
        if !connection.take_unanswered_probe(now) {
            return;
        }
        let (remote, standby) = (connection.remote(), *standby);
        let is_expired = |dial: &mut Dial| dial.is_expired(now);
        match standby.and_then(|standby| self.standby_mut(standby).map(is_expired)) {
            Some(false) => return self.send_with(now, session, true),
            Some(true) => self.cancel_standby(session),
            None => {}
        }
        let Some(token) = self.tokens.of(remote) else {
            return;
        };
        let Some(dial) = Dial::standing_by(now, &mut self.random, remote, token) else {
            return;
        };
        let standby = self.next_session();
        self.by_id.insert(dial.client_id, standby);
        let slot = Slot::new(Session::Dialling(Box::new(dial)));
        self.sessions.insert(standby, slot);
        if let Some(slot) = self.sessions.get_mut(&session) {
            slot.standby = Some(standby);
        }
        self.settle(standby);
    }

    /// Sends a SYN of the standby, if there is one, with a packet of the session.
    pub(crate) fn send_with(&mut self, now: Instant, session: SessionId, is_probe: bool) {
        let slot = self.sessions.get(&session);
        let Some(standby) = slot.and_then(|slot| slot.standby) else {
            return;
        };
        if let Some(dial) = self.standby_mut(standby) {
            dial.send_with(now, is_probe);
        }
        self.settle(standby);
    }

    /// Cancels the standby: the server has answered, or the client's network has changed.
    pub(crate) fn cancel_standby(&mut self, session: SessionId) {
        let slot = self.sessions.get_mut(&session);
        if let Some(standby) = slot.and_then(|slot| slot.standby.take()) {
            self.forget(standby);
        }
    }

    /// Detaches the standby from a session that the server no longer knows, and keeps it until the application connects
    /// again.
    pub(crate) fn detach_standby(&mut self, now: Instant, session: SessionId) {
        let slot = self.sessions.get_mut(&session);
        let Some(standby) = slot.and_then(|slot| slot.standby.take()) else {
            return;
        };
        if let Some(dial) = self.standby_mut(standby) {
            dial.keep_detached(now);
        }
        if let Some(earlier) = self.detached.replace(standby) {
            self.forget(earlier);
        }
        self.settle(standby);
    }

    /// Connects with the detached standby, if it is for this server and still useful.
    pub(crate) fn take_over(&mut self, now: Instant, remote: SocketAddr) -> Option<SessionId> {
        let standby = self.detached?;
        let Some(dial) = self.standby_mut(standby) else {
            self.detached = None;
            return None;
        };
        if dial.remote != remote {
            return None;
        }
        let is_useful = dial.take_over(now).is_some();
        let is_answered = dial.answer().is_some();
        self.detached = None;
        if !is_useful {
            self.forget(standby);
            return None;
        }
        if is_answered {
            self.open_dialled(now, standby);
        } else {
            self.settle(standby);
        }
        Some(standby)
    }

    fn standby_mut(&mut self, standby: SessionId) -> Option<&mut Dial> {
        match &mut self.sessions.get_mut(&standby)?.session {
            Session::Dialling(dial) if dial.is_standby() => Some(dial),
            _ => None,
        }
    }
}
