//! Keeps a line from being sent with the Enter that was pressed for something else: it takes a second one.

use std::time::{Duration, Instant};

/// So soon after the first Enter a second one is not meant for what the first one has made appear. Chosen: longer than a key
/// that is pressed twice, and long enough to read a line.
const READING_TIME: Duration = Duration::from_secs(1);

/// The line that waits for its second Enter.
#[derive(Debug, Default)]
pub struct Hold(Option<(String, Instant)>);

impl Hold {
    /// Enter was pressed. Returns whether the line is to be sent.
    pub fn takes_enter(&mut self, line: &str, now: Instant) -> bool {
        let first_at = self.holds(line).unwrap_or(now);
        let is_meant = now.saturating_duration_since(first_at) >= READING_TIME;
        self.0 = (!is_meant).then(|| (line.to_owned(), first_at));
        is_meant
    }

    /// When Enter was pressed for this very line.
    fn holds(&self, line: &str) -> Option<Instant> {
        let (held, first_at) = self.0.as_ref()?;
        (held == line).then_some(*first_at)
    }

    /// Whether it is this line that waits.
    #[must_use]
    pub fn is_on(&self, line: &str) -> bool {
        self.holds(line).is_some()
    }

    /// A line was entered: any other one waits no longer.
    pub fn keep_only(&mut self, line: &str) {
        if !self.is_on(line) {
            self.0 = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::instant;

    #[test]
    fn line_is_sent_by_the_second_enter_unless_that_comes_within_a_second() {
        let now = instant();
        let mut hold = Hold::default();
        assert!(!hold.takes_enter("message bob x", now));
        assert!(hold.is_on("message bob x"));
        let soon = now + READING_TIME / 2;
        assert!(!hold.takes_enter("message bob x", soon));
        assert!(hold.takes_enter("message bob x", now + READING_TIME));
        assert!(!hold.takes_enter("message bob x", now + 2 * READING_TIME));
    }

    #[test]
    fn line_that_was_edited_begins_again() {
        let now = instant();
        let mut hold = Hold::default();
        assert!(!hold.takes_enter("message bob x", now));
        assert!(!hold.is_on("message bob xy"));
        let later = now + READING_TIME;
        assert!(!hold.takes_enter("message bob xy", later));
        hold.keep_only("message bob xy");
        assert!(hold.takes_enter("message bob xy", later + READING_TIME));
    }

    #[test]
    fn line_does_not_wait_once_another_was_entered() {
        let now = instant();
        let mut hold = Hold::default();
        assert!(!hold.takes_enter("message bob x", now));
        hold.keep_only("hello");
        assert!(!hold.takes_enter("message bob x", now + READING_TIME));
    }
}
