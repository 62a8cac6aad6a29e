//! The address token of a session: a server sends one to a client that has signed in from a validated address, and
//! another when that address changes or the token ages (RFC 9000 §8.1.3).

use std::time::Instant;

use super::{Connection, Role};
use crate::transport::limits::TOKEN_RENEWAL;
use crate::transport::wire::packet::ADDRESS_TOKEN_LEN;

#[derive(Debug, Default)]
pub(super) struct GivenToken {
    /// At a server: when the token for the current address was sent.
    pub(super) given: Option<Instant>,
    /// At a server: to send. At a client: to hand to the endpoint. Boxed, because there are tens of thousands of
    /// sessions.
    pub(super) token: Option<Box<[u8; ADDRESS_TOKEN_LEN]>>,
}

impl Connection {
    pub(crate) fn wants_token(&self, now: Instant) -> bool {
        let given = self.token.given;
        let is_old = |given| now.saturating_duration_since(given) >= TOKEN_RENEWAL;
        self.role == Role::Server
            && self.signed_in
            && given.is_none_or(is_old)
            && self.state.is_open()
            && self.path.unproven.is_none()
    }

    pub(crate) fn give_token(&mut self, now: Instant, token: [u8; ADDRESS_TOKEN_LEN]) {
        self.token.given = Some(now);
        self.token.token = Some(Box::new(token));
    }

    /// At a client: takes the received token.
    pub(crate) fn take_token(&mut self) -> Option<Box<[u8; ADDRESS_TOKEN_LEN]>> {
        match self.role {
            Role::Client => self.token.token.take(),
            Role::Server => None,
        }
    }
}
