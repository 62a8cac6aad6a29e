//! Who waits for the next guess at one name's password: it goes round, to the network that has had the fewest.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::prefix::Prefix;

/// Whoever has not asked for so long waits no longer. Chosen: longer than anybody is told to wait for a name.
const ACTIVE_FOR: Duration = Duration::from_mins(1);
/// How long each of those who come before is given to show up. Chosen: a client that was told when to come does so
/// within a round trip.
const GRACE: Duration = Duration::from_secs(1);
/// How many wait for one name; one more takes the place of the last, if it comes before that. Chosen: at the limit the
/// last of them is held up by minutes, and who has tried little stands before it.
const WAITING_MAX: usize = 512;
/// For how many names somebody waits; beyond it those for which nobody does any longer are forgotten, and then the first
/// by name. Chosen: whoever is forgotten is asked again, and stands in line again.
const NAMES_MAX: usize = 256;

/// The order in which they come: fewest tries first, then whoever has waited longest.
type Rank = (u32, Instant);

#[derive(Debug, Clone, Copy)]
struct Waiter {
    tries: u32,
    since: Instant,
    seen: Instant,
}

impl Waiter {
    fn rank(&self) -> Rank {
        (self.tries, self.since)
    }

    fn is_active(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.seen) <= ACTIVE_FOR
    }
}

/// Those who wait, by name.
#[derive(Debug, Default)]
pub struct Queues(BTreeMap<String, BTreeMap<Prefix, Waiter>>);

impl Queues {
    /// A network that has tried so often asks for the guess that may be made from `open` on: either it is its turn, or it
    /// waits.
    ///
    /// # Errors
    /// How long.
    pub fn ask(
        &mut self,
        now: Instant,
        name: &str,
        from: Prefix,
        tries: u32,
        open: Instant,
    ) -> Result<(), Duration> {
        let waiting = self.0.get(name);
        let known = waiting.and_then(|waiting| waiting.get(&from));
        let since = known.map_or(now, |waiter| waiter.since);
        let waiter = Waiter {
            tries,
            since,
            seen: now,
        };
        let before = waiting.map_or(0, |waiting| {
            let comes_first = |(other, it): &(&Prefix, &Waiter)| {
                **other != from && it.is_active(now) && it.rank() < waiter.rank()
            };
            waiting.iter().filter(comes_first).count()
        });
        let grace = GRACE.saturating_mul(u32::try_from(before).unwrap_or(u32::MAX));
        let ctx = open + grace;
        if ctx <= now {
            self.leave(name, from);
            return Ok(());
        }
        self.add(now, name, from, waiter);
        Err(ctx - now)
    }

    /// It waits no longer.
    fn leave(&mut self, name: &str, from: Prefix) {
        if let Some(waiting) = self.0.get_mut(name) {
            waiting.remove(&from);
            if waiting.is_empty() {
                self.0.remove(name);
            }
        }
    }

    fn add(&mut self, now: Instant, name: &str, from: Prefix, waiter: Waiter) {
        if self.0.len() >= NAMES_MAX && !self.0.contains_key(name) {
            self.0
                .retain(|_, waiting| waiting.values().any(|it| it.is_active(now)));
            if self.0.len() >= NAMES_MAX {
                self.0.pop_first();
            }
        }
        let waiting = self.0.entry(name.to_owned()).or_default();
        if waiting.len() >= WAITING_MAX && !waiting.contains_key(&from) {
            waiting.retain(|_, it| it.is_active(now));
            let last = waiting.iter().max_by_key(|(_, it)| it.rank());
            let last = last.map(|(prefix, it)| (*prefix, it.rank()));
            match last {
                Some((_, rank)) if waiting.len() >= WAITING_MAX && rank <= waiter.rank() => return,
                Some((prefix, _)) if waiting.len() >= WAITING_MAX => {
                    waiting.remove(&prefix);
                }
                _ => {}
            }
        }
        waiting.insert(from, waiter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    fn network(number: u32) -> Prefix {
        Prefix::of(std::net::IpAddr::from(number.to_be_bytes()))
    }

    #[test]
    fn whoever_has_tried_least_comes_first_and_then_whoever_waits_longest() {
        let start = instant();
        let open = start + Duration::from_secs(30);
        let mut queues = Queues::default();
        for number in 0..40 {
            assert!(queues.ask(start, "bob", network(number), 1, open).is_err());
        }
        let now = start + Duration::from_secs(20);
        assert!(queues.ask(now, "bob", network(99), 0, open).is_err());
        for number in 0..40 {
            let answer = queues.ask(open, "bob", network(number), 1, open);
            assert!(answer.is_err(), "{number} pushed in");
        }
        assert_eq!(queues.ask(open, "bob", network(99), 0, open), Ok(()));
        assert_eq!(queues.ask(open, "bob", network(0), 1, open), Ok(()));
    }

    #[test]
    fn those_who_do_not_come_hold_up_the_next_by_their_grace_only() {
        let start = instant();
        let mut queues = Queues::default();
        let open = start + Duration::from_secs(30);
        for number in 0..10 {
            let _ = queues.ask(start, "bob", network(number), 0, open);
        }
        let wait = queues.ask(open, "bob", network(99), 0, open);
        assert_eq!(wait, Err(10 * GRACE));
        let later = open + 10 * GRACE;
        assert_eq!(queues.ask(later, "bob", network(99), 0, open), Ok(()));
    }

    #[test]
    fn queues_are_bounded() {
        let now = instant();
        let open = now + Duration::from_secs(30);
        let mut queues = Queues::default();
        for number in 0..2_000 {
            let _ = queues.ask(now, "bob", network(number), 1, open);
            let _ = queues.ask(now, &format!("user{number}"), network(number), 1, open);
        }
        assert!(queues.0.len() <= NAMES_MAX);
        let _ = queues.ask(now, "bob", network(0), 1, open);
        for number in 0..2_000 {
            let _ = queues.ask(now, "bob", network(number), 1, open);
        }
        assert_eq!(queues.0["bob"].len(), WAITING_MAX);
        let _ = queues.ask(now, "bob", network(5_000), 0, open);
        assert!(queues.0["bob"].contains_key(&network(5_000)));
        assert_eq!(queues.0["bob"].len(), WAITING_MAX);
    }
}
