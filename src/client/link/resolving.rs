//! What the resolver says of the server's name.

use std::net::SocketAddr;
use std::time::Instant;

use super::{CODE_QUIT, CONNECT_WAIT, Link, LinkEvent, State};
use crate::transport::Endpoint;

impl Link {
    /// The server's name stands for these addresses now. New ones are tried at once; a session with a server that is not
    /// heard any more is given up if its address is none of them.
    pub(in crate::client) fn handle_addresses(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        addresses: Vec<SocketAddr>,
    ) -> Option<LinkEvent> {
        let has_new = self.addresses.replace(addresses);
        match &mut self.state {
            State::Connecting { due, .. } if has_new => {
                *due = now + CONNECT_WAIT;
                self.try_next_address(now, endpoint);
            }
            State::Pausing(_) if has_new => self.connect(now, endpoint),
            State::Up(session) if self.addresses.is_doubted() => {
                let (session, remote) = (*session, endpoint.remote(*session)?);
                if self.addresses.contains(remote) {
                    return None;
                }
                self.connect(now, endpoint);
                endpoint.close(now, session, CODE_QUIT, "connecting to another address");
                return Some(LinkEvent::Lost {
                    reason: "its name has another address now".into(),
                    ended: None,
                });
            }
            _ => {}
        }
        None
    }

    /// The server's name was not resolved. If no address is known, a name that does not exist is the end, and any other is
    /// tried again until the user has enough.
    pub(in crate::client) fn handle_unresolved(
        &mut self,
        now: Instant,
        why: String,
        is_final: bool,
    ) -> Option<LinkEvent> {
        tracing::info!(why, "the server's name");
        self.addresses.unresolved(now);
        if !matches!(self.state, State::Connecting { .. }) || !self.addresses.is_empty() {
            return None;
        }
        self.slow_at = None;
        if is_final {
            self.state = State::Closed;
            return Some(LinkEvent::NoSuchName(why));
        }
        let was_told = std::mem::replace(&mut self.has_told_unresolved, true);
        (!was_told).then_some(LinkEvent::Unresolved(why))
    }
}
