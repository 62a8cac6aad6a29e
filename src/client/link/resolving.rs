//! What the resolver says of the server's name.

use std::net::SocketAddr;
use std::time::Instant;

use super::{CODE_QUIT, CONNECT_WAIT, Link, LinkEvent, State};
use crate::transport::Endpoint;

impl Link {
    /// A link that cannot be made the first time is tried again, like one that is lost.
    pub(in crate::client) const fn keep_trying(&mut self) {
        self.keeps_trying = true;
    }

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
        if is_final && !self.keeps_trying {
            self.state = State::Closed;
            return Some(LinkEvent::NoSuchName(why));
        }
        let was_told = std::mem::replace(&mut self.has_told_unresolved, true);
        (!was_told).then_some(LinkEvent::Unresolved(why))
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::testing::instant;
    use crate::transport::ClientConfig;

    /// A link that has not been up, whose user can go on without one.
    fn link(addresses: Vec<SocketAddr>) -> (Link, Endpoint, ChaCha20Rng) {
        let mut link = Link::new(addresses);
        link.keep_trying();
        let endpoint = Endpoint::client(instant(), ClientConfig::default(), [1; 32]);
        (link, endpoint, ChaCha20Rng::from_seed([2; 32]))
    }

    #[test]
    fn link_that_need_not_stand_is_tried_again_after_the_first_attempt() {
        let (mut link, mut endpoint, mut random) = link(vec![([192, 0, 2, 1], 7777).into()]);
        let mut now = instant();
        link.connect(now, &mut endpoint);
        for _ in 0..3 {
            now += CONNECT_WAIT;
            // Once that it takes long, else nothing.
            let told = link.handle_timeout(now, &mut endpoint, &mut random);
            assert!(matches!(told, None | Some(LinkEvent::Slow)), "{told:?}");
            assert!(link.deadline().is_some());
            assert!(!link.is_closed());
        }
    }

    #[test]
    fn name_that_does_not_exist_is_tried_again_if_the_link_need_not_stand() {
        let (mut link, mut endpoint, _) = link(Vec::new());
        let now = instant();
        link.connect(now, &mut endpoint);
        let told = link.handle_unresolved(now, "no such name".into(), true);
        assert_eq!(told, Some(LinkEvent::Unresolved("no such name".into())));
        assert_eq!(
            link.handle_unresolved(now, "no such name".into(), true),
            None
        );
        assert!(link.deadline().is_some());
    }
}
