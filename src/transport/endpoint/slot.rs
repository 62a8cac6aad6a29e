//! A session in the endpoint's table.

use std::time::Instant;

use super::admission::PlaceId;
use super::admission::buffer_memory::Holding;
use super::handshake::client::Dial;
use super::schedule::{Schedule, SchedulerSlot};
use crate::transport::SessionId;
use crate::transport::connection::Connection;
use crate::transport::wire::packet::TOKEN_LEN;

pub(super) enum Session {
    /// A client's handshake, before the answer of the server.
    Dialling(Box<Dial>),
    Open(Box<Connection>),
}

pub(super) struct Slot {
    pub(super) session: Session,
    pub(super) scheduling: SchedulerSlot,
    /// Its slot while it has not signed in.
    pub(super) counted: Option<PlaceId>,
    /// At a server: the memory of its buffers.
    pub(super) holding: Holding,
    /// At a client: the token that a RESET must carry.
    pub(super) reset_token: Option<Box<[u8; TOKEN_LEN]>>,
    /// At a client: the standby handshake.
    pub(super) standby: Option<SessionId>,
}

impl Slot {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            scheduling: SchedulerSlot::default(),
            counted: None,
            holding: Holding::default(),
            reset_token: None,
            standby: None,
        }
    }

    pub(super) fn connection_mut(&mut self) -> Option<&mut Connection> {
        match &mut self.session {
            Session::Open(connection) => Some(connection),
            Session::Dialling(_) => None,
        }
    }

    /// Arms the deadline of a session that may not be asked soon for what it has to send: the socket may be full.
    pub(super) fn arm(&mut self, schedule: &mut Schedule, now: Instant, session: SessionId) {
        let deadline = match &self.session {
            Session::Dialling(dial) => dial.deadline(),
            Session::Open(connection) => connection.deadline(),
        };
        schedule.arm(now, session, &mut self.scheduling, deadline);
    }

    /// Queues the session for whatever it has to send; its deadline is armed once it has sent that. `false`: the session
    /// has ended.
    pub(super) fn settle(&mut self, schedule: &mut Schedule, session: SessionId) -> bool {
        if matches!(&self.session, Session::Open(connection) if connection.is_gone()) {
            return false;
        }
        schedule.mark_ready(session, &mut self.scheduling);
        true
    }
}
