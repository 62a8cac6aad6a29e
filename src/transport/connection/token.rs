//! The address token of a session: a server gives one to a client that has signed in, from a path that has proved
//! itself, and another when that path becomes another or the token old (RFC 9000 §8.1.3).

use std::time::Instant;

use super::{Connection, Role};
use crate::transport::limits::TOKEN_RENEWAL;
use crate::transport::wire::packet::ADDRESS_TOKEN_LEN;

/// A token under way. Small, since there are sessions by the ten thousand.
#[derive(Debug, Default)]
pub(super) struct GivenToken {
    /// At a server: when the peer was given one for the address at which it is.
    given: Option<Instant>,
    /// At a server: to be sent. At a client: to be handed to the endpoint.
    token: Option<Box<[u8; ADDRESS_TOKEN_LEN]>>,
}

impl GivenToken {
    pub(super) fn is_due(&self) -> bool {
        self.token.is_some()
    }

    pub(super) fn take(&mut self) -> Option<Box<[u8; ADDRESS_TOKEN_LEN]>> {
        self.token.take()
    }

    /// The peer is elsewhere.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The one that was sent is lost: another is made when the peer is next heard.
    pub(super) fn on_lost(&mut self) {
        self.given = None;
    }

    /// One has come from the server.
    pub(super) fn got(&mut self, token: [u8; ADDRESS_TOKEN_LEN]) {
        self.token = Some(Box::new(token));
    }
}

impl Connection {
    /// Whether the peer is to be given a token for the address at which it is.
    pub(crate) fn wants_token(&self, now: Instant) -> bool {
        let given = self.token.given;
        let is_old = |given| now.saturating_duration_since(given) >= TOKEN_RENEWAL;
        self.role == Role::Server
            && self.signed_in
            && given.is_none_or(is_old)
            && self.state.is_open()
            && self.path.unproven.is_none()
    }

    /// Gives the peer a token, in the next packet.
    pub(crate) fn give_token(&mut self, now: Instant, token: [u8; ADDRESS_TOKEN_LEN]) {
        self.token.given = Some(now);
        self.token.token = Some(Box::new(token));
    }

    /// At a client: the token that has come, once.
    pub(crate) fn take_token(&mut self) -> Option<Box<[u8; ADDRESS_TOKEN_LEN]>> {
        match self.role {
            Role::Client => self.token.take(),
            Role::Server => None,
        }
    }
}
