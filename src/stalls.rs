//! How long a thread of the server works at a stretch. Whatever it serves waits meanwhile, so the longest such stretch is
//! the latency that a user can meet.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Classes. The upper bound of each is twice that of the class before it; the last holds all the rest. Chosen: from
/// 125 µs to a minute.
const CLASSES: usize = 20;

/// The upper bound of the first class, in microseconds.
const FIRST_US: u64 = 125;

/// The stretches of one thread since the start. One thread records, any may look.
#[derive(Debug, Default)]
pub struct Stalls {
    classes: [AtomicU64; CLASSES],
    longest_us: AtomicU64,
    recent_us: AtomicU64,
}

/// What was recorded until now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StallReport {
    /// The longest stretch, in microseconds.
    pub longest_us: u64,
    /// Those classes that are not empty: the upper bound in microseconds, and how many stretches.
    pub classes: Vec<(u64, u64)>,
}

impl Stalls {
    /// A stretch has ended.
    pub fn record(&self, span: Duration) {
        let us = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        // Bounds double, so the class is the number of bits of how often the first bound fits.
        let bits = u64::BITS - (us.saturating_sub(1) / FIRST_US).leading_zeros();
        let class = usize::try_from(bits).unwrap_or(CLASSES).min(CLASSES - 1);
        self.classes[class].fetch_add(1, Ordering::Relaxed);
        self.longest_us.fetch_max(us, Ordering::Relaxed);
        self.recent_us.fetch_max(us, Ordering::Relaxed);
    }

    /// The longest stretch since this was last asked, in microseconds; for one thread that asks.
    #[must_use]
    pub fn take_recent_us(&self) -> u64 {
        self.recent_us.swap(0, Ordering::Relaxed)
    }

    /// What was recorded until now.
    #[must_use]
    pub fn report(&self) -> StallReport {
        let counts = self.classes.iter().enumerate();
        let counts =
            counts.map(|(class, count)| (FIRST_US << class, count.load(Ordering::Relaxed)));
        StallReport {
            longest_us: self.longest_us.load(Ordering::Relaxed),
            classes: counts.filter(|(_, count)| *count > 0).collect(),
        }
    }
}

impl StallReport {
    /// How many stretches were longer than this, to the next bound of a class.
    #[must_use]
    pub fn over(&self, span: Duration) -> u64 {
        let us = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let over = self.classes.iter().filter(|(bound, _)| *bound / 2 >= us);
        over.map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stretch_counts_in_the_class_whose_bound_it_does_not_pass() {
        let stalls = Stalls::default();
        assert_eq!(stalls.report(), StallReport::default());
        for us in [0, 1, 125, 126, 250, 251, 8000, 8001, u64::MAX] {
            stalls.record(Duration::from_micros(us));
        }
        let report = stalls.report();
        let last = FIRST_US << (CLASSES - 1);
        let expected = [
            (125, 3),
            (250, 2),
            (500, 1),
            (8000, 1),
            (16_000, 1),
            (last, 1),
        ];
        assert_eq!(report.classes, expected);
        assert_eq!(report.longest_us, u64::MAX);
        assert_eq!(stalls.take_recent_us(), u64::MAX);
        stalls.record(Duration::from_micros(7));
        assert_eq!(stalls.take_recent_us(), 7);
        assert_eq!(stalls.take_recent_us(), 0);
        assert_eq!(report.over(Duration::from_millis(8)), 2);
        assert_eq!(report.over(Duration::from_millis(4)), 3);
    }
}
