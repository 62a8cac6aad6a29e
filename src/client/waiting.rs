//! What waits in the state of a device that nobody has open, for whoever has it sent.

use anyhow::Context as _;
use jiff::tz::TimeZone;
use redb::Database;

use super::env::Tone;
use super::line::Line;
use super::storage::State;
use super::ui::time::Clock;

/// The messages that wait in a device's outbox, of which there is one at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    messages: usize,
    /// When the first of them was typed, in milliseconds since 1970 (UTC), if that is known.
    since_ms: Option<u64>,
}

impl Waiting {
    /// What waits in a device's database; nothing if there is nothing.
    ///
    /// # Errors
    /// If the tables cannot be read.
    pub fn of(database: Database) -> anyhow::Result<Option<Self>> {
        let state = State::open(database).context("cannot read what waits to be sent")?;
        let loaded = state.load().context("cannot read what waits to be sent")?;
        let outbox = loaded.outbox.iter().map(|(_, unsent)| unsent);
        // What was refused, or said before, only has its number used up when this device is used again.
        let waiting: Vec<u64> = outbox
            .filter(|unsent| !unsent.refused)
            .map(|unsent| unsent.typed_ms)
            .collect();
        let waiting = Self {
            messages: waiting.len(),
            since_ms: waiting.into_iter().filter(|typed_ms| *typed_ms > 0).min(),
        };
        Ok((waiting.messages > 0).then_some(waiting))
    }

    /// That they are being sent.
    #[must_use]
    pub fn sending(&self, now_ms: u64, zone: &TimeZone) -> Line {
        let text = format!("sending {}", self.described(now_ms, zone));
        Line::of(Tone::Notice, text)
    }

    /// Why they are still not sent.
    #[must_use]
    pub fn not_sent(&self, now_ms: u64, zone: &TimeZone, why: &str) -> Line {
        let text = format!("not sent: {}: {why}", self.described(now_ms, zone));
        Line::of(Tone::Error, text)
    }

    fn described(&self, now_ms: u64, zone: &TimeZone) -> String {
        let clock = Clock { now_ms, zone };
        let since = match self.since_ms {
            Some(since_ms) => format!(" since {}", clock.show(since_ms)),
            None => String::new(),
        };
        match self.messages {
            1 => format!("1 message that waited{since}"),
            messages => format!("{messages} messages that waited{since}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::storage::records::OutboxEntry;

    #[test]
    fn messages_that_wait_are_counted_from_the_first_that_was_typed() {
        let file = tempfile::NamedTempFile::new().expect("a file can be made");
        let open = || Database::create(file.path()).expect("it is a database");
        assert_eq!(Waiting::of(open()).expect("it can be read"), None);
        let mut state = State::open(open()).expect("it can be read");
        // The first was typed by an earlier version.
        for (sequence, typed_ms) in [(1, 0), (2, 50_400_000), (3, 54_000_000)] {
            let unsent = OutboxEntry::new("bob".into(), "tea?".into());
            state.put_unsent(sequence, &OutboxEntry { typed_ms, ..unsent });
        }
        let unsent = OutboxEntry::new("bob".into(), "coffee?".into());
        let refused = true;
        state.put_unsent(4, &OutboxEntry { refused, ..unsent });
        state.commit().expect("it can be written");
        drop(state);
        let waiting = Waiting::of(open()).expect("it can be read");
        let waiting = waiting.expect("three wait");
        let text = waiting.sending(54_000_000, &TimeZone::UTC).to_string();
        assert_eq!(text, "sending 3 messages that waited since 14:00");
    }
}
