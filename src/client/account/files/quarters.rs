//! When a line tells how far a file is, for a terminal whose prompt cannot.

use std::time::{Duration, Instant};

/// How long nothing is told of a transfer, and then of what comes. Chosen: nobody wonders yet.
const TELL_WAIT: Duration = Duration::from_secs(3);

/// How far one transfer was told to be.
#[derive(Debug)]
pub(super) struct Quarters {
    told: u64,
    at: Instant,
}

impl Quarters {
    pub(super) const fn new(now: Instant) -> Self {
        Self { told: 0, at: now }
    }

    /// Whether it is to be told now: a further quarter has come, and is not the last one, after which the end is told.
    pub(super) fn is_due(&mut self, now: Instant, (done, of): (u64, u64)) -> bool {
        let quarter = done.saturating_mul(4) / of.max(1);
        let is_due = quarter > self.told && quarter < 4 && now >= self.at + TELL_WAIT;
        if is_due {
            *self = Self {
                told: quarter,
                at: now,
            };
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::instant;

    #[test]
    fn each_quarter_is_told_once_and_none_of_what_is_over_at_once() {
        let now = instant();
        let after = |seconds| now + Duration::from_secs(seconds);
        let mut slow = Quarters::new(now);
        let told: Vec<u64> = (0..=100)
            .filter(|percent| slow.is_due(after(*percent), (*percent, 100)))
            .collect();
        assert_eq!(told, [25, 50, 75]);
        let mut fast = Quarters::new(now);
        assert!((0..=100).all(|percent| !fast.is_due(after(2), (percent, 100))));
        assert!(!Quarters::new(now).is_due(after(9), (0, 0)));
    }
}
