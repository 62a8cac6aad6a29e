//! Strangers wait: a SYN with a good cookie or token costs a handshake, some hundred times what a packet of a session does.
//! They are served when nobody else has anything to send, a few at a time, so that a storm of them delays no one
//! who is already there. Of those who wait, whoever has shown a token is served first, and then whoever comes from where
//! the fewest have come of late: a flood from some networks waits for itself.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::transport::connection::Shortage;
use crate::transport::endpoint::admission::prefix_counts::Crowds;
use crate::transport::endpoint::admission::stranger_slots::Holder;
use crate::transport::endpoint::{Endpoint, Route};
use crate::transport::limits::{HANDSHAKES_PER_TURN, MAX_WAITING_SYNS, MAX_WAITING_TOKENS};
use crate::transport::recovery::rtt::TIMER_GRANULARITY;
use crate::transport::wire::packet::EPHEMERAL_LEN;

/// A SYN that has proved its address.
pub(crate) struct Syn {
    pub(crate) route: Route,
    /// Bytes of the datagram.
    pub(crate) length: usize,
    pub(crate) client_id: u64,
    pub(crate) ephemeral: [u8; EPHEMERAL_LEN],
    /// It has shown a token: somebody has signed in from there.
    pub(crate) is_known: bool,
    /// It has shown a cookie.
    pub(crate) has_cookie: bool,
    /// How many handshakes of late were from around its address.
    pub(crate) crowd: u32,
}

/// Strangers behind those who are known, the crowded behind those who are not, the later behind the earlier.
type Turn = (bool, u32, u64);

/// Those that wait for their handshake.
#[derive(Default)]
pub(crate) struct Waiting {
    queue: BTreeMap<Turn, Syn>,
    crowds: Crowds,
    /// How many came with a token only.
    tokens: usize,
    count: u64,
    /// When handshakes were last made, and how many at that moment.
    served_at: Option<Instant>,
    served: usize,
}

impl Waiting {
    /// Queues a SYN, if need be in the place of one that would be served later; says whether none was turned away. Its
    /// sender tries again.
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

    /// Whether so few wait by a token that one is proof enough for one more.
    pub(crate) fn heeds_tokens(&self) -> bool {
        self.tokens < MAX_WAITING_TOKENS
    }

    /// Those who wait by where they are from.
    pub(crate) fn crowds(&self) -> &Crowds {
        &self.crowds
    }

    /// The next to be served at this moment, if it is not another's turn.
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

    /// When the next may be served, if some wait.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let served_at = self.served_at.filter(|_| !self.queue.is_empty())?;
        Some(served_at + TIMER_GRANULARITY)
    }

    /// Time has passed: others have had their turn.
    pub(crate) fn on_timeout(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.served_at = Some(now);
            self.served = 0;
        }
    }
}

impl Endpoint {
    /// Makes the handshakes whose turn it is; their answers are then queued.
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

    /// Ends those that have not signed in and say nothing, if places are short.
    pub(crate) fn evict_stale(&mut self, now: Instant) {
        let stale = |endpoint: &Self| endpoint.acceptor.as_ref()?.admission.stale(now);
        while let Some(holder) = stale(self) {
            self.give_way(now, holder);
        }
    }

    /// Ends one that has not signed in.
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
