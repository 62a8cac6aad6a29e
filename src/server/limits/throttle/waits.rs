//! Waits that grow with each try, and are forgotten after a while.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// How many keys are remembered; beyond it the one least recently added is forgotten for which nobody has to wait.
/// Chosen: an attacker who makes a hundred tries a second, two keys for each, needs five minutes for them.
const ENTRIES_MAX: usize = 65_536;
/// How many that somebody has to wait for are passed over for each that is forgotten. Chosen: bounded work.
const SECOND_CHANCES: u32 = 16;

/// How a wait grows: after so many free tries a second, then twice as long each time, up to a longest. After so long without a
/// try, which is longer than that, everything is forgiven.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    /// Tries without a wait.
    pub free: u32,
    /// The longest wait.
    pub longest: Duration,
    pub forgiven_after: Duration,
}

impl Growth {
    /// At one of so many servers, each of which knows its own tries alone: whoever goes round waits as long as at one.
    #[must_use]
    pub fn among(self, servers: u32) -> Self {
        Self {
            free: self.free,
            longest: self.longest.saturating_mul(servers),
            forgiven_after: self.forgiven_after.saturating_mul(servers),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    count: u32,
    last: Instant,
    not_before: Instant,
}

/// The tries of late, by key.
#[derive(Debug)]
pub struct Waits<K> {
    entries: BTreeMap<K, Tries>,
    order: VecDeque<K>,
}

impl<K> Default for Waits<K> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<K: Ord + Clone> Waits<K> {
    /// When the next try may be made; none if now or before.
    #[must_use]
    pub fn not_before(&self, now: Instant, key: &K) -> Option<Instant> {
        let at = self.entries.get(key)?.not_before;
        (at > now).then_some(at)
    }

    /// When the next try could have been made at the earliest.
    #[must_use]
    pub fn open_since(&self, key: &K) -> Option<Instant> {
        self.entries.get(key).map(|tries| tries.not_before)
    }

    /// How many tries are remembered.
    #[must_use]
    pub fn tries(&self, now: Instant, key: &K, growth: Growth) -> u32 {
        let entry = self.entries.get(key);
        let of_late =
            |tries: &&Tries| now.saturating_duration_since(tries.last) <= growth.forgiven_after;
        entry.filter(of_late).map_or(0, |tries| tries.count)
    }

    /// Counts a try.
    pub fn count(&mut self, now: Instant, key: K, growth: Growth) {
        let tries = self.entries.entry(key.clone()).or_insert_with(|| {
            self.order.push_back(key);
            Tries {
                count: 0,
                last: now,
                not_before: now,
            }
        });
        if now.saturating_duration_since(tries.last) > growth.forgiven_after {
            tries.count = 0;
        }
        tries.count = tries.count.saturating_add(1);
        tries.last = now;
        if let Some(beyond) = tries.count.checked_sub(growth.free + 1) {
            let wait = Duration::from_secs(1 << beyond.min(20)).min(growth.longest);
            tries.not_before = now + wait;
        }
        if self.entries.len() > ENTRIES_MAX {
            self.forget_one(now);
        }
    }

    /// What was tried under this key is forgiven.
    pub fn forgive(&mut self, key: &K) {
        if let Some(tries) = self.entries.get_mut(key) {
            tries.count = 0;
            tries.not_before = tries.last;
        }
    }

    /// Forgets the one least recently added that nobody has to wait for, if it is found soon: else whoever guesses
    /// could be rid of a wait by trying names that nobody has.
    fn forget_one(&mut self, now: Instant) {
        for chances in (0..SECOND_CHANCES).rev() {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            let entry = self.entries.get(&oldest);
            if chances > 0 && entry.is_some_and(|entry| entry.not_before > now) {
                self.order.push_back(oldest);
            } else {
                self.entries.remove(&oldest);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    const GROWTH: Growth = Growth {
        free: 5,
        longest: Duration::from_mins(15),
        forgiven_after: Duration::from_mins(30),
    };

    #[test]
    fn waits_double_up_to_the_longest_and_are_forgiven() {
        let mut now = instant();
        let mut waits = Waits::default();
        for _ in 0..=GROWTH.free {
            assert_eq!(waits.not_before(now, &"bob"), None);
            waits.count(now, "bob", GROWTH);
        }
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            let wait = Duration::from_secs(seconds);
            assert_eq!(waits.not_before(now, &"bob"), Some(now + wait));
            now += wait;
            waits.count(now, "bob", GROWTH);
        }
        waits.forgive(&"bob");
        assert_eq!(waits.not_before(now, &"bob"), None);
    }

    #[test]
    fn table_is_bounded_and_no_wait_is_flushed_by_other_keys() {
        // The oldest was forgotten whatever it was: five minutes of made-up names, and a guesser at bob's password
        // began again.
        let mut now = instant();
        let mut waits = Waits::default();
        for _ in 0..15 {
            now = waits.not_before(now, &u32::MAX).unwrap_or(now);
            waits.count(now, u32::MAX, GROWTH);
        }
        for key in 0..80_000 {
            now += Duration::from_millis(5);
            waits.count(now, key, GROWTH);
        }
        assert!(waits.entries.len() <= ENTRIES_MAX);
        assert!(waits.order.len() <= ENTRIES_MAX + 1);
        assert!(waits.not_before(now, &u32::MAX).is_some());
    }
}
