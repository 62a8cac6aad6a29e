//! The workload `paced`: each client sends at a fixed rate, to measure latency.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

use super::traffic::{Audience, Outgoing, Partner, Traffic};
use crate::bench::args::Args;
use crate::transport::Channel;

/// Messages of this first time are not counted, because estimates of round trips and losses have to settle.
pub(super) const WARM_UP: Duration = Duration::from_secs(2);

/// Each member sends at a moment of its own in every interval, drawn once.
pub struct Paced {
    clients: usize,
    size: usize,
    interval: Duration,
    /// Messages of each member that are not counted, and messages in all.
    warm_up: u64,
    lines: u64,
    random: ChaCha20Rng,
    /// When each member sends next, and the number of that message.
    next: BinaryHeap<Reverse<(Instant, usize, u64)>>,
    counted_from: Option<Instant>,
}

impl Paced {
    /// As many messages as fit in the duration.
    pub fn new(args: &Args, seed: [u8; 32]) -> Self {
        let mut pace = Self::endless(args, seed);
        pace.lines = pace.warm_up + lines_in(args.duration, args.rate).max(1);
        pace
    }

    /// Messages until [`Paced::stop`].
    pub fn endless(args: &Args, seed: [u8; 32]) -> Self {
        Self {
            clients: args.clients,
            size: args.size,
            interval: Duration::from_secs_f64(args.rate.recip()),
            warm_up: lines_in(WARM_UP, args.rate),
            lines: u64::MAX,
            random: ChaCha20Rng::from_seed(seed),
            next: BinaryHeap::new(),
            counted_from: None,
        }
    }

    pub fn stop(&mut self) {
        self.next.clear();
    }
}

fn lines_in(time: Duration, rate: f64) -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "both factors are positive, and the product is far below 2^53"
    )]
    let lines = (time.as_secs_f64() * rate).round() as u64;
    lines
}

impl Traffic for Paced {
    fn partners(&self, member: usize) -> Vec<Partner> {
        let partner = Partner {
            with: Audience::Member(member ^ 1),
            channel: Channel::Chat,
            size: self.size,
        };
        vec![partner]
    }

    fn begin(&mut self, now: Instant) {
        for member in 0..self.clients {
            let share = f64::from(self.random.next_u32()) / f64::from(u32::MAX);
            let first = now + self.interval.mul_f64(share);
            self.next.push(Reverse((first, member, 0)));
        }
        let warm_up = u32::try_from(self.warm_up).unwrap_or(u32::MAX);
        self.counted_from = Some(now + self.interval.saturating_mul(warm_up));
    }

    fn poll(&mut self, now: Instant) -> Option<Outgoing> {
        let Reverse((at, member, line)) = *self.next.peek()?;
        if at > now {
            return None;
        }
        self.next.pop();
        if line + 1 < self.lines {
            self.next
                .push(Reverse((at + self.interval, member, line + 1)));
        }
        Some(Outgoing {
            member,
            talk: 0,
            at,
            readers: 1,
            is_counted: line >= self.warm_up,
        })
    }

    fn deadline(&self) -> Option<Instant> {
        self.next.peek().map(|Reverse((at, _, _))| *at)
    }

    fn counted_from(&self) -> Option<Instant> {
        self.counted_from
    }

    fn expected(&self) -> u64 {
        (self.lines - self.warm_up) * self.clients as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    fn args(clients: usize) -> Args {
        Args {
            clients,
            ..Args::of_test()
        }
    }

    #[test]
    fn everybody_types_at_the_rate_and_what_warms_up_is_not_counted() {
        let mut pace = Paced::new(&args(4), [1; 32]);
        let start = instant();
        pace.begin(start);
        let mut counted = [0; 4];
        let mut warming = [0; 4];
        let mut last = [None; 4];
        while let Some(now) = pace.deadline() {
            let outgoing = pace.poll(now).unwrap();
            assert!(outgoing.at == now);
            if let Some(before) = last[outgoing.member].replace(now) {
                assert_eq!(now - before, Duration::from_millis(500));
            }
            if outgoing.is_counted {
                counted[outgoing.member] += 1;
                assert!(now >= pace.counted_from().unwrap());
            } else {
                warming[outgoing.member] += 1;
            }
        }
        assert_eq!((counted, warming), ([6; 4], [4; 4]));
        assert_eq!(pace.expected(), 24);
    }

    #[test]
    fn nothing_is_typed_before_its_time() {
        let mut pace = Paced::new(&args(2), [2; 32]);
        let start = instant();
        pace.begin(start);
        let first = pace.deadline().unwrap();
        let just_before = first.checked_sub(Duration::from_nanos(1)).unwrap();
        assert_eq!(pace.poll(just_before), None);
    }
}
