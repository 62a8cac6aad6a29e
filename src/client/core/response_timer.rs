//! How long a user waits for the server without a word.
//!
//! A command whose answer decides to whom the next line is said keeps the prompt back until the answer is there. On a
//! link that has died unnoticed that would be for a long time, and nobody would know for what.

use std::time::{Duration, Instant};

/// After how long the user is told that the answer is late, and has the prompt back. Chosen: many round trips of a bad
/// path, and not so long that the terminal seems dead.
pub(in crate::client) const PATIENCE: Duration = Duration::from_secs(2);

/// The patience of whoever sits at the prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::client) enum Patience {
    /// Nothing is waited for.
    #[default]
    Content,
    /// Something is waited for, until then without a word.
    UntilThen(Instant),
    /// It has been waited for too long, and the user was told.
    Lost,
}

impl Patience {
    /// Takes up whether the user waits for an answer now. Returns whether they are to be told that it is late.
    pub(in crate::client) fn wait(&mut self, now: Instant, is_waiting: bool) -> bool {
        *self = match (*self, is_waiting) {
            (_, false) => Self::Content,
            (Self::Content, true) => Self::UntilThen(now + PATIENCE),
            (Self::UntilThen(then), true) if then <= now => {
                *self = Self::Lost;
                return true;
            }
            (earlier, true) => earlier,
        };
        false
    }

    /// Whether the answer is not waited for any longer before the user goes on.
    pub(in crate::client) fn is_lost(self) -> bool {
        self == Self::Lost
    }

    /// When [`Patience::wait`] has something to tell.
    pub(in crate::client) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::UntilThen(then) => Some(then),
            Self::Content | Self::Lost => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::instant;

    #[test]
    fn late_answer_is_told_of_once_and_the_next_wait_begins_anew() {
        let now = instant();
        let mut patience = Patience::default();
        assert!(!patience.wait(now, true));
        assert_eq!(patience.deadline(), Some(now + PATIENCE));
        assert!(patience.wait(now + PATIENCE, true));
        assert_eq!(patience.deadline(), None);
        assert!(!patience.wait(now + 2 * PATIENCE, true));
        assert!(patience.is_lost());
        assert!(!patience.wait(now + 2 * PATIENCE, false));
        assert!(!patience.is_lost());
    }
}
