//! Token buckets: how much somebody may do at once, and how soon again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How many buckets are kept before those are forgotten that are full again, which tell nothing.
const KEPT_MAX: usize = 4096;

/// What one bucket holds.
#[derive(Debug, Clone, Copy)]
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
    /// How often there was no token to take.
    refused: u64,
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
            sweep_at: KEPT_MAX,
            refused: 0,
        }
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
        if let Err(wait) = self.check(now, &key) {
            self.refused += 1;
            return Err(wait);
        }
        let tokens = self.rate.level(self.used.get(&key), now) - 1.0;
        self.used.insert(key, Bucket { tokens, at: now });
        if self.used.len() > self.sweep_at {
            let rate = self.rate;
            self.used
                .retain(|_, bucket| rate.level(Some(bucket), now) < rate.burst);
            // Not with each one more, where none could be forgotten.
            self.sweep_at = KEPT_MAX.max(2 * self.used.len());
        }
        Ok(())
    }

    /// How often there was no token to take, since the start.
    pub const fn refused(&self) -> u64 {
        self.refused
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
        assert_eq!(buckets.refused(), 2);
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
            assert!(buckets.len() <= KEPT_MAX);
        }
    }
}
