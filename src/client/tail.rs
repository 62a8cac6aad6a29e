//! What a program that reads asks for, and up to where it was told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ui::time::{Clock, HistoryAnchor};

/// Up to where programs were told of each conversation, by its number.
pub type Positions = BTreeMap<u64, ToldUpTo>;

/// Up to where programs were told of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldUpTo {
    /// The last entry that they were told.
    pub entry: u64,
    /// When that was stored, in milliseconds since 1970 (UTC). In another epoch only this tells what came later.
    pub time_ms: u64,
    /// The epoch of the server's database whose entry that is.
    pub epoch: u64,
}

/// What a program is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailOptions {
    /// Of which conversations, as they were typed: users, rooms, everyone, notes; of all if none is named.
    pub conversations: Vec<String>,
    /// From where on.
    pub since: Since,
    /// Whether also what comes later.
    pub is_following: bool,
    /// Whether each entry is an object of JSON.
    pub is_json: bool,
}

/// Where what a program is told begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With the last lines of each conversation.
    Newest,
    /// With what no program was told that asked for the same.
    Last,
    /// With this moment, in milliseconds since 1970 (UTC).
    Time(u64),
    /// With what no bot has acknowledged; the first one begins with what comes.
    Acknowledged,
}

/// Who was told, each with positions of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Programs that read with [`Since::Last`].
    Tail,
    /// Bots, one at a time.
    Bot,
}

impl TailOptions {
    /// What a bot is told: all that others say.
    #[must_use]
    pub const fn for_bot() -> Self {
        Self {
            conversations: Vec::new(),
            since: Since::Acknowledged,
            is_following: true,
            is_json: true,
        }
    }

    pub(crate) fn is_for_bot(&self) -> bool {
        self.since == Since::Acknowledged
    }
}

/// Reads where it begins, and what is to be said about a time that the zone does not have once.
pub(crate) fn read_since(clock: Clock<'_>, typed: &str) -> Result<(Since, Option<String>), String> {
    if typed == "last" {
        return Ok((Since::Last, None));
    }
    if let Ok(time) = typed.parse::<Timestamp>() {
        let time_ms = u64::try_from(time.as_millisecond()).unwrap_or_default();
        return Ok((Since::Time(time_ms), None));
    }
    match clock.read(typed) {
        Ok((HistoryAnchor::Time(time_ms), note)) => Ok((Since::Time(time_ms), note)),
        _ => Err("expected last, 14:02, Tue 14:02, 2026-03-17, 2026-03-17 14:02 or a time as in RFC 3339".into()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn beginning_is_read_as_search_reads_times_and_as_this_program_prints_them() {
        /// Tuesday, 2026-03-17 14:02:00 UTC.
        const NOW_MS: u64 = 1_773_756_120_000;
        let clock = Clock {
            now_ms: NOW_MS,
            zone: &TimeZone::UTC,
        };
        let read = |typed| read_since(clock, typed).map(|(since, _)| since);
        assert_eq!(read("last"), Ok(Since::Last));
        assert_eq!(read("14:02"), Ok(Since::Time(NOW_MS)));
        for typed in [
            "2026-03-17 14:02",
            "2026-03-17T14:02:00.000Z",
            "2026-03-17T15:02:00+01:00",
        ] {
            assert_eq!(read(typed), Ok(Since::Time(NOW_MS)), "{typed}");
        }
        for typed in ["", "812", "soon", "2026-13-01", "Last"] {
            assert!(read(typed).is_err(), "{typed}");
        }
    }
}
