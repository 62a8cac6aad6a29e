//! Times as a user reads and types them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use crate::protocol::EntryId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Now, in milliseconds since 1970 (UTC).
    pub(crate) now_ms: u64,
    /// The user's zone, in seconds east of UTC.
    pub(crate) offset_seconds: i32,
}

/// From where a page goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HistoryAnchor {
    Now,
    /// From an entry, which is not on it.
    Entry(EntryId),
    /// From a moment, in milliseconds since 1970 (UTC).
    Time(u64),
}

impl Clock {
    /// A time: `14:02` today, `Tue 14:02` within the week, else with the date.
    pub(crate) fn show(self, time_ms: u64) -> String {
        let (then, now) = (self.local(time_ms), self.local(self.now_ms));
        let form = match (now.date() - then.date()).get_days() {
            0 => "%H:%M",
            1..7 => "%a %H:%M",
            _ => "%Y-%m-%d %H:%M",
        };
        then.strftime(form).to_string()
    }

    /// Reads a time (`14:02`, `2026-03-17`, `2026-03-17T14:02`) or an entry's number; nothing if it is neither.
    pub(crate) fn read(self, word: &str) -> Option<HistoryAnchor> {
        if let Ok(entry) = word.parse::<u64>() {
            return Some(HistoryAnchor::Entry(EntryId(entry)));
        }
        let today = self.local(self.now_ms).date();
        let local = Time::strptime("%H:%M", word)
            .map(|time| today.to_datetime(time))
            .or_else(|_| Date::strptime("%Y-%m-%d", word).map(DateTime::from))
            .or_else(|_| DateTime::strptime("%Y-%m-%dT%H:%M", word))
            .ok()?;
        let time = self.offset().to_timestamp(local).ok()?;
        let time_ms = u64::try_from(time.as_millisecond()).ok()?;
        Some(HistoryAnchor::Time(time_ms))
    }

    /// A time in the user's zone, or the last that a calendar has.
    fn local(self, time_ms: u64) -> DateTime {
        let time_ms = i64::try_from(time_ms).unwrap_or(i64::MAX);
        let time = Timestamp::from_millisecond(time_ms).unwrap_or(Timestamp::MAX);
        self.offset().to_datetime(time)
    }

    fn offset(self) -> Offset {
        Offset::from_seconds(self.offset_seconds).unwrap_or(Offset::UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tuesday, 2026-03-17 14:02:00 UTC.
    const TUESDAY_MS: u64 = 1_773_756_120_000;
    const DAY_MS: u64 = 86_400_000;

    fn read(word: &str, offset_seconds: i32) -> Option<HistoryAnchor> {
        let clock = Clock {
            now_ms: TUESDAY_MS + 3_600_000,
            offset_seconds,
        };
        clock.read(word)
    }

    fn clock(now_ms: u64) -> Clock {
        Clock {
            now_ms,
            offset_seconds: 0,
        }
    }

    #[test]
    fn time_gains_weekday_and_date_with_age() {
        assert_eq!(clock(TUESDAY_MS + 60_000).show(TUESDAY_MS), "14:02");
        assert_eq!(clock(TUESDAY_MS + DAY_MS).show(TUESDAY_MS), "Tue 14:02");
        assert_eq!(
            clock(TUESDAY_MS + 7 * DAY_MS).show(TUESDAY_MS),
            "2026-03-17 14:02"
        );
        assert_eq!(clock(TUESDAY_MS).show(0), "1970-01-01 00:00");
    }

    #[test]
    fn zone_moves_the_hour_and_the_day() {
        let clock = Clock {
            now_ms: TUESDAY_MS,
            offset_seconds: -15 * 3600,
        };
        assert_eq!(clock.show(TUESDAY_MS), "23:02");
        assert_eq!(clock.show(TUESDAY_MS + 58 * 60_000), "2026-03-17 00:00");
    }

    #[test]
    fn absurd_times_are_shown_and_harm_nothing() {
        let _ = clock(0).show(u64::MAX);
    }

    #[test]
    fn moments_are_read_in_the_users_zone() {
        let tuesday = Some(HistoryAnchor::Time(TUESDAY_MS));
        assert_eq!(read("14:02", 0), tuesday);
        assert_eq!(read("2026-03-17T14:02", 0), tuesday);
        assert_eq!(read("2026-03-17T16:02", 7200), tuesday);
        let midnight = TUESDAY_MS - (14 * 60 + 2) * 60_000;
        assert_eq!(read("2026-03-17", 0), Some(HistoryAnchor::Time(midnight)));
        assert_eq!(read("2026-3-17T14:2", 0), tuesday);
        assert_eq!(read("812", 0), Some(HistoryAnchor::Entry(EntryId(812))));
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
