//! How long something has been waited for, and whether that is too long.
//!
//! A command whose answer decides where the next line goes holds the prompt back until the answer arrives. On a dead
//! link that would take long, and the user would not know why. A script waits for a server that is away, but not for ever.

use std::time::{Duration, Instant};

/// After how long the user is told that the answer is late, and has the prompt back. Chosen: many round trips of a bad
/// path, and not so long that the terminal seems dead.
pub(crate) const RESPONSE_WAIT: Duration = Duration::from_secs(2);

/// Whether something is waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum WaitTimer {
    /// Nothing is.
    #[default]
    Idle,
    /// It is, and at this time for too long.
    Waiting(Instant),
    /// It has been for too long.
    Expired,
}

impl WaitTimer {
    /// Updates whether it is waited for now. Returns whether this is the moment at which `wait` is over.
    pub(crate) fn update(&mut self, now: Instant, is_waiting: bool, wait: Duration) -> bool {
        *self = match (*self, is_waiting) {
            (_, false) => Self::Idle,
            (Self::Idle, true) => Self::Waiting(now + wait),
            (Self::Waiting(then), true) if then <= now => {
                *self = Self::Expired;
                return true;
            }
            (earlier, true) => earlier,
        };
        false
    }

    /// Ends the wait in vain. Returns whether it had not ended so.
    pub(crate) fn expire(&mut self) -> bool {
        std::mem::replace(self, Self::Expired) != Self::Expired
    }

    /// Whether the wait is over in vain.
    pub(crate) fn is_expired(self) -> bool {
        self == Self::Expired
    }

    /// When [`WaitTimer::update`] has something to tell.
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
    fn late_answer_is_told_of_once_and_the_next_wait_begins_again() {
        let now = instant();
        let mut timer = WaitTimer::default();
        assert!(!timer.update(now, true, RESPONSE_WAIT));
        assert_eq!(timer.deadline(), Some(now + RESPONSE_WAIT));
        assert!(timer.update(now + RESPONSE_WAIT, true, RESPONSE_WAIT));
        assert_eq!(timer.deadline(), None);
        assert!(!timer.update(now + 2 * RESPONSE_WAIT, true, RESPONSE_WAIT));
        assert!(timer.is_expired());
        assert!(!timer.update(now + 2 * RESPONSE_WAIT, false, RESPONSE_WAIT));
        assert!(!timer.is_expired());
    }
}
