//! A moment as a user types it: `14:02`, `2026-03-17`, `2026-03-17T14:02`, or the number of an entry.

use jiff::civil::{Date, DateTime, Time};

use super::render::Clock;
use crate::client::account::history::Before;
use crate::protocol::EntryId;

/// Reads a moment or an entry's number; nothing if it is neither.
pub(in crate::client) fn before(word: &str, clock: Clock) -> Option<Before> {
    if let Ok(entry) = word.parse::<u64>() {
        return Some(Before::Entry(EntryId(entry)));
    }
    let today = clock.local(clock.now_ms).date();
    let local = Time::strptime("%H:%M", word)
        .map(|time| today.to_datetime(time))
        .or_else(|_| Date::strptime("%Y-%m-%d", word).map(DateTime::from))
        .or_else(|_| DateTime::strptime("%Y-%m-%dT%H:%M", word))
        .ok()?;
    let time = clock.offset().to_timestamp(local).ok()?;
    let time_ms = u64::try_from(time.as_millisecond()).ok()?;
    Some(Before::Time(time_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tuesday, 2026-03-17 14:02:00 UTC.
    const TUESDAY_MS: u64 = 1_773_756_120_000;

    fn read(word: &str, offset_seconds: i32) -> Option<Before> {
        let clock = Clock {
            now_ms: TUESDAY_MS + 3_600_000,
            offset_seconds,
        };
        before(word, clock)
    }

    #[test]
    fn moments_are_read_in_the_users_zone() {
        let tuesday = Some(Before::Time(TUESDAY_MS));
        assert_eq!(read("14:02", 0), tuesday);
        assert_eq!(read("2026-03-17T14:02", 0), tuesday);
        assert_eq!(read("2026-03-17T16:02", 7200), tuesday);
        let midnight = TUESDAY_MS - (14 * 60 + 2) * 60_000;
        assert_eq!(read("2026-03-17", 0), Some(Before::Time(midnight)));
        assert_eq!(read("2026-3-17T14:2", 0), tuesday);
        assert_eq!(read("812", 0), Some(Before::Entry(EntryId(812))));
    }

    #[test]
    fn nonsense_is_no_moment() {
        for word in [
            "",
            "tea",
            "25:00",
            "14:",
            "2026-13-01",
            "2026-02-30",
            "2026-03",
            "T",
            "1-1-1-1",
            "0-1-1",
        ] {
            assert_eq!(read(word, 0), None, "{word}");
        }
    }
}
