//! When a ban ends, as it is typed.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

/// A time: with an offset as in RFC 3339, else local; a date is its first moment.
pub fn at(typed: &str, zone: &TimeZone) -> Result<u64, String> {
    let expected = || format!("{typed:?} is no time such as 2026-12-24 or 2026-12-24T18:00");
    let local = |time: DateTime| zone.to_timestamp(time).map_err(|_| expected());
    let time = match (typed.parse::<Timestamp>(), typed.parse::<DateTime>()) {
        (Ok(time), _) => time,
        (_, Ok(time)) => local(time)?,
        _ => local(typed.parse::<Date>().map_err(|_| expected())?.into())?,
    };
    milliseconds(time)
}

/// How long, from now on.
pub fn after(typed: &str, now: &Zoned) -> Result<u64, String> {
    let expected = || format!("{typed:?} is no length of time such as 3d, 12h or 2w");
    let span: Span = typed.parse().map_err(|_| expected())?;
    let end = now.checked_add(span).map_err(|_| expected())?;
    milliseconds(end.timestamp())
}

fn milliseconds(time: Timestamp) -> Result<u64, String> {
    u64::try_from(time.as_millisecond()).map_err(|_| "this time is past".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_is_a_time_or_so_long_from_now() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: Zoned = "2026-10-24T12:00[Europe/Berlin]".parse().unwrap();
        let shown = |end: Result<u64, String>| -> Result<String, String> {
            let end = i64::try_from(end?).expect("it is near");
            Ok(Timestamp::from_millisecond(end).unwrap().to_string())
        };
        let at = |typed| shown(at(typed, &zone));
        let after = |typed| shown(after(typed, &now));
        assert_eq!(at("2026-12-24").unwrap(), "2026-12-23T23:00:00Z");
        assert_eq!(at("2026-12-24T18:00").unwrap(), "2026-12-24T17:00:00Z");
        assert_eq!(at("2026-12-24 18:00").unwrap(), "2026-12-24T17:00:00Z");
        assert_eq!(at("2026-12-24T18:00Z").unwrap(), "2026-12-24T18:00:00Z");
        // A day is a day, also where it has 25 hours.
        assert_eq!(after("1d").unwrap(), "2026-10-25T11:00:00Z");
        assert_eq!(after("24h").unwrap(), "2026-10-25T10:00:00Z");
        assert_eq!(after("2w").unwrap(), "2026-11-07T11:00:00Z");
        for typed in ["", "tomorrow", "3", "99999999y"] {
            assert!(after(typed).is_err(), "{typed}");
            assert!(at(typed).is_err(), "{typed}");
        }
        assert!(at("1969-01-01").is_err());
    }
}
