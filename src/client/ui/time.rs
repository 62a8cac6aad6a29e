//! Times as a user reads and types them.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, SpanRelativeTo, Timestamp};

use thiserror::Error;

use crate::client::line::Day;
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

/// Why a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum TimeError {
    #[error("a time is 14:02, Tue 14:02, 2026-03-17 or 2026-03-17 14:02; an entry is its number")]
    Form,
    #[error("there is no day {0}")]
    Day(String),
    #[error("there is no time {0}")]
    Hour(String),
}

/// How long something is to last, in milliseconds, as a user types it: `30m`, `8h`, `2d`, `1w`, `1h 30m`. Nothing for what
/// is no such time, or none at all.
pub(crate) fn span_ms(typed: &str) -> Option<u64> {
    let span: Span = typed.parse().ok()?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    u64::try_from(span.as_millis())
        .ok()
        .filter(|span| *span > 0)
}

/// The time with which a text begins, such as `1h`: in a reason it is meant as how long something lasts.
pub(crate) fn leading_span(text: &str) -> Option<String> {
    let is_mark = |sign: char| !sign.is_alphanumeric();
    let words = text
        .split_whitespace()
        .map(|word| word.trim_matches(is_mark));
    let words: Vec<&str> = words.take(3).collect();
    let words = match &words[..] {
        [first, rest @ ..] if first.eq_ignore_ascii_case("for") => rest,
        words => words.get(..2).unwrap_or(words),
    };
    // With a blank before its unit, too.
    let both = words.join("");
    let first = words.first().copied().unwrap_or_default();
    let typed = [first, &both].into_iter().find(|typed| {
        let has_number = typed.starts_with(|first: char| first.is_ascii_digit());
        has_number && span_ms(typed).is_some()
    });
    typed.map(str::to_owned)
}

const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Monday, "monday"),
    (Weekday::Tuesday, "tuesday"),
    (Weekday::Wednesday, "wednesday"),
    (Weekday::Thursday, "thursday"),
    (Weekday::Friday, "friday"),
    (Weekday::Saturday, "saturday"),
    (Weekday::Sunday, "sunday"),
];

/// A time in milliseconds since 1970 (UTC) as programs read it: RFC 3339, with all its digits, so that texts sort as times.
pub(crate) fn rfc3339(time_ms: u64) -> String {
    format!("{:.3}", timestamp(time_ms))
}

/// The same to the second.
pub(crate) fn rfc3339_seconds(time_ms: u64) -> String {
    format!("{:.0}", timestamp(time_ms))
}

