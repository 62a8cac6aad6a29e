//! Strangers wait: a SYN with a good cookie or token costs a handshake, some hundred times what a packet of a session does.
//! They are served when nobody else has anything to send, a few at a time, so that a storm of them delays no one
//! who is already there.

use std::collections::VecDeque;
use std::time::Instant;

use super::Endpoint;
use super::answers::Route;
use crate::transport::limits::{HANDSHAKES_PER_TURN, MAX_WAITING_SYNS, TOKEN_SHARE};
use crate::transport::packet::EPHEMERAL_LEN;
use crate::transport::rtt::TIMER_GRANULARITY;

/// A SYN that has proved its address.
pub(super) struct Syn {
    pub(super) route: Route,
    /// Bytes of the datagram.
    pub(super) length: usize,
    pub(super) client_id: u64,
    pub(super) ephemeral: [u8; EPHEMERAL_LEN],
}

/// Those that wait for their handshake.
#[derive(Default)]
pub(super) struct Waiting {
    queue: VecDeque<Syn>,
    /// When handshakes were last made, and how many at that moment.
    served_at: Option<Instant>,
    served: usize,
}

impl Waiting {
    /// Queues a SYN, unless the queue is full; says whether it was queued. Its sender tries again.
    pub(super) fn push(&mut self, syn: Syn) -> bool {
        let has_room = self.queue.len() < MAX_WAITING_SYNS;
        if has_room {
            self.queue.push_back(syn);
        }
        has_room
    }

    /// Whether so few wait that an address token is proof enough for one more.
    pub(super) fn heeds_tokens(&self) -> bool {
        self.queue.len() < MAX_WAITING_SYNS / TOKEN_SHARE as usize
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
        let syn = self.queue.pop_front()?;
        self.served += 1;
        Some(syn)
    }

    /// When the next may be served, if some wait.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let served_at = self.served_at.filter(|_| !self.queue.is_empty())?;
        Some(served_at + TIMER_GRANULARITY)
    }

    /// Time has passed: others have had their turn.
    pub(super) fn on_timeout(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.served_at = Some(now);
            self.served = 0;
        }
    }
}

impl Endpoint {
    /// Makes the handshakes whose turn it is; their answers are then queued.
    pub(super) fn serve_waiting(&mut self, now: Instant) {
        let Some(acceptor) = &mut self.acceptor else {
            return;
        };
        while let Some(syn) = self.waiting.pop(now) {
            let (answers, counters) = (&mut self.answers, &mut self.counters);
            acceptor.serve(now, &mut self.random, answers, counters, &syn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn the_queue_is_bounded() {
        let mut waiting = Waiting::default();
        let push = |waiting: &mut Waiting| {
            waiting.push(Syn {
                route: Route {
                    remote: ([192, 0, 2, 1], 7).into(),
                    local_ip: None,
                },
                length: 1200,
                client_id: 1,
                ephemeral: [0; EPHEMERAL_LEN],
            })
        };
        let queued = (0..2 * MAX_WAITING_SYNS).filter(|_| push(&mut waiting));
        assert_eq!(queued.count(), MAX_WAITING_SYNS);
        let now = instant();
        let served = std::iter::from_fn(|| waiting.pop(now)).count();
        assert_eq!(served, HANDSHAKES_PER_TURN);
        assert!(push(&mut waiting));
    }
}
