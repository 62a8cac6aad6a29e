//! A rate for all, shared out fairly when it runs short: whoever has used the most of it waits first.

use std::time::{Duration, Instant};

use crate::server::limits::token_bucket::{Buckets, Rate};

/// How many uses are remembered of one user. Chosen: beyond this, more makes no difference.
const REMEMBERED_MAX: f64 = 256.0;

/// By how much more a wider network may use before it counts as one that uses much. Chosen: the narrower ones in it are
/// often different people.
const WIDER: f64 = 16.0;

/// What is shared, and who comes first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sharing {
    /// What all together may use.
    pub all: Rate,
    /// Whoever has used less than this of late uses little.
    pub little: f64,
    /// How many uses are forgotten in a second.
    pub forgotten_per_second: f64,
}

/// The rate, and who has used it. A user is a list of keys, the narrowest first.
///
/// The last quarter is for those who use little, in a wider network that does so too; the quarter before it for all who
/// use little themselves; the rest is for everybody. So nobody is held up while there is enough, and the few who take
/// everything leave half of it, and all that comes in, to the others.
#[derive(Debug)]
pub struct Shared<K> {
    sharing: Sharing,
    tokens: f64,
    at: Instant,
    uses: Buckets<K>,
}

impl<K: Ord + Clone> Shared<K> {
    /// Nothing has been used.
    #[must_use]
    pub fn new(now: Instant, sharing: Sharing) -> Self {
        Self {
            sharing,
            tokens: sharing.all.burst,
            at: now,
            uses: Buckets::new(Rate {
                per_second: sharing.forgotten_per_second,
                burst: REMEMBERED_MAX,
            }),
        }
    }

    /// Goes on with another rate. What was used stays used.
    pub const fn set_sharing(&mut self, sharing: Sharing) {
        self.sharing = sharing;
    }

    /// Whether there is something left for this user; one who `is_first` uses little, whatever they have used.
    ///
    /// # Errors
    /// The time until there is.
    pub fn check(&self, now: Instant, user: &[K], is_first: bool) -> Result<(), Duration> {
        let missing = 1.0 + self.reserve(now, user, is_first) - self.level(now);
        if missing > 0.0 {
            Err(Duration::from_secs_f64(
                missing / self.sharing.all.per_second,
            ))
        } else {
            Ok(())
        }
    }

    /// Uses one.
    ///
    /// # Errors
    /// The time until there is one for this user; none was used.
    pub fn take(&mut self, now: Instant, user: &[K], is_first: bool) -> Result<(), Duration> {
        self.check(now, user, is_first)?;
        self.tokens = self.level(now) - 1.0;
        self.at = now;
        self.charge(now, user);
        Ok(())
    }

    /// Takes nothing of what is shared, but counts as a use of this user.
    pub fn charge(&mut self, now: Instant, user: &[K]) {
        for key in user {
            self.uses.charge(now, key.clone());
        }
    }

    /// What a user was to use has not been used after all.
    pub fn give_back(&mut self, now: Instant, user: &[K]) {
        self.tokens = (self.level(now) + 1.0).min(self.sharing.all.burst);
        self.at = now;
        for key in user {
            self.uses.give_back(now, key);
        }
    }

    fn level(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        let Rate { per_second, burst } = self.sharing.all;
        (self.tokens + elapsed * per_second).min(burst)
    }

    /// What is left to others by this user.
    fn reserve(&self, now: Instant, user: &[K], is_first: bool) -> f64 {
        let uses_much =
            |key: &K, factor: f64| self.uses.used(now, key) + 1.0 > self.sharing.little * factor;
        let burst = self.sharing.all.burst;
        match user {
            _ if is_first => 0.0,
            [narrowest, ..] if uses_much(narrowest, 1.0) => burst / 2.0,
            [_, wider @ ..] if wider.iter().any(|key| uses_much(key, WIDER)) => burst / 4.0,
            _ => 0.0,
        }
    }

    /// How many users are remembered.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.uses.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    const SHARING: Sharing = Sharing {
        all: Rate {
            per_second: 1.0,
            burst: 40.0,
        },
        little: 2.0,
        forgotten_per_second: 0.01,
    };

    #[test]
    fn one_who_takes_everything_leaves_half_to_the_others() {
        let mut now = instant();
        let mut shared = Shared::new(now, SHARING);
        let taken = (0..100)
            .filter(|_| shared.take(now, &["mallory"], false).is_ok())
            .count();
        assert_eq!(taken, 20);
        for _ in 0..600 {
            now += Duration::from_secs(1);
            while shared.take(now, &["mallory"], false).is_ok() {}
            assert_eq!(shared.check(now, &["erin"], false), Ok(()));
        }
        assert_eq!(shared.take(now, &["erin"], false), Ok(()));
    }

    #[test]
    fn many_neighbours_leave_a_quarter_to_those_who_live_elsewhere() {
        let now = instant();
        let mut shared = Shared::new(now, SHARING);
        let taken = (0..1000)
            .filter(|number| shared.take(now, &[*number, 5_000], false).is_ok())
            .count();
        assert_eq!(taken, 32, "they use much together after the 31st");
        assert!(shared.check(now, &[1_001, 5_001], false).is_ok());
    }

    #[test]
    fn whoever_comes_first_is_held_up_by_nobody_who_uses_much() {
        let now = instant();
        let mut shared = Shared::new(now, SHARING);
        while shared.take(now, &["mallory"], false).is_ok() {}
        assert!(shared.check(now, &["mallory"], false).is_err());
        assert!(shared.check(now, &["mallory"], true).is_ok());
    }

    #[test]
    fn charges_shed_a_user_without_costing_the_others_anything() {
        let now = instant();
        let mut shared = Shared::new(now, SHARING);
        for _ in 0..10_000 {
            shared.charge(now, &["mallory"]);
        }
        let left = (0..20)
            .filter(|_| shared.take(now, &["erin"], true).is_ok())
            .count();
        assert_eq!(left, 20);
        assert!(shared.check(now, &["mallory"], false).is_err());
        assert!(shared.check(now, &["bob"], false).is_ok());
    }

    #[test]
    fn users_that_are_remembered_are_bounded_and_the_greediest_stay() {
        let now = instant();
        let mut shared = Shared::new(now, SHARING);
        for _ in 0..10 {
            shared.charge(now, &[u32::MAX]);
        }
        for number in 0..100_000 {
            shared.charge(now, &[number]);
        }
        assert!(shared.len() <= 32_768, "{}", shared.len());
        assert!(shared.uses.used(now, &u32::MAX) > 9.0);
    }
}
