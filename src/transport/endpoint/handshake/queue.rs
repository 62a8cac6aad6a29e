//! The queue of handshakes. A SYN with a valid cookie or token costs a handshake, some hundred times the cost of a
//! session's packet, so a few are served at a time, when no session has anything to send. Clients with a token are
//! served first, then those from the networks with the fewest recent handshakes: a flood from some networks delays
//! itself.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::transport::connection::Shortage;
use crate::transport::endpoint::Endpoint;
use crate::transport::endpoint::admission::prefix_counts::Crowds;
use crate::transport::endpoint::admission::stranger_slots::Holder;
use crate::transport::limits::{HANDSHAKES_PER_TURN, MAX_WAITING_SYNS, MAX_WAITING_TOKENS};
use crate::transport::recovery::rtt::TIMER_GRANULARITY;
use crate::transport::route::Route;
use crate::transport::wire::packet::EPHEMERAL_LEN;

/// A SYN with a validated address.
pub(crate) struct Syn {
    pub(crate) route: Route,
    /// Bytes of its datagram.
    pub(crate) length: usize,
    pub(crate) client_id: u64,
    pub(crate) ephemeral: [u8; EPHEMERAL_LEN],
    /// It carries a valid token: a user has signed in from that address.
    pub(crate) is_known: bool,
    pub(crate) has_cookie: bool,
    /// Recent handshakes from around its address.
    pub(crate) crowd: u32,
}

/// The order of service: clients with a token, then those from less crowded networks, then by arrival.
type Turn = (bool, u32, u64);

#[derive(Default)]
pub(crate) struct Waiting {
    queue: BTreeMap<Turn, Syn>,
    crowds: Crowds,
    /// SYNs in the queue that carry a token only.
    tokens: usize,
    count: u64,
    /// When handshakes were last served, and how many at that moment.
    served_at: Option<Instant>,
    served: usize,
}

impl Waiting {
    /// Queues a SYN. A full queue drops the one that would be served last; its client retries. Returns whether none
    /// was dropped.
    pub(crate) fn push(&mut self, syn: Syn) -> bool {
        let ip = syn.route.remote.ip();
        self.count += 1;
        let crowd = syn.crowd.saturating_add(self.crowds.around(ip));
        let turn = (!syn.is_known, crowd, self.count);
        let is_full = self.queue.len() >= MAX_WAITING_SYNS;
        if is_full {
            let Some(last) = self.queue.last_key_value().map(|(last, _)| *last) else {
                return false;
            };
            if last < turn {
                return false;
            }
            self.take(last);
        }
        self.crowds.add(ip);
        self.tokens += usize::from(!syn.has_cookie);
        self.queue.insert(turn, syn);
        !is_full
    }

    fn take(&mut self, turn: Turn) -> Option<Syn> {
        let syn = self.queue.remove(&turn)?;
        self.crowds.remove(syn.route.remote.ip());
        self.tokens -= usize::from(!syn.has_cookie);
        Some(syn)
    }

    /// Whether a token without cookie is enough for one more.
    pub(crate) fn heeds_tokens(&self) -> bool {
        self.tokens < MAX_WAITING_TOKENS
    }

    pub(crate) fn crowds(&self) -> &Crowds {
        &self.crowds
    }

    /// The next to serve now, unless sessions have the next turn.
    fn pop(&mut self, now: Instant) -> Option<Syn> {
        if self
            .served_at
            .is_none_or(|at| at + TIMER_GRANULARITY <= now)
        {
            self.served_at = Some(now);
            self.served = 0;
        }
        if self.served >= HANDSHAKES_PER_TURN {
            return None;
        }
        let first = *self.queue.first_key_value()?.0;
        self.served += 1;
        self.take(first)
    }

    /// When the next handshake may be served.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let served_at = self.served_at.filter(|_| !self.queue.is_empty())?;
        Some(served_at + TIMER_GRANULARITY)
    }

    /// Starts the next turn.
    pub(crate) fn on_timeout(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.served_at = Some(now);
            self.served = 0;
        }
    }
}

impl Endpoint {
    /// Serves the handshakes of this turn and queues their answers.
    pub(crate) fn serve_waiting(&mut self, now: Instant) {
        while let Some(acceptor) = &mut self.acceptor {
            let Some(syn) = self.waiting.pop(now) else {
                return;
            };
            let (answers, counters) = (&mut self.answers, &mut self.counters);
            let evicted = acceptor.serve(now, &mut self.random, answers, counters, &syn);
            if let Some(holder) = evicted {
                self.give_way(now, holder);
            }
        }
    }

    /// Evicts silent sessions that have not signed in, if slots are short.
    pub(crate) fn evict_stale(&mut self, now: Instant) {
        let stale = |endpoint: &Self| endpoint.acceptor.as_ref()?.admission.stale(now);
        while let Some(holder) = stale(self) {
            self.give_way(now, holder);
        }
    }

    /// Evicts a half-open or unauthenticated session.
    fn give_way(&mut self, now: Instant, holder: Holder) {
        self.counters.evicted_places += 1;
        match (holder, &mut self.acceptor) {
            (Holder::Session(session), _) => self.evict(now, session, Shortage::Places),
            (Holder::HalfOpen(server_id), Some(acceptor)) => {
                if let Some(place) = acceptor.half_open.remove(server_id) {
                    acceptor.admission.release(place);
                }
            }
            (Holder::HalfOpen(_), None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::testing::instant;

    fn push(waiting: &mut Waiting, address: [u8; 4], is_known: bool) -> bool {
        waiting.push(Syn {
            route: Route {
                remote: (address, 7).into(),
                local_ip: None,
            },
            length: 1200,
            client_id: 1,
            ephemeral: [0; EPHEMERAL_LEN],
            is_known,
            has_cookie: true,
            crowd: 0,
        })
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut waiting = Waiting::default();
        let queued =
            (0..2 * MAX_WAITING_SYNS).filter(|_| push(&mut waiting, [192, 0, 2, 1], false));
        assert_eq!(queued.count(), MAX_WAITING_SYNS);
        let now = instant();
        let served = std::iter::from_fn(|| waiting.pop(now)).count();
        assert_eq!(served, HANDSHAKES_PER_TURN);
        assert!(push(&mut waiting, [192, 0, 2, 1], false));
    }

    #[test]
    fn flood_from_many_addresses_keeps_no_other_waiting() {
        // The queue was one line, and whoever came when it was full was turned away.
        let mut waiting = Waiting::default();
        for number in 0..4096_u32 {
            let [.., network, host] = number.to_be_bytes();
            push(&mut waiting, [10, 0, network, host], false);
        }
        push(&mut waiting, [198, 51, 100, 1], false);
        push(&mut waiting, [203, 0, 113, 1], true);
        assert_eq!(waiting.queue.len(), MAX_WAITING_SYNS);
        let mut served: Vec<IpAddr> = Vec::new();
        for turn in 0..3 {
            let now = instant() + TIMER_GRANULARITY * turn;
            let turn = std::iter::from_fn(|| waiting.pop(now));
            served.extend(turn.map(|syn| syn.route.remote.ip()));
        }
        assert_eq!(served[0], IpAddr::from([203, 0, 113, 1]), "has a token");
        assert!(
            served[1..].contains(&[198, 51, 100, 1].into()),
            "{served:?}"
        );
    }
}
