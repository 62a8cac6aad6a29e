//! The numbers of attempts at signing in, which tell a server the later one of two.
//!
//! An attempt whose answer did not come may still be under way: in the network, or in the log of a cluster, published by a server
//! that has died since. When it arrives after a later one it must not take effect, since it would void the ticket of the session
//! that goes on. So each attempt has a number above those of earlier ones. No number is kept in the state directory: the clock
//! has gone on since the last run, and where it was set back, the server names the number that is to be exceeded. It does so
//! to whoever still waits for an answer; nobody waits for that of an attempt given up.

use super::{Context, Progress, SignIn, Step};
use crate::protocol::Failure;

/// Of one process; each attempt, at whatever account and server, has a number of its own.
#[derive(Debug, Default)]
pub struct Attempts {
    last: u64,
}

impl Attempts {
    /// The number of the next attempt, at this time in milliseconds since 1970.
    pub fn next(&mut self, unix_ms: u64) -> u64 {
        self.last = unix_ms.max(self.last.saturating_add(1));
        self.last
    }

    /// The next attempt has at least this number, which the server expects.
    pub fn reach(&mut self, expected: u64) {
        self.last = self.last.max(expected.saturating_sub(1));
    }
}

impl SignIn {
    /// The server knows a later attempt than the one that waits for its answer: this machine's clock was set back.
    pub(super) fn try_later_attempt(
        &mut self,
        failure: &Failure,
        context: &mut Context<'_>,
    ) -> Progress {
        self.outrun += 1;
        context.attempts.reach(failure.expected.unwrap_or_default());
        match self.step {
            Step::Resume => self.resume_or_login(context),
            _ => self.log_in(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_though_the_clock_is_set_back_or_stands() {
        let mut attempts = Attempts::default();
        assert_eq!(attempts.next(1_000), 1_000);
        assert_eq!(attempts.next(1_000), 1_001);
        assert_eq!(attempts.next(500), 1_002);
        assert_eq!(attempts.next(2_000), 2_000);
        attempts.reach(9_000);
        assert_eq!(attempts.next(3_000), 9_000);
        attempts.reach(8_000);
        assert_eq!(attempts.next(3_000), 9_001);
        attempts.reach(u64::MAX);
        assert_eq!(attempts.next(3_000), u64::MAX);
        assert_eq!(attempts.next(3_000), u64::MAX);
    }
}
