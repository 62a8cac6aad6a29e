//! Delays small news for a moment, so that several share a packet.
//!
//! A packet costs both ends and the path more than the bytes in it. News that no user waits for (a message is stored,
//! a recipient has it) is sent with the next packet, or alone after [`HOLD`]. Acknowledgements are delayed likewise
//! (RFC 9000 §13.2.1).

use std::time::{Duration, Instant};

use super::Connection;
use crate::transport::timer::Timer;

/// The maximum delay. Chosen: invisible to users, small against round trips on the Internet, and long enough for a
/// busy server to fill packets.
pub(crate) const HOLD: Duration = Duration::from_millis(4);

/// Whether the queued frames are held back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Hold {
    /// Nothing is queued, or something urgent is.
    #[default]
    No,
    /// They are held from the next chance to send on.
    Begins,
    /// They are held until [`Timer::Hold`].
    Waits,
}

impl Connection {
    /// Whether to send nothing yet. Anything that must be sent alone takes the held frames along.
    pub(super) fn holds_back(&mut self, now: Instant) -> bool {
        if self.hold == Hold::No {
            return false;
        }
        let has_company = self.received.is_due(now)
            || self.ping
            || self.copies_due
            || self.recovery.probes > 0
            || self.channels.credit.due
            || self.owes_token()
            || self.has_path_duty()
            || !self.channels.windows_due.is_empty();
        if has_company {
            self.end_hold();
        } else if self.hold == Hold::Begins {
            self.hold = Hold::Waits;
            self.timers.set(Timer::Hold, now + HOLD);
        }
        self.hold != Hold::No
    }

    /// Releases the held frames.
    pub(super) fn end_hold(&mut self) {
        if self.hold != Hold::No {
            self.hold = Hold::No;
            self.timers.clear(Timer::Hold);
        }
    }
}
