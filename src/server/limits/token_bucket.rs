//! Token buckets: how much somebody may do at once, and how soon again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// With so many buckets those that are full again are forgotten for the first time, which tell nothing. Chosen: few
/// enough to be looked through in a moment.
const SWEPT_FIRST: usize = 4096;
/// How many are kept at most. Beyond it the fuller half is forgotten, too. Chosen: one for each of as many as can be
/// about at once, a few megabytes.
const KEPT_MAX: usize = 32_768;

/// What one bucket holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Tokens that come in a second.
    pub per_second: f64,
    /// Tokens at most.
    pub burst: f64,
}

/// A bucket for each of many, full at first.
#[derive(Debug)]
pub struct Buckets<K> {
    rate: Rate,
    used: BTreeMap<K, Bucket>,
    /// With so many buckets those that are full again are forgotten.
    sweep_at: usize,
}

/// What was left in a bucket at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// One with so many tokens.
    #[must_use]
    pub const fn full(tokens: f64, at: Instant) -> Self {
        Self { tokens, at }
    }
}

impl Rate {
    /// What is in a bucket now. One that nobody has used is full.
    #[must_use]
    pub fn level(self, bucket: Option<&Bucket>, now: Instant) -> f64 {
        bucket.map_or(self.burst, |bucket| {
            let elapsed = now.saturating_duration_since(bucket.at).as_secs_f64();
            (bucket.tokens + elapsed * self.per_second).min(self.burst)
        })
    }

    /// The bucket without so many of its tokens, which may be more than it has.
    #[must_use]
    pub fn spend(self, bucket: &Bucket, now: Instant, tokens: f64) -> Bucket {
        Bucket {
            tokens: self.level(Some(bucket), now) - tokens,
            at: now,
        }
    }

    /// The time in which a bucket comes from one level to another; a year, where it takes longer.
    #[must_use]
    pub fn time_to(self, level: f64, wanted: f64) -> Duration {
        const YEAR_S: f64 = 365.0 * 86_400.0;
        Duration::from_secs_f64(((wanted - level) / self.per_second).clamp(0.0, YEAR_S))
    }
}

impl<K: Ord> Buckets<K> {
    /// All are full.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            used: BTreeMap::new(),
            sweep_at: SWEPT_FIRST,
        }
    }

    /// Goes on with another rate. What was used stays used.
    pub const fn set_rate(&mut self, rate: Rate) {
        self.rate = rate;
    }

    /// Whether there is a token.
    ///
    /// # Errors
    /// The time until there is one.
    pub fn check(&self, now: Instant, key: &K) -> Result<(), Duration> {
        let level = self.rate.level(self.used.get(key), now);
        if level < 1.0 {
            return Err(self.rate.time_to(level, 1.0));
        }
        Ok(())
    }

    /// Takes a token.
    ///
    /// # Errors
    /// The time until there is one; none was taken.
    pub fn take(&mut self, now: Instant, key: K) -> Result<(), Duration> {
        self.check(now, &key)?;
        self.charge(now, key);
        Ok(())
    }

    /// Takes a token, or what is left of one.
    pub fn charge(&mut self, now: Instant, key: K) {
        let tokens = (self.rate.level(self.used.get(&key), now) - 1.0).max(0.0);
        self.used.insert(key, Bucket { tokens, at: now });
        if self.used.len() > self.sweep_at {
            self.sweep(now);
        }
    }

    /// Puts a token back.
    pub fn give_back(&mut self, now: Instant, key: &K) {
        let rate = self.rate;
        if let Some(bucket) = self.used.get_mut(key) {
            bucket.tokens = (rate.level(Some(bucket), now) + 1.0).min(rate.burst);
            bucket.at = now;
        }
    }

    /// How many tokens are missing.
    #[must_use]
    pub fn used(&self, now: Instant, key: &K) -> f64 {
        self.rate.burst - self.rate.level(self.used.get(key), now)
    }

    fn sweep(&mut self, now: Instant) {
        let rate = self.rate;
        let level = |bucket: &Bucket| rate.level(Some(bucket), now);
        self.used.retain(|_, bucket| level(bucket) < rate.burst);
        if self.used.len() >= KEPT_MAX {
            let mut levels: Vec<f64> = self.used.values().map(level).collect();
            let kept = levels.len() / 2;
            let (_, median, _) = levels.select_nth_unstable_by(kept, f64::total_cmp);
            let median = *median;
            let mut surplus = self.used.len() - kept;
            self.used.retain(|_, bucket| {
                let is_kept = level(bucket) < median || surplus == 0;
                surplus -= usize::from(!is_kept);
                is_kept
            });
        }
        // Not with each one more, where none could be forgotten.
        self.sweep_at = (2 * self.used.len()).clamp(SWEPT_FIRST, KEPT_MAX);
    }

    /// How many are kept.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.used.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn bucket_gives_its_burst_and_then_what_comes_in() {
        let mut now = instant();
        let mut buckets = Buckets::new(Rate {
            per_second: 0.5,
            burst: 3.0,
        });
        for _ in 0..3 {
            assert_eq!(buckets.take(now, "erin"), Ok(()));
        }
        let wait = Duration::from_secs(2);
        assert_eq!(buckets.take(now, "erin"), Err(wait));
        assert_eq!(buckets.take(now, "bob"), Ok(()));
        now += wait;
        assert_eq!(buckets.take(now, "erin"), Ok(()));
        assert_eq!(buckets.take(now, "erin"), Err(wait));
    }

    #[test]
    fn full_buckets_are_forgotten_when_there_are_many() {
        let mut now = instant();
        let mut buckets = Buckets::new(Rate {
            per_second: 1.0,
            burst: 3.0,
        });
        for key in 0..20_000 {
            now += Duration::from_millis(10);
            assert_eq!(buckets.take(now, key), Ok(()));
            assert!(buckets.len() <= SWEPT_FIRST);
        }
    }
}
