//! A client's standby: a handshake beside a session whose packets have been unanswered for a while.
//!
//! If the server has restarted, it answers those packets by RESET and the standby's SYN by `SYN_ACK`, in the same round
//! trip, and the client goes on with what the standby has. Without it the SYN would go out only after the RESET.
//!
//! It never becomes a session by itself. While the session lives, it sends nothing but SYNs, together with the
//! session's own packets and so with their backoff; the session's end is decided as ever, by a RESET with its token or
//! by silence; and only when the application then connects again does the standby's first DATA go out, by which a
//! server knows of a session at all. Whatever authentic comes of the server before ends the standby, of which the
//! server then forgets its half of the handshake.

use std::net::SocketAddr;
use std::time::Instant;

use super::client::Dial;
use crate::transport::SessionId;
use crate::transport::endpoint::{Endpoint, Session, Slot};

impl Endpoint {
    /// The session may have probed in vain: lets a handshake stand by, if the server has given what proves the address
    /// to it. Without a token a standby would only be asked for a cookie.
    pub(crate) fn stand_by(&mut self, now: Instant, session: SessionId) {
        let Some(Slot {
            session: Session::Open(connection),
            standby,
            ..
        }) = self.sessions.get_mut(&session)
        else {
            return;
        };
        if !connection.take_vain_probe(now) {
            return;
        }
        let (remote, standby) = (connection.remote(), *standby);
        let is_worn = |dial: &mut Dial| dial.is_worn(now);
        match standby.and_then(|standby| self.standby_mut(standby).map(is_worn)) {
            Some(false) => return self.accompany(now, session, true),
            Some(true) => self.stand_down(session),
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
        self.settle(now, standby);
    }

    /// A packet of the session goes out, beside which something may stand by.
    pub(crate) fn accompany(&mut self, now: Instant, session: SessionId, is_probe: bool) {
        let slot = self.sessions.get(&session);
        let Some(standby) = slot.and_then(|slot| slot.standby) else {
            return;
        };
        if let Some(dial) = self.standby_mut(standby) {
            dial.accompany(now, is_probe);
        }
        self.settle(now, standby);
    }

    /// The server has been heard, or the network is another: nothing need stand by.
    pub(crate) fn stand_down(&mut self, session: SessionId) {
        let slot = self.sessions.get_mut(&session);
        if let Some(standby) = slot.and_then(|slot| slot.standby.take()) {
            self.forget(standby);
        }
    }

    /// The server does not know the session any more: what stood by it waits for the application.
    pub(crate) fn bereave(&mut self, now: Instant, session: SessionId) {
        let slot = self.sessions.get_mut(&session);
        let Some(standby) = slot.and_then(|slot| slot.standby.take()) else {
            return;
        };
        if let Some(dial) = self.standby_mut(standby) {
            dial.outlive(now);
        }
        if let Some(earlier) = self.orphan.replace(standby) {
            self.forget(earlier);
        }
        self.settle(now, standby);
    }

    /// The application connects: with what stood by, if it is for this server and still some use.
    pub(crate) fn take_over(&mut self, now: Instant, remote: SocketAddr) -> Option<SessionId> {
        let standby = self.orphan?;
        let Some(dial) = self.standby_mut(standby) else {
            self.orphan = None;
            return None;
        };
        if dial.remote != remote {
            return None;
        }
        let is_useful = dial.take_over(now).is_some();
        let is_answered = dial.answer().is_some();
        self.orphan = None;
        if !is_useful {
            self.forget(standby);
            return None;
        }
        if is_answered {
            self.open_dialled(now, standby);
        } else {
            self.settle(now, standby);
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
