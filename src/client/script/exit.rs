//! The end of a script, which waits until everything is stored.

use std::time::{Duration, Instant};

use super::SessionView;
use crate::client::program::Until;

/// How long a client without a terminal waits at the end of its input for the receipts of users who are online. Chosen:
/// a bad path's worst, and short enough for a script.
const RECEIPTS_WAIT: Duration = Duration::from_secs(10);

/// How the user leaves: at once at a terminal, else once all that was sent is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    LogOut,
    Quit,
}

/// An exit that waits until everything is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeferredExit {
    exit: Exit,
    until: Until,
    /// When receipts are waited for no longer; nothing after that.
    receipts_due: Option<Instant>,
    /// When nothing is.
    due: Instant,
}

impl DeferredExit {
    pub(super) fn new(now: Instant, (exit, until): (Exit, Until), timeout: Duration) -> Self {
        let receipts_wait = match until {
            Until::Received => timeout,
            _ => RECEIPTS_WAIT.min(timeout),
        };
        Self {
            exit,
            until,
            receipts_due: Some(now + receipts_wait),
            due: now + timeout,
        }
    }

    pub(super) const fn exit(self) -> Exit {
        self.exit
    }

    pub(super) fn deadline(self) -> Instant {
        self.receipts_due.unwrap_or(self.due)
    }

    /// A file has come further: the wait begins again.
    pub(super) const fn wait_until(&mut self, due: Instant) {
        self.due = due;
    }

    /// Whether everything has arrived, or the wait is over.
    pub(super) fn is_due(
        &mut self,
        now: Instant,
        view: &SessionView,
        has_lost_server: bool,
    ) -> bool {
        self.receipts_due.take_if(|due| *due <= now);
        let is_over = if !view.is_signed_in {
            view.is_idle
        } else if view.has_unsaid {
            false
        } else if self.until == Until::Queued {
            // What was said is durable by now.
            true
        } else if view.is_stored {
            self.receipts_due.is_none() || !view.awaits_receipts
        } else {
            // Nothing is left that a server which is away could do.
            has_lost_server && view.has_nothing_open
        };
        is_over || self.due <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::instant;

    const TIMEOUT: Duration = Duration::from_secs(30);

    #[test]
    fn exit_waits_for_what_is_not_stored_and_then_a_while_for_receipts() {
        let now = instant();
        let mut exit = DeferredExit::new(now, (Exit::Quit, Until::HeardOnline), TIMEOUT);
        let open = SessionView {
            is_signed_in: true,
            ..SessionView::default()
        };
        assert!(!exit.is_due(now, &open, false));
        assert!(!exit.is_due(now, &open, true), "a message is not stored");
        let stored = SessionView {
            is_stored: true,
            awaits_receipts: true,
            ..open
        };
        assert!(!exit.is_due(now, &stored, false));
        assert_eq!(exit.deadline(), now + RECEIPTS_WAIT);
        assert!(exit.is_due(now + RECEIPTS_WAIT, &stored, false));
        assert!(!exit.is_due(now + RECEIPTS_WAIT, &open, false));
        assert_eq!(exit.deadline(), now + TIMEOUT);
        assert!(exit.is_due(now + TIMEOUT, &open, false));
    }

    #[test]
    fn exit_waits_for_a_sign_in_that_is_under_way() {
        let now = instant();
        let mut exit = DeferredExit::new(now, (Exit::Quit, Until::HeardOnline), TIMEOUT);
        assert!(!exit.is_due(now, &SessionView::default(), false));
        let is_idle = true;
        let idle = SessionView {
            is_idle,
            ..SessionView::default()
        };
        assert!(exit.is_due(now, &idle, false));
    }
}
