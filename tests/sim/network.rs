//! The network between the hosts, and what it does to datagrams.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;
use std::net::SocketAddr;
use std::ops::AddAssign;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

/// What a link does, in each direction alike. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub loss: f64,
    pub duplicate: f64,
    pub reorder: f64,
    pub corrupt: f64,
    /// One way.
    pub delay: Duration,
    pub jitter: Duration,
}

/// What was done to packets and hosts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    pub packets: u64,
    pub lost: u64,
    pub duplicated: u64,
    pub reordered: u64,
    pub corrupted: u64,
    pub server_crashes: u64,
    pub client_starts: u64,
    /// Virtual time that passed, in milliseconds.
    pub elapsed_ms: u64,
}

impl Faults {
    /// Whether each fault that the link is to make was made at least once: a run in which nothing was lost
    /// proves nothing about loss.
    pub fn all_happened(&self, link: &Link) -> bool {
        (link.loss == 0.0 || self.lost > 0)
            && (link.duplicate == 0.0 || self.duplicated > 0)
            && (link.reorder == 0.0 || self.reordered > 0)
            && (link.corrupt == 0.0 || self.corrupted > 0)
    }
}

impl AddAssign for Faults {
    fn add_assign(&mut self, other: Self) {
        self.packets += other.packets;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.corrupted += other.corrupted;
        self.server_crashes += other.server_crashes;
        self.client_starts += other.client_starts;
        self.elapsed_ms += other.elapsed_ms;
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} packets, {} lost, {} duplicated, {} reordered, {} corrupted, {} server crashes, {} clients started again, {} s",
            self.packets,
            self.lost,
            self.duplicated,
            self.reordered,
            self.corrupted,
            self.server_crashes,
            self.client_starts,
            self.elapsed_ms / 1000
        )
    }
}

/// A datagram under way.
#[derive(Debug, PartialEq, Eq)]
pub struct Datagram {
    pub due: Duration,
    order: u64,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

impl Ord for Datagram {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.order).cmp(&(self.due, self.order))
    }
}

impl PartialOrd for Datagram {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// All datagrams under way.
pub struct Network {
    link: Link,
    dice: ChaCha20Rng,
    under_way: BinaryHeap<Datagram>,
    sent: u64,
    pub faults: Faults,
}

impl Network {
    pub fn new(link: Link, dice: ChaCha20Rng) -> Self {
        Self {
            link,
            dice,
            under_way: BinaryHeap::new(),
            sent: 0,
            faults: Faults::default(),
        }
    }

    /// From now on nothing is done to datagrams but delaying them.
    pub fn heal(&mut self) {
        self.link = Link {
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            corrupt: 0.0,
            ..self.link
        };
    }

    pub fn send(&mut self, now: Duration, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.faults.packets += 1;
        if self.happens(self.link.loss) {
            self.faults.lost += 1;
            return;
        }
        let copies = if self.happens(self.link.duplicate) {
            self.faults.duplicated += 1;
            2
        } else {
            1
        };
        for _ in 0..copies {
            let mut bytes = bytes.to_vec();
            if self.happens(self.link.corrupt) && !bytes.is_empty() {
                self.faults.corrupted += 1;
                let at = self.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << self.below(8);
            }
            let mut delay =
                self.link.delay + self.link.jitter.mul_f64(self.below(1000) as f64 / 1000.0);
            if self.happens(self.link.reorder) {
                self.faults.reordered += 1;
                delay += self.link.delay + Duration::from_millis(5);
            }
            self.sent += 1;
            let order = self.sent;
            self.under_way.push(Datagram {
                due: now + delay,
                order,
                from,
                to,
                bytes,
            });
        }
    }

    pub fn next_due(&self) -> Option<Duration> {
        self.under_way.peek().map(|datagram| datagram.due)
    }

    pub fn take_due(&mut self, now: Duration) -> Option<Datagram> {
        if self.next_due()? <= now {
            self.under_way.pop()
        } else {
            None
        }
    }

    fn happens(&mut self, share: f64) -> bool {
        (self.below(1_000_000) as f64) < share * 1_000_000.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.dice.next_u64() % bound
    }
}