fn timestamp(time_ms: u64) -> Timestamp {
    let time_ms = i64::try_from(time_ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(time_ms).unwrap_or(Timestamp::MAX)
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

    /// The day of a time.
    pub(crate) fn day_of(self, time_ms: u64) -> Day {
        let (then, now) = (self.local(time_ms).date(), self.local(self.now_ms).date());
        let form = if then.year() == now.year() {
            "%a %-d %b"
        } else {
            "%a %-d %b %Y"
        };
        Day {
            name: then.strftime(form).to_string(),
            is_today: then == now,
        }
    }

    /// The day of a time, as a transcript names it where it changes.
    pub(crate) fn show_day(self, time_ms: u64) -> String {
        self.local(time_ms).strftime("%A %-d %B %Y").to_string()
    }

    /// A time with its date and seconds, as a transcript has it.
    pub(crate) fn show_whole(self, time_ms: u64) -> String {
        self.local(time_ms)
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string()
    }

    /// Reads a time, also as [`show`](Self::show) writes it, or an entry's number. Of a time that the zone skips or has
    /// twice, the second value says which moment is meant. What no calendar has as a moment is its first or its last.
    pub(crate) fn read(self, typed: &str) -> Result<(HistoryAnchor, Option<String>), TimeError> {
        if let Ok(entry) = typed.parse::<u64>() {
            return Ok((HistoryAnchor::Entry(EntryId(entry)), None));
        }
        let words: Vec<&str> = typed.split_whitespace().collect();
        let (day, hour) = match words[..] {
            [day, hour] => (Some(day), Some(hour)),
            [word] if word.contains(':') => match word.split_once('T') {
                Some((day, hour)) => (Some(day), Some(hour)),
                None => (None, Some(word)),
            },
            [day] => (Some(day), None),
            _ => return Err(TimeError::Form),
        };
        let time = hour.map(hour_of).transpose()?;
        let local = self.day(day, time)?.to_datetime(time.unwrap_or_default());
        // RFC 5545: a skipped time is as much later as is skipped, and one that comes twice is the first.
        let moment = self.zone.to_ambiguous_timestamp(local);
        let is_past = local < DateTime::default();
        let Ok(time) = moment.compatible() else {
            let end = if is_past { 0 } else { u64::MAX };
            return Ok((HistoryAnchor::Time(end), None));
        };
        let typed = local.strftime("%Y-%m-%d %H:%M");
        let note = match moment.offset() {
            // A day begins with its first moment.
            _ if hour.is_none() => None,
            AmbiguousOffset::Unambiguous { .. } => None,
            AmbiguousOffset::Gap { .. } => Some(format!(
                "the clocks went forward over {typed}; {} is meant",
                self.zone.to_datetime(time).strftime("%H:%M")
            )),
            AmbiguousOffset::Fold { .. } => Some(format!(
                "the clocks went back, so {typed} came twice; the first is meant"
            )),
        };
        let time_ms = u64::try_from(time.as_millisecond()).unwrap_or_default();
        Ok((HistoryAnchor::Time(time_ms), note))
    }

    /// A day as it is typed: a date, the last that was of this weekday, or today.
    fn day(self, typed: Option<&str>, time: Option<Time>) -> Result<Date, TimeError> {
        let now = self.local(self.now_ms);
        let Some(typed) = typed else {
            return Ok(now.date());
        };
        if let Some(weekday) = weekday_of(typed) {
            let is_today = now.weekday() == weekday && time.unwrap_or_default() <= now.time();
            let last = now.date().nth_weekday(-1, weekday);
            return Ok(if is_today {
                now.date()
            } else {
                last.unwrap_or(now.date())
            });
        }
        let [year, month, day] = numbers(typed, '-')?;
        if typed.find('-') != Some(4) {
            return Err(TimeError::Form);
        }
        let narrow = |number: u16| i8::try_from(number).unwrap_or_default();
        let year = i16::try_from(year).unwrap_or_default();
        Date::new(year, narrow(month), narrow(day)).map_err(|_| TimeError::Day(typed.to_owned()))
    }

    /// A time in the user's zone, or the last that a calendar has.
    fn local(self, time_ms: u64) -> DateTime {
        let time_ms = i64::try_from(time_ms).unwrap_or(i64::MAX);
        let time = Timestamp::from_millisecond(time_ms).unwrap_or(Timestamp::MAX);
        self.zone.to_datetime(time)
    }
}

fn hour_of(typed: &str) -> Result<Time, TimeError> {
    let [hour, minute] = numbers(typed, ':')?;
    let narrow = |number: u16| i8::try_from(number).unwrap_or(i8::MAX);
    Time::new(narrow(hour), narrow(minute), 0, 0).map_err(|_| TimeError::Hour(typed.to_owned()))
}

/// Three letters of an English name, or all.
fn weekday_of(typed: &str) -> Option<Weekday> {
    let typed = typed.to_ascii_lowercase();
    let is_of = |(_, name): &&(Weekday, &str)| typed == *name || typed == name[..3];
    WEEKDAYS.iter().find(is_of).map(|(weekday, _)| *weekday)
}

/// Numbers of at most four digits with a sign between them.
fn numbers<const COUNT: usize>(typed: &str, sign: char) -> Result<[u16; COUNT], TimeError> {
    let number = |part: &str| {
        let is_one = part.len() <= 4 && part.bytes().all(|digit| digit.is_ascii_digit());
        part.parse().ok().filter(|_| is_one)
    };
    let parts: Option<Vec<u16>> = typed.split(sign).map(number).collect();
    let parts = parts.and_then(|parts| parts.try_into().ok());
    parts.ok_or(TimeError::Form)
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
        let (anchor, note) = Clock { now_ms, zone }.read(word).ok()?;
        assert_eq!(note, None, "{word}");
        Some(anchor)
    }

    fn clock(now_ms: u64) -> Clock<'static> {
        static UTC: TimeZone = TimeZone::UTC;
        Clock { now_ms, zone: &UTC }
    }

    /// Lines of the audit log were not below each other.
    #[test]
    fn times_have_all_their_digits() {
        for (time_ms, shown) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_120, "1970-01-01T00:00:01.120Z"),
            (1_123, "1970-01-01T00:00:01.123Z"),
        ] {
            assert_eq!(rfc3339(time_ms), shown);
        }
    }

    #[test]
    fn time_is_found_where_a_text_begins_with_one() {
        for (text, found) in [
            ("1h rude", Some("1h")),
            ("30m", Some("30m")),
            ("  7d  ", Some("7d")),
            ("for 2d spam", Some("2d")),
            ("1 hour of spam", Some("1hour")),
            ("2 weeks", Some("2weeks")),
            ("1h, rude", Some("1h")),
            ("1h: rude", Some("1h")),
            ("(1h) rude", Some("1h")),
            ("1st offence", None),
            ("24/7 spam", None),
            ("3D printing spam", None),
            ("rude for 1h", None),
            ("spam", None),
            ("for spam", None),
            ("3 warnings were not enough", None),
            ("404 not found", None),
            ("5 members complained", None),
            ("2026-12-24", None),
            ("0h", None),
            ("", None),
        ] {
            assert_eq!(leading_span(text).as_deref(), found, "{text:?}");
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
    fn day_gains_its_year_with_age() {
        let day = |now_ms| clock(now_ms).day_of(TUESDAY_MS);
        let named = |name: &str, is_today| Day {
            name: name.into(),
            is_today,
        };
        assert_eq!(day(TUESDAY_MS), named("Tue 17 Mar", true));
        assert_eq!(day(TUESDAY_MS + DAY_MS), named("Tue 17 Mar", false));
        assert_eq!(
            day(TUESDAY_MS + 365 * DAY_MS),
            named("Tue 17 Mar 2026", false)
        );
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
        assert_eq!(read, Ok((HistoryAnchor::Time(summer), None)));
        let midnight = ms("2026-06-30T22:00:00Z");
        let read = winter.read("2026-07-01");
        assert_eq!(read, Ok((HistoryAnchor::Time(midnight), None)));
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
        assert_eq!(clock.read("2026-04-24"), Ok((begin, None)));
    }

    /// `--before` did not take what `history` prints.
    #[test]
    fn time_is_read_as_it_is_shown() {
        for age_days in [0, 1, 6, 7, 400] {
            let now_ms = TUESDAY_MS + 60_000;
            let then_ms = TUESDAY_MS - age_days * DAY_MS;
            let shown = clock(now_ms).show(then_ms);
            let read = clock(now_ms).read(&shown);
            assert_eq!(read, Ok((HistoryAnchor::Time(then_ms), None)), "{shown}");
        }
        let tuesday = Ok((HistoryAnchor::Time(TUESDAY_MS), None));
        assert_eq!(clock(TUESDAY_MS).read("tuesday 14:02"), tuesday);
        assert_eq!(
            clock(TUESDAY_MS + 7 * DAY_MS - 60_000).read("Tue 14:02"),
            tuesday
        );
    }

    #[test]
    fn day_or_time_that_does_not_exist_is_told_from_a_wrong_form() {
        for (typed, error) in [
            ("2026-02-29", "there is no day 2026-02-29"),
            ("2026-13-01", "there is no day 2026-13-01"),
            ("2026-02-30 14:02", "there is no day 2026-02-30"),
            ("2026-999-01", "there is no day 2026-999-01"),
            ("25:00", "there is no time 25:00"),
            ("Tue 14:60", "there is no time 14:60"),
        ] {
            let read = clock(TUESDAY_MS)
                .read(typed)
                .map_err(|error| error.to_string());
            assert_eq!(read, Err(error.into()), "{typed}");
        }
        for (typed, end) in [("9999-12-31 23:59", u64::MAX), ("1969-12-31", 0)] {
            let read = clock(TUESDAY_MS).read(typed).map(|(anchor, _)| anchor);
            let is_end =
                matches!(read, Ok(HistoryAnchor::Time(ms)) if ms == end || ms > TUESDAY_MS);
            assert!(is_end, "{typed}: {read:?}");
        }
    }

    #[test]
    fn nonsense_is_no_moment() {
        for word in [
            "",
            "tea",
            "14:",
            "2026-03",
            "Tues 14:02",
            "2026-03-17 14:02 15:00",
            "T",
            "1-1-1-1",
            "0-1-1",
        ] {
            assert_eq!(clock(TUESDAY_MS).read(word), Err(TimeError::Form), "{word}");
        }
    }
}
