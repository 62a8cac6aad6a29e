//! The virtual network's one link: what it does to datagrams, and what is under way on it.
//!
//! The clock is whatever a test counts in: instants, or the time since the test began.

use std::collections::BTreeMap;
use std::ops::{Add, Sub};
use std::time::Duration;

use super::rng::Rng;

/// A point of a test's clock.
pub trait Moment: Copy + Ord + Add<Duration, Output = Self> + Sub<Output = Duration> {}

impl<T: Copy + Ord + Add<Duration, Output = Self> + Sub<Output = Duration>> Moment for T {}

/// What a path does, in each direction alike. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Link {
    pub loss: f64,
    /// How many packets begin a burst of losses, and how many of those in one are its last.
    pub burst: f64,
    pub burst_ends: f64,
    pub duplicate: f64,
    pub reorder: f64,
    pub corrupt: f64,
    /// One way.
    pub delay: Duration,
    pub jitter: Duration,
    /// The bottleneck, in bytes a second; 0 for none. What would wait in its queue for longer is dropped.
    pub rate: u32,
    pub queue: Duration,
    /// Larger datagrams vanish, in bytes; 0 for none.
    pub largest: usize,
}

impl Link {
    /// One on which everything arrives at once.
    pub const PERFECT: Self = Self {
        loss: 0.0,
        burst: 0.0,
        burst_ends: 0.0,
        duplicate: 0.0,
        reorder: 0.0,
        corrupt: 0.0,
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        rate: 0,
        queue: Duration::ZERO,
        largest: 0,
    };
}

/// What befell a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    TooLarge,
    BurstLost,
    Lost,
    QueueDropped,
    Queued,
    Duplicated,
    Corrupted,
    Reordered,
}

/// One direction of a path.
pub struct Direction<At> {
    in_burst: bool,
    /// When the bottleneck has sent what it has.
    free_at: Option<At>,
}

impl<At> Default for Direction<At> {
    fn default() -> Self {
        Self {
            in_burst: false,
            free_at: None,
        }
    }
}

impl<At: Moment> Direction<At> {
    /// When something of this length has passed the link's losses and its bottleneck; nothing if it has not.
    pub fn pass(
        &mut self,
        link: &Link,
        rng: &mut Rng,
        now: At,
        length: usize,
        mut befalls: impl FnMut(Mishap),
    ) -> Option<At> {
        if link.largest > 0 && length > link.largest {
            befalls(Mishap::TooLarge);
            return None;
        }
        self.in_burst = if self.in_burst {
            !rng.happens(link.burst_ends)
        } else {
            rng.happens(link.burst)
        };
        if self.in_burst {
            befalls(Mishap::BurstLost);
            return None;
        }
        if rng.happens(link.loss) {
            befalls(Mishap::Lost);
            return None;
        }
        if link.rate == 0 {
            return Some(now);
        }
        let start = self.free_at.map_or(now, |free_at| free_at.max(now));
        if start - now > link.queue {
            befalls(Mishap::QueueDropped);
            return None;
        }
        if start > now {
            befalls(Mishap::Queued);
        }
        let length = u32::try_from(length).expect("datagrams are short");
        let passed = start + Duration::from_secs(1) * length / link.rate;
        self.free_at = Some(passed);
        Some(passed)
    }

    /// The copies of a datagram that arrive, and when.
    pub fn carry(
        &mut self,
        link: &Link,
        rng: &mut Rng,
        now: At,
        bytes: &[u8],
        mut befalls: impl FnMut(Mishap),
    ) -> Vec<(At, Vec<u8>)> {
        let Some(passed) = self.pass(link, rng, now, bytes.len(), &mut befalls) else {
            return Vec::new();
        };
        let copies = if rng.happens(link.duplicate) {
            befalls(Mishap::Duplicated);
            2
        } else {
            1
        };
        let mut copy = || {
            let mut bytes = bytes.to_vec();
            if rng.happens(link.corrupt) && !bytes.is_empty() {
                befalls(Mishap::Corrupted);
                let at = rng.index(bytes.len());
                bytes[at] ^= 1 << rng.below(8);
            }
            let mut delay = link.delay + link.jitter.mul_f64(rng.share(1.0));
            if rng.happens(link.reorder) {
                befalls(Mishap::Reordered);
                delay += link.delay + Duration::from_millis(5);
            }
            (passed + delay, bytes)
        };
        (0..copies).map(|_| copy()).collect()
    }

    /// What was in a burst of losses is so no longer.
    pub fn mend(&mut self) {
        self.in_burst = false;
    }
}

/// What is under way, in the order in which it arrives.
pub struct UnderWay<At, T> {
    arrivals: BTreeMap<(At, u64), T>,
    count: u64,
}

impl<At, T> Default for UnderWay<At, T> {
    fn default() -> Self {
        Self {
            arrivals: BTreeMap::new(),
            count: 0,
        }
    }
}

impl<At: Moment, T> UnderWay<At, T> {
    pub fn put(&mut self, arrival: At, item: T) {
        self.count += 1;
        self.arrivals.insert((arrival, self.count), item);
    }

    pub fn next(&self) -> Option<At> {
        let ((arrival, _), _) = self.arrivals.first_key_value()?;
        Some(*arrival)
    }

    /// Takes out the first of what has arrived.
    pub fn take(&mut self, now: At) -> Option<T> {
        let first = self.arrivals.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}
