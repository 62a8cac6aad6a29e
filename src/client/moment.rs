//! A moment as a user types it: `14:02`, `2026-03-17`, `2026-03-17T14:02`, or the number of an entry.

use super::looking_back::Before;
use super::render::Clock;
use crate::protocol::EntryId;

const DAY_SECONDS: i64 = 86_400;

/// Reads a moment or an entry's number; nothing if it is neither.
pub(super) fn before(word: &str, clock: Clock) -> Option<Before> {
    if let Ok(entry) = word.parse::<u64>() {
        return Some(Before::Entry(EntryId(entry)));
    }
    let (date, time) = match word.split_once('T') {
        Some((date, time)) => (Some(date), Some(time)),
        None if word.contains(':') => (None, Some(word)),
        None => (Some(word), None),
    };
    let seconds_of_day = time.map_or(Some(0), seconds_of_day)?;
    let offset = i64::from(clock.offset_seconds);
    let local_now = i64::try_from(clock.now_ms / 1000).ok()? + offset;
    let day = date.map_or(Some(local_now.div_euclid(DAY_SECONDS)), day)?;
    let utc = day * DAY_SECONDS + seconds_of_day - offset;
    u64::try_from(utc)
        .ok()
        .map(|seconds| Before::Time(seconds * 1000))
}

/// The seconds since midnight of `14:02`.
fn seconds_of_day(time: &str) -> Option<i64> {
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute) = (hour.parse::<u8>().ok()?, minute.parse::<u8>().ok()?);
    (hour < 24 && minute < 60).then(|| i64::from(hour) * 3600 + i64::from(minute) * 60)
}

/// The day of `2026-03-17`, counted from 1970-01-01 in the Gregorian calendar, with the year's begin shifted to March.
fn day(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let year = i64::from(parts.next()?.parse::<u16>().ok()?);
    let month = i64::from(parts.next()?.parse::<u8>().ok()?);
    let day = i64::from(parts.next()?.parse::<u8>().ok()?);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
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
            "2026-03",
            "T",
            "1-1-1-1",
            "0-1-1",
        ] {
            assert_eq!(read(word, 0), None, "{word}");
        }
    }
}
