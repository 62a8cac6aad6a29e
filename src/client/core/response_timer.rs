//! How long a user waits for the server without a word.
//!
//! A command whose answer decides to whom the next line is said keeps the prompt back until the answer is there. On a
//! link that has died unnoticed that would be for a long time, and nobody would know for what.

use std::time::{Duration, Instant};

/// After how long the user is told that the answer is late, and has the prompt back. Chosen: many round trips of a bad
/// path, and not so long that the terminal seems dead.
pub(crate) const RESPONSE_WAIT: Duration = Duration::from_secs(2);

/// The patience of whoever sits at the prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ResponseTimer {
    /// Nothing is waited for.
    #[default]
    Idle,
    /// Something is waited for, until then without a word.
    Waiting(Instant),
    /// It has been waited for too long, and the user was told.
    Expired,
}

impl ResponseTimer {
    /// Takes up whether the user waits for an answer now. Returns whether they are to be told that it is late.
    pub(crate) fn update(&mut self, now: Instant, is_waiting: bool) -> bool {
        *self = match (*self, is_waiting) {
            (_, false) => Self::Idle,
            (Self::Idle, true) => Self::Waiting(now + RESPONSE_WAIT),
            (Self::Waiting(then), true) if then <= now => {
                *self = Self::Expired;
                return true;
            }
            (earlier, true) => earlier,
        };
        false
    }

    /// Whether the answer is not waited for any longer before the user goes on.
    pub(crate) fn is_expired(self) -> bool {
        self == Self::Expired
    }

    /// When [`ResponseTimer::wait`] has something to tell.
    pub(crate) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Waiting(then) => Some(then),
            Self::Idle | Self::Expired => None,
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
        let mut timer = ResponseTimer::default();
        assert!(!timer.update(now, true));
        assert_eq!(timer.deadline(), Some(now + RESPONSE_WAIT));
        assert!(timer.update(now + RESPONSE_WAIT, true));
        assert_eq!(timer.deadline(), None);
        assert!(!timer.update(now + 2 * RESPONSE_WAIT, true));
        assert!(timer.is_expired());
        assert!(!timer.update(now + 2 * RESPONSE_WAIT, false));
        assert!(!timer.is_expired());
    }
}
