//! One session in the endpoint's table.

use std::time::Instant;

use super::admission::PlaceId;
use super::admission::buffer_memory::Holding;
use super::handshake::client::Dial;
use super::schedule::{Place, Schedule};
use crate::transport::SessionId;
use crate::transport::connection::Connection;
use crate::transport::wire::packet::TOKEN_LEN;

/// What stands behind a session's id.
pub(super) enum Session {
    /// A client waits for the server's answer.
    Dialling(Box<Dial>),
    /// The keys are known.
    Open(Box<Connection>),
}

/// A session, and what the endpoint knows of it beside.
pub(super) struct Slot {
    pub(super) session: Session,
    pub(super) place: Place,
    /// What it counts against while it has not signed in.
    pub(super) counted: Option<PlaceId>,
    /// At a server: what its buffers hold.
    pub(super) holding: Holding,
    /// At a client: what a RESET must show.
    pub(super) reset_token: Option<Box<[u8; TOKEN_LEN]>>,
    /// At a client: the handshake that stands by.
    pub(super) standby: Option<SessionId>,
}

impl Slot {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            place: Place::default(),
            counted: None,
            holding: Holding::default(),
            reset_token: None,
            standby: None,
        }
    }

    /// Notes in the schedule what a touch has changed. `false`: nothing is left of the session.
    pub(super) fn settle(
        &mut self,
        schedule: &mut Schedule,
        now: Instant,
        session: SessionId,
    ) -> bool {
        let deadline = match &self.session {
            Session::Dialling(dial) => dial.deadline(),
            Session::Open(connection) if connection.is_gone() => return false,
            Session::Open(connection) => connection.deadline(),
        };
        schedule.mark_ready(session, &mut self.place);
        schedule.arm(now, session, &mut self.place, deadline);
        true
    }
}
