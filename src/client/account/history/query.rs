//! What a search asks for, as it is typed: words, and `in:`, `from:`, `before:` and `after:`.

use crate::client::name::{canonical, canonical_target};
use crate::client::ui::render;
use crate::client::ui::time::{Clock, HistoryAnchor};
use crate::text::words::needle;

/// What an entry must have to be found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// What must occur in its words.
    needles: Vec<String>,
    /// Its conversation, by name.
    pub(super) place: Option<String>,
    /// What its author is called.
    pub(super) author: Option<String>,
    /// It was stored before this moment, in milliseconds since 1970 (UTC).
    before_ms: Option<u64>,
    /// It was stored at this moment or later.
    after_ms: Option<u64>,
}

const TIMES: [&str; 2] = ["before:", "after:"];

impl Query {
    /// Reads a query, and what is to be said about its times.
    pub(crate) fn parse(clock: Clock<'_>, typed: &str) -> Result<(Self, Vec<String>), String> {
        let mut query = Self::default();
        let mut notes = Vec::new();
        let mut words = typed.split_whitespace().peekable();
        while let Some(word) = words.next() {
            if let Some(place) = value(word, "in:") {
                query.place = Some(canonical_target(place));
            } else if let Some(author) = value(word, "from:") {
                query.author = Some(canonical(author));
            } else if let Some(filter) = TIMES.iter().find(|name| value(word, name).is_some()) {
                let day = value(word, filter).unwrap_or_default();
                let hour = words.next_if(|next| !day.contains(':') && is_hour(next));
                let time = [day].into_iter().chain(hour).collect::<Vec<_>>().join(" ");
                let (time_ms, note) =
                    read(clock, &time).map_err(|why| format!("{filter} {why}"))?;
                notes.extend(note);
                if *filter == "before:" {
                    query.before_ms = Some(time_ms);
                } else {
                    query.after_ms = Some(time_ms);
                }
            } else {
                query.needles.extend(needle(word));
            }
        }
        let is_all = Self::default() == query;
        if is_all {
            return Err(render::NOTHING_SEEN.to_owned());
        }
        Ok((query, notes))
    }

    /// Whether an entry of this time with these words is meant.
    pub(super) fn fits(&self, time_ms: u64, words: &str) -> bool {
        !words.is_empty()
            && self.before_ms.is_none_or(|before| time_ms < before)
            && self.after_ms.is_none_or(|after| time_ms >= after)
            && self.needles.iter().all(|needle| words.contains(needle))
    }

    /// Whether something stored between two moments may be meant.
    pub(super) fn reaches(&self, from_ms: u64, to_ms: u64) -> bool {
        self.before_ms.is_none_or(|before| from_ms < before)
            && self.after_ms.is_none_or(|after| to_ms >= after)
    }
}

/// What follows the name of a filter, if anything does.
fn value<'a>(word: &'a str, name: &str) -> Option<&'a str> {
    let (head, value) = word.split_at_checked(name.len())?;
    (head.eq_ignore_ascii_case(name) && !value.is_empty()).then_some(value)
}

fn is_hour(word: &str) -> bool {
    word.contains(':')
        && word
            .chars()
            .all(|sign| sign.is_ascii_digit() || sign == ':')
}

fn read(clock: Clock<'_>, time: &str) -> Result<(u64, Option<String>), String> {
    match clock.read(time).map_err(|why| why.to_string())? {
        (HistoryAnchor::Time(time_ms), note) => Ok((time_ms, note)),
        _ => Err("a time is 14:02, Tue 14:02, 2026-03-17 or 2026-03-17 14:02".into()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::text::words::words;

    /// Tuesday, 2026-03-17 14:02:00 UTC.
    const NOW_MS: u64 = 1_773_756_120_000;
    const DAY_MS: u64 = 86_400_000;
    const CLOCK: Clock<'static> = Clock {
        now_ms: NOW_MS,
        zone: &TimeZone::UTC,
    };

    fn parsed(typed: &str) -> Query {
        Query::parse(CLOCK, typed).expect("it is a query").0
    }

    #[test]
    fn filters_stand_anywhere_among_the_words() {
        let query = parsed("Tea in:#Bridge from:Bob FOUR");
        assert_eq!(query.place.as_deref(), Some("#bridge"));
        assert_eq!(query.author.as_deref(), Some("bob"));
        assert!(query.fits(NOW_MS, &words("four cups of tea")));
        assert!(!query.fits(NOW_MS, &words("four cups")));
        // Not a filter: it names nothing, or something else.
        assert_eq!(parsed("in: x").place, None);
        assert_eq!(parsed("within:#bridge").place, None);
    }

    #[test]
    fn times_are_read_as_they_are_shown() {
        let midnight = NOW_MS - 14 * 3_600_000 - 2 * 60_000;
        for (typed, before_ms, after_ms) in [
            ("before:2026-03-17", Some(midnight), None),
            ("after:2026-03-16 14:02 tea", None, Some(NOW_MS - DAY_MS)),
            ("after:Mon 14:02", None, Some(NOW_MS - DAY_MS)),
            ("before:14:02 after:00:00", Some(NOW_MS), Some(midnight)),
        ] {
            let query = parsed(typed);
            assert_eq!(
                (query.before_ms, query.after_ms),
                (before_ms, after_ms),
                "{typed}"
            );
        }
        let query = parsed("after:2026-03-16 before:2026-03-17");
        assert!(query.fits(midnight - 1, " tea"));
        assert!(!query.fits(midnight, " tea"));
        assert!(!query.fits(midnight - DAY_MS - 1, " tea"));
        for typed in ["before:812", "after:soon", "before:2026-13-01"] {
            assert!(Query::parse(CLOCK, typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn query_without_words_and_filters_is_none() {
        for typed in ["", "...", "\u{200b}"] {
            assert!(Query::parse(CLOCK, typed).is_err(), "{typed:?}");
        }
        assert!(parsed("from:bob").fits(NOW_MS, " tea"));
        assert!(!parsed("from:bob").fits(NOW_MS, ""), "an event");
    }
}
