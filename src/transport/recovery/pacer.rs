//! Paces a congestion window over its round trip, so that a burst does not overflow the bottleneck queue: a token
//! bucket (RFC 9002 §7.7).

use std::time::{Duration, Instant};

use super::congestion::INITIAL_WINDOW;

/// The burst after a pause, in bytes: the initial window, ten packets (RFC 9002 §7.7).
const BURST_BYTES: u64 = INITIAL_WINDOW;
/// The rate is 5/4 of the window per round trip, so that pacing alone never leaves a window unused (RFC 9002 §7.7).
const GAIN_NUMERATOR: u128 = 5;
const GAIN_DENOMINATOR: u128 = 4;
/// On fast paths the bucket holds what two milliseconds carry, because timers are not finer. Chosen.
const TIMER_SLACK: Duration = Duration::from_millis(2);

#[derive(Debug, Clone)]
pub(crate) struct Pacer {
    /// Bytes that may be sent now.
    tokens: u64,
    refilled: Instant,
}

impl Pacer {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            tokens: BURST_BYTES,
            refilled: now,
        }
    }

    /// When `bytes` may be sent: `None` for now.
    pub(crate) fn delay(
        &mut self,
        now: Instant,
        bytes: u64,
        smoothed_rtt: Duration,
        window: u64,
    ) -> Option<Instant> {
        let rate = Rate::new(smoothed_rtt, window);
        self.refill(now, &rate);
        // A larger packet would never be sent.
        let missing = bytes.min(BURST_BYTES).saturating_sub(self.tokens);
        if missing == 0 {
            return None;
        }
        // Later than now, or the driver would spin.
        let wait = rate.time_for(missing).max(Duration::from_nanos(1));
        Some(self.refilled.max(now) + wait)
    }

    /// Counts bytes sent, paced or not.
    pub(crate) fn on_sent(&mut self, bytes: u64) {
        self.tokens = self.tokens.saturating_sub(bytes);
    }

    fn refill(&mut self, now: Instant, rate: &Rate) {
        let elapsed = now.saturating_duration_since(self.refilled);
        let earned = rate.bytes_in(elapsed);
        let capacity = BURST_BYTES.max(rate.bytes_in(TIMER_SLACK));
        if self.tokens.saturating_add(earned) >= capacity {
            self.tokens = capacity;
            self.refilled = now;
        } else if earned > 0 {
            self.tokens += earned;
            // Keep the time of a fraction of a byte, or frequent calls would slow the path down.
            self.refilled += rate.time_for(earned).min(elapsed);
        }
    }
}

/// Bytes per nanosecond, as a fraction.
struct Rate {
    numerator: u128,
    denominator: u128,
}

impl Rate {
    fn new(smoothed_rtt: Duration, window: u64) -> Self {
        Self {
            numerator: (u128::from(window) * GAIN_NUMERATOR).max(1),
            denominator: (smoothed_rtt.as_nanos() * GAIN_DENOMINATOR).max(1),
        }
    }

    fn bytes_in(&self, time: Duration) -> u64 {
        let bytes = time.as_nanos().saturating_mul(self.numerator) / self.denominator;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    fn time_for(&self, bytes: u64) -> Duration {
        let nanos = (u128::from(bytes) * self.denominator).div_ceil(self.numerator);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    const RTT: Duration = Duration::from_millis(100);
    const WINDOW: u64 = 120_000;

    #[test]
    fn a_burst_of_the_initial_window_goes_out_at_once_and_no_more() {
        let now = instant();
        let mut pacer = Pacer::new(now);
        for _ in 0..10 {
            assert_eq!(pacer.delay(now, 1200, RTT, WINDOW), None);
            pacer.on_sent(1200);
        }
        // 1200 bytes at 1.5 bytes a microsecond.
        let expected = now + Duration::from_micros(800);
        assert_eq!(pacer.delay(now, 1200, RTT, WINDOW), Some(expected));
    }

    #[test]
    fn after_the_wait_that_it_named_it_lets_go() {
        let mut now = instant();
        let mut pacer = Pacer::new(now);
        pacer.on_sent(BURST_BYTES);
        for _ in 0..1000 {
            let when = pacer.delay(now, 1111, RTT, WINDOW).expect("empty bucket");
            assert!(when > now);
            now = when;
            assert_eq!(pacer.delay(now, 1111, RTT, WINDOW), None);
            pacer.on_sent(1111);
        }
    }

    #[test]
    fn a_round_trip_carries_a_quarter_more_than_the_window_however_often_it_is_asked() {
        let start = instant();
        let mut pacer = Pacer::new(start);
        pacer.on_sent(BURST_BYTES);
        let mut sent = 0;
        for micros in (0..=100_000).step_by(7) {
            let now = start + Duration::from_micros(micros);
            while pacer.delay(now, 1200, RTT, WINDOW).is_none() {
                pacer.on_sent(1200);
                sent += 1200;
            }
        }
        assert!((148_000..=150_000).contains(&sent), "{sent}");
    }

    #[test]
    fn strange_figures_neither_panic_nor_block_for_ever() {
        let now = instant();
        let mut pacer = Pacer::new(now);
        assert_eq!(pacer.delay(now, u64::MAX, Duration::ZERO, u64::MAX), None);
        pacer.on_sent(u64::MAX);
        assert!(pacer.delay(now, 1, RTT, 2400).is_some());
        let later = now + Duration::from_hours(24);
        assert_eq!(pacer.delay(later, u64::MAX, RTT, WINDOW), None);
    }
}
