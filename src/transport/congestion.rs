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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn slow_start_grows_by_what_is_acknowledged() {
        let now = Instant::now();
        let mut reno = NewReno::new();
        reno.on_acked(now, now, 3000, false);
        assert_eq!(reno.window(), INITIAL_WINDOW + 3000);
    }

    #[test]
    fn a_sender_without_much_to_say_earns_no_window() {
        let now = Instant::now();
        let mut reno = NewReno::new();
        reno.on_acked(now, now, 3000, true);
        assert_eq!(reno.window(), INITIAL_WINDOW);
    }

    #[test]
    fn one_flight_with_many_losses_halves_once_and_then_grows_by_a_datagram_a_round() {
        let start = Instant::now();
        let mut reno = NewReno::new();
        reno.on_lost(after(start, 100), start, false);
        reno.on_lost(after(start, 110), after(start, 50), false);
        let halved = INITIAL_WINDOW / 2;
        assert_eq!(reno.window(), halved);
        reno.on_acked(after(start, 120), after(start, 100), halved, false);
        assert_eq!(reno.window(), halved, "sent before the recovery began");
        reno.on_acked(after(start, 200), after(start, 130), halved - 1, false);
        assert_eq!(reno.window(), halved);
        reno.on_acked(after(start, 200), after(start, 130), 1, false);
        assert_eq!(reno.window(), halved + DATAGRAM);
        reno.on_lost(after(start, 300), after(start, 101), false);
        assert_eq!(reno.window(), halved.midpoint(DATAGRAM), "a new loss");
    }

    #[test]
    fn the_window_has_a_floor() {
        let start = Instant::now();
        let mut reno = NewReno::new();
        for round in 1..20 {
            reno.on_lost(
                after(start, round * 10),
                after(start, round * 10 - 1),
                false,
            );
        }
        assert_eq!(reno.window(), MINIMUM_WINDOW);
    }

    #[test]
    fn persistent_congestion_starts_again_from_the_floor() {
        let start = Instant::now();
        let mut reno = NewReno::new();
        reno.on_lost(after(start, 100), start, true);
        assert_eq!(reno.window(), MINIMUM_WINDOW);
        reno.on_acked(after(start, 120), after(start, 90), DATAGRAM, false);
        assert_eq!(reno.window(), MINIMUM_WINDOW + DATAGRAM);
    }

    #[test]
    fn a_new_path_starts_afresh_and_old_packets_do_not_count_on_it() {
        let start = Instant::now();
        let mut reno = NewReno::new();
        reno.on_lost(after(start, 10), start, false);
        reno.on_path_change(after(start, 100));
        assert_eq!(reno.window(), INITIAL_WINDOW);
        reno.on_acked(after(start, 120), after(start, 90), 5000, false);
        reno.on_lost(after(start, 120), after(start, 90), false);
        assert_eq!(reno.window(), INITIAL_WINDOW);
    }
}
