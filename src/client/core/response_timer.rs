//! How long a user waits for the server before being told so.
//!
//! A command whose answer decides where the next line goes holds the prompt back until the answer arrives. On a dead
//! link that would take long, and the user would not know why.

use std::time::{Duration, Instant};

/// After how long the user is told that the answer is late, and has the prompt back. Chosen: many round trips of a bad
/// path, and not so long that the terminal seems dead.
pub(crate) const RESPONSE_WAIT: Duration = Duration::from_secs(2);

/// Whether the user at the prompt waits for an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ResponseTimer {
    /// The user does not wait.
    #[default]
    Idle,
    /// The user waits, and is told at this time.
    Waiting(Instant),
    /// The answer is late, and the user was told.
    Expired,
}

impl ResponseTimer {
    /// Updates whether the user waits now. Returns whether to show that the answer is late.
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

    /// Whether the prompt is given back without the answer.
    pub(crate) fn is_expired(self) -> bool {
        self == Self::Expired
    }

    /// When [`ResponseTimer::update`] has something to tell.
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
