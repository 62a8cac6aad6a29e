//! Times as a user reads and types them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::protocol::EntryId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock<'a> {
    /// Now, in milliseconds since 1970 (UTC).
    pub(crate) now_ms: u64,
    /// The user's zone, whose rule of each moment counts.
    pub(crate) zone: &'a TimeZone,
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

impl Clock<'_> {
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

    /// Reads a time (`14:02`, `2026-03-17`, `2026-03-17T14:02`) or an entry's number; nothing if it is neither. Of a time
    /// that the zone skips or has twice, the second value says which moment is meant.
    pub(crate) fn read(self, word: &str) -> Option<(HistoryAnchor, Option<String>)> {
        if let Ok(entry) = word.parse::<u64>() {
            return Some((HistoryAnchor::Entry(EntryId(entry)), None));
        }
        let today = self.local(self.now_ms).date();
        let day = Date::strptime("%Y-%m-%d", word);
        let local = Time::strptime("%H:%M", word)
            .map(|time| today.to_datetime(time))
            .or_else(|_| day.clone().map(DateTime::from))
            .or_else(|_| DateTime::strptime("%Y-%m-%dT%H:%M", word))
            .ok()?;
        // RFC 5545: a skipped time is as much later as is skipped, and one that comes twice is the first.
        let moment = self.zone.to_ambiguous_timestamp(local);
        let time = moment.compatible().ok()?;
        let typed = local.strftime("%Y-%m-%d %H:%M");
        let note = match moment.offset() {
            // A day begins with its first moment.
            _ if day.is_ok() => None,
            AmbiguousOffset::Unambiguous { .. } => None,
            AmbiguousOffset::Gap { .. } => Some(format!(
                "the clocks went forward over {typed}; {} is meant",
                self.zone.to_datetime(time).strftime("%H:%M")
            )),
            AmbiguousOffset::Fold { .. } => Some(format!(
                "the clocks went back, so {typed} came twice; the first is meant"
            )),
        };
        let time_ms = u64::try_from(time.as_millisecond()).ok()?;
        Some((HistoryAnchor::Time(time_ms), note))
    }

    /// A time in the user's zone, or the last that a calendar has.
    fn local(self, time_ms: u64) -> DateTime {
        let time_ms = i64::try_from(time_ms).unwrap_or(i64::MAX);
        let time = Timestamp::from_millisecond(time_ms).unwrap_or(Timestamp::MAX);
        self.zone.to_datetime(time)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::{Offset, TimeZoneDatabase};

    use super::*;

    /// Tuesday, 2026-03-17 14:02:00 UTC.
    const TUESDAY_MS: u64 = 1_773_756_120_000;
    const DAY_MS: u64 = 86_400_000;

    fn zone(name: &str) -> TimeZone {
        TimeZoneDatabase::bundled().get(name).unwrap()
    }

    fn ms(time: &str) -> u64 {
        let time: Timestamp = time.parse().unwrap();
        time.as_millisecond().try_into().unwrap()
    }

    fn read(word: &str, zone: &TimeZone) -> Option<HistoryAnchor> {
        let now_ms = TUESDAY_MS + 3_600_000;
        let (anchor, note) = Clock { now_ms, zone }.read(word)?;
        assert_eq!(note, None, "{word}");
        Some(anchor)
    }

    fn clock(now_ms: u64) -> Clock<'static> {
        static UTC: TimeZone = TimeZone::UTC;
        Clock { now_ms, zone: &UTC }
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
        let zone = TimeZone::fixed(Offset::from_hours(-15).unwrap());
        let clock = Clock {
            now_ms: TUESDAY_MS,
            zone: &zone,
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
        let utc = &TimeZone::UTC;
        let east = &TimeZone::fixed(Offset::from_hours(2).unwrap());
        let tuesday = Some(HistoryAnchor::Time(TUESDAY_MS));
        assert_eq!(read("14:02", utc), tuesday);
        assert_eq!(read("2026-03-17T14:02", utc), tuesday);
        assert_eq!(read("2026-03-17T16:02", east), tuesday);
        let midnight = TUESDAY_MS - (14 * 60 + 2) * 60_000;
        assert_eq!(read("2026-03-17", utc), Some(HistoryAnchor::Time(midnight)));
        assert_eq!(read("2026-3-17T14:2", utc), tuesday);
        assert_eq!(read("812", utc), Some(HistoryAnchor::Entry(EntryId(812))));
    }

    /// A message of the summer, read in winter, was shown an hour later, and at midnight on the wrong day.
    #[test]
    fn each_moment_has_the_rule_that_its_zone_had_then() {
        let berlin = &zone("Europe/Berlin");
        let winter = Clock {
            now_ms: ms("2026-12-01T12:00:00Z"),
            zone: berlin,
        };
        let summer = ms("2026-07-01T21:30:00Z");
        assert_eq!(winter.show(summer), "2026-07-01 23:30");
        let read = winter.read("2026-07-01T23:30");
        assert_eq!(read, Some((HistoryAnchor::Time(summer), None)));
        let midnight = ms("2026-06-30T22:00:00Z");
        let read = winter.read("2026-07-01");
        assert_eq!(read, Some((HistoryAnchor::Time(midnight), None)));
        // Yesterday, although it is 25 hours ago.
        let after_the_change = Clock {
            now_ms: ms("2026-10-25T23:00:00Z"),
            zone: berlin,
        };
        let before = ms("2026-10-24T22:30:00Z");
        assert_eq!(after_the_change.show(before), "Sun 00:30");
        let lord_howe = &zone("Australia/Lord_Howe");
        let clock = Clock {
            now_ms: summer,
            zone: lord_howe,
        };
        assert_eq!(clock.show(ms("2026-01-01T00:00:00Z")), "2026-01-01 11:00");
        assert_eq!(clock.show(summer), "08:00");
    }

    #[test]
    fn time_that_is_skipped_or_comes_twice_is_read_as_one_of_them_and_that_is_told() {
        let zone = &zone("Europe/Berlin");
        let now_ms = ms("2026-12-01T12:00:00Z");
        let clock = Clock { now_ms, zone };
        let (anchor, note) = clock.read("2026-03-29T02:30").unwrap();
        assert_eq!(anchor, HistoryAnchor::Time(ms("2026-03-29T01:30:00Z")));
        assert_eq!(
            note.unwrap(),
            "the clocks went forward over 2026-03-29 02:30; 03:30 is meant"
        );
        let (anchor, note) = clock.read("2026-10-25T02:30").unwrap();
        assert_eq!(anchor, HistoryAnchor::Time(ms("2026-10-25T00:30:00Z")));
        assert_eq!(
            note.unwrap(),
            "the clocks went back, so 2026-10-25 02:30 came twice; the first is meant"
        );
        // The day has no midnight.
        let zone = &self::zone("Africa/Cairo");
        let clock = Clock { now_ms, zone };
        let begin = HistoryAnchor::Time(ms("2026-04-23T22:00:00Z"));
        assert_eq!(clock.read("2026-04-24"), Some((begin, None)));
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
            assert_eq!(clock(TUESDAY_MS).read(word), None, "{word}");
        }
    }
}
