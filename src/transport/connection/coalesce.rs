//! What may wait a moment for company.
//!
//! A packet costs both ends and the path more than the bytes in it. News that nobody waits for with their eyes on the
//! clock (that a message is stored, that somebody has received it) goes out with whatever is sent next, or by itself
//! when [`HOLD`] is over. Acknowledgements wait for company in the same way (RFC 9000 §13.2.1).

use std::time::{Duration, Instant};

use super::Connection;
use crate::transport::timer::Timer;
use crate::transport::{Channel, SendError};

/// How long such news waits at most. Chosen: nobody sees it, it is small against the round trips of the Internet, and
/// on a busy server as much comes together in it as matters.
pub(crate) const HOLD: Duration = Duration::from_millis(4);

/// Whether all that is queued may wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Hold {
    /// There is nothing, or it may not wait.
    #[default]
    No,
    /// It may, from the next moment on at which something could be sent.
    Begins,
    /// It does, until the timer.
    Waits,
}

impl Connection {
    /// Queues a message as [`Connection::send`] does, that may wait for others.
    pub(crate) fn send_soon(
        &mut self,
        channel: Channel,
        message: &[u8],
        is_short: bool,
    ) -> Result<(), SendError> {
        let is_first = !self.has_stream_data();
        self.queue(channel, message, is_short)?;
        if is_first {
            self.hold = Hold::Begins;
        }
        Ok(())
    }

    /// Whether nothing is to be sent yet. What has to go out by itself takes along what waits.
    pub(super) fn holds_back(&mut self, now: Instant) -> bool {
        if self.hold == Hold::No {
            return false;
        }
        let has_company = self.received.is_due(now)
            || self.ping
            || self.copies_due
            || self.recovery.probes > 0
            || self.credit.due
            || self.owes_token()
            || self.has_path_duty()
            || self.channels.iter().any(|state| state.window_due);
        if has_company {
            self.end_hold();
        } else if self.hold == Hold::Begins {
            self.hold = Hold::Waits;
            self.timers.set(Timer::Hold, now + HOLD);
        }
        self.hold != Hold::No
    }

    /// What waited goes out.
    pub(super) fn end_hold(&mut self) {
        if self.hold != Hold::No {
            self.hold = Hold::No;
            self.timers.clear(Timer::Hold);
        }
    }
}
