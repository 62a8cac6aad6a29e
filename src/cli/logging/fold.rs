//! Limits how many lines of one kind are logged, and counts the others.
//!
//! A stranger can cause any number of warnings. Each kind of line has a rate, and each source (a user, or the network of
//! an address) has a lower one, so that no source can fill the disk or soon hide the others.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// The rate of one source for one kind of line. Chosen: a person who mistypes a
/// password is logged each time; a program that tries is logged six times a minute.
const SOURCE: Rate = Rate {
    burst: 10,
    interval: Duration::from_secs(10),
};

/// The rate of all sources together. Chosen: a thousand users who sign in at once are all logged, and an endless flood takes
/// some 15 MB a day.
const ALL: Rate = Rate {
    burst: 1000,
    interval: Duration::from_secs(1),
};

/// Sources with a rate of their own, for each kind; the others share one. Chosen: some 100 KB for each kind.
const SOURCES_MAX: usize = 1024;

/// `burst` lines at once, and another after each interval.
struct Rate {
    burst: u32,
    interval: Duration,
}

/// How much of a rate is used: all of it is available again at this moment.
#[derive(Debug, Clone, Copy)]
struct Used {
    whole_at: Instant,
}

impl Used {
    const fn new(now: Instant) -> Self {
        Self { whole_at: now }
    }

    /// After another line, if the rate allows it.
    fn with_one(self, rate: &Rate, now: Instant) -> Option<Self> {
        let whole_at = self.whole_at.max(now) + rate.interval;
        (whole_at <= now + rate.interval * rate.burst).then_some(Self { whole_at })
    }
}

struct Kind<S> {
    all: Used,
    sources: HashMap<Option<S>, Used>,
    left_out: u64,
}

/// `K` identifies kinds of lines, `S` their sources.
pub struct Fold<K, S> {
    kinds: HashMap<K, Kind<S>>,
}

impl<K, S> Default for Fold<K, S> {
    fn default() -> Self {
        Self {
            kinds: HashMap::new(),
        }
    }
}

impl<K: Eq + Hash, S: Eq + Hash> Fold<K, S> {
    /// `None` if the line must not be written, else how many of its kind were left out since the last one. Kinds are never
    /// removed, so their number must be fixed.
    pub fn admit(&mut self, kind: K, source: Option<S>, now: Instant) -> Option<u64> {
        let kind = self.kinds.entry(kind).or_insert_with(|| Kind {
            all: Used::new(now),
            sources: HashMap::new(),
            left_out: 0,
        });
        if kind.sources.len() >= SOURCES_MAX {
            kind.sources.retain(|_, used| used.whole_at > now);
        }
        let is_known = kind.sources.contains_key(&source);
        let source = source.filter(|_| is_known || kind.sources.len() < SOURCES_MAX);
        let used = kind.sources.entry(source).or_insert(Used::new(now));
        let (Some(of_source), Some(of_all)) =
            (used.with_one(&SOURCE, now), kind.all.with_one(&ALL, now))
        else {
            kind.left_out += 1;
            return None;
        };
        *used = of_source;
        kind.all = of_all;
        Some(std::mem::take(&mut kind.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Numbers = Fold<u8, u32>;

    fn admitted(fold: &mut Numbers, source: u32, times: u32, now: Instant) -> u32 {
        (0..times)
            .map(|_| u32::from(fold.admit(0, Some(source), now).is_some()))
            .sum()
    }

    #[test]
    fn lines_beyond_the_rate_are_counted_and_told_with_the_next() {
        let (mut fold, now) = (Numbers::default(), crate::net::now().instant);
        assert_eq!(admitted(&mut fold, 1, 500, now), SOURCE.burst);
        assert_eq!(fold.admit(0, Some(1), now + SOURCE.interval / 2), None);
        let later = now + SOURCE.interval;
        assert_eq!(fold.admit(0, Some(1), later), Some(491));
        assert_eq!(fold.admit(0, Some(1), later), None);
        let much_later = later + SOURCE.interval * 100;
        assert_eq!(fold.admit(0, Some(1), much_later), Some(1));
        assert_eq!(fold.admit(0, Some(1), much_later), Some(0));
    }

    #[test]
    fn one_source_and_one_kind_hide_no_other() {
        let (mut fold, now) = (Numbers::default(), crate::net::now().instant);
        admitted(&mut fold, 1, 100_000, now);
        assert_eq!(fold.admit(0, Some(2), now), Some(100_000 - 10));
        assert_eq!(fold.admit(0, None, now), Some(0));
        assert_eq!(fold.admit(1, Some(1), now), Some(0));
    }

    #[test]
    fn any_number_of_sources_takes_a_bounded_share_of_log_and_memory() {
        let (mut fold, start) = (Numbers::default(), crate::net::now().instant);
        let mut lines = 0;
        let seconds = 600;
        for second in 0..seconds {
            let now = start + Duration::from_secs(u64::from(second));
            for source in 0..200 {
                lines += admitted(&mut fold, second * 200 + source, 1, now);
            }
        }
        assert!(lines <= ALL.burst + seconds, "{lines} lines");
        let sources = fold.kinds[&0].sources.len();
        assert!(sources <= SOURCES_MAX + 1, "{sources} sources");
    }

    #[test]
    fn thousand_users_who_come_back_at_once_are_all_logged() {
        let (mut fold, now) = (Numbers::default(), crate::net::now().instant);
        let lines: u32 = (0..1000)
            .map(|user| admitted(&mut fold, user, 1, now))
            .sum();
        assert_eq!(lines, 1000);
    }
}
