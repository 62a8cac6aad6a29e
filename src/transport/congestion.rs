//! How much may be under way at once: RFC 9002, section 7, behind a trait, since better answers than `NewReno`
//! exist and a connection should not know which is in use.

use std::fmt::Debug;
use std::time::Instant;

use super::packet::DATAGRAM_LEN;

/// The largest datagram, in bytes, by which windows are counted.
const DATAGRAM: u64 = DATAGRAM_LEN as u64;
/// The window of a path that nothing is known about, in bytes. RFC 9002, section 7.2.
pub(crate) const INITIAL_WINDOW: u64 = 10 * DATAGRAM;
/// The window never falls below this, in bytes. RFC 9002, section 7.2.
pub(crate) const MINIMUM_WINDOW: u64 = 2 * DATAGRAM;
/// What a window is divided by on a loss. RFC 9002, section 7.3.2 and appendix B.1.
const LOSS_DIVISOR: u64 = 2;

/// Decides how many bytes may be in flight. The caller counts what is in flight.
pub(crate) trait Controller: Debug + Send {
    /// A packet that counts as in flight has gone out.
    fn on_sent(&mut self, now: Instant, bytes: u64);

    /// A packet that was in flight, sent at `sent`, has been acknowledged. `app_limited`: the window was not
    /// what held the sender back, so that the acknowledgement proves nothing about a larger one.
    fn on_acked(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool);

    /// Packets have been lost, the latest of them sent at `latest_sent`; `persistent`: all of a whole period
    /// (`RttEstimator::persistent_congestion_duration`).
    fn on_lost(&mut self, now: Instant, latest_sent: Instant, persistent: bool);

    /// The path is another: nothing is known of it.
    fn on_path_change(&mut self, now: Instant);

    /// Bytes that may be in flight.
    fn window(&self) -> u64;
}

/// RFC 9002's own controller.
#[derive(Debug, Clone)]
pub(crate) struct NewReno {
    window: u64,
    /// Below this the window doubles each round trip; above, it grows by a datagram.
    slow_start_threshold: u64,
    /// Packets sent until then belong to a loss that has been answered.
    recovery_start: Option<Instant>,
    /// Bytes acknowledged since the window last grew, outside slow start.
    acked_bytes: u64,
}

impl NewReno {
    pub(crate) fn new() -> Self {
        Self {
            window: INITIAL_WINDOW,
            slow_start_threshold: u64::MAX,
            recovery_start: None,
            acked_bytes: 0,
        }
    }

    fn is_in_recovery(&self, sent: Instant) -> bool {
        self.recovery_start.is_some_and(|start| sent <= start)
    }
}

impl Controller for NewReno {
    fn on_sent(&mut self, _now: Instant, _bytes: u64) {}

    fn on_acked(&mut self, _now: Instant, sent: Instant, bytes: u64, app_limited: bool) {
        if app_limited || self.is_in_recovery(sent) {
            return;
        }
        if self.window < self.slow_start_threshold {
            self.window = self.window.saturating_add(bytes);
            return;
        }
        self.acked_bytes += bytes;
        if self.acked_bytes >= self.window {
            self.acked_bytes -= self.window;
            self.window = self.window.saturating_add(DATAGRAM);
        }
    }

    fn on_lost(&mut self, now: Instant, latest_sent: Instant, persistent: bool) {
        if !self.is_in_recovery(latest_sent) {
            self.recovery_start = Some(now);
            self.window = (self.window / LOSS_DIVISOR).max(MINIMUM_WINDOW);
            self.slow_start_threshold = self.window;
            self.acked_bytes = 0;
        }
        if persistent {
            self.window = MINIMUM_WINDOW;
            self.acked_bytes = 0;
            self.recovery_start = None;
        }
    }

    fn on_path_change(&mut self, now: Instant) {
        // What was sent on the old path says nothing about the new one.
        *self = Self::new();
        self.recovery_start = Some(now);
    }

    fn window(&self) -> u64 {
        self.window
    }
}
