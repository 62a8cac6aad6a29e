//! The RTT estimator of the current path (RFC 9002 §5).

use std::time::{Duration, Instant};

use crate::transport::limits::PTO_MAX;

/// Assumed until a sample arrives (RFC 9002 §6.2.2).
pub(crate) const INITIAL_RTT: Duration = Duration::from_millis(333);
/// The maximum delay of an acknowledgement that somebody waits for (RFC 9000 §13.2.1, §18.2).
pub(crate) const MAX_ACK_DELAY: Duration = Duration::from_millis(25);
/// A sample whose acknowledgement waited longer is none. Chosen: timers may be late.
const DELAY_MAX: Duration = MAX_ACK_DELAY.saturating_mul(2);
/// The minimum of all timers (RFC 9002 §6.1.2).
pub(crate) const TIMER_GRANULARITY: Duration = Duration::from_millis(1);
/// RFC 9002 §7.6.1.
const PERSISTENT_CONGESTION_THRESHOLD: u32 = 3;
/// A longer sample shows that an end slept with packets in its socket, not the path. Chosen: the longest probe
/// time-out; a path with a longer round trip never completes a handshake.
const SAMPLE_MAX: Duration = PTO_MAX;

/// No guess is shorter. Chosen: on a path of a second a guess that is too short costs three small probes, one that is too long
/// costs seconds after a loss.
const GUESS_MIN: Duration = Duration::from_millis(80);

/// How long a handshake has waited for its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HandshakeTime {
    /// Since the question was last sent.
    pub(crate) took: Duration,
    /// It was not sent before that.
    pub(crate) is_exact: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct RttEstimator {
    latest: Duration,
    smoothed: Duration,
    variance: Duration,
    minimum: Duration,
    first_sample: Option<Instant>,
}

impl Default for RttEstimator {
    fn default() -> Self {
        Self {
            latest: INITIAL_RTT,
            smoothed: INITIAL_RTT,
            variance: INITIAL_RTT / 2,
            minimum: INITIAL_RTT,
            first_sample: None,
        }
    }
}

impl RttEstimator {
    /// Adds a sample: the time from sending the largest newly acknowledged packet to `now`. `ack_delay`, the peer's
    /// claimed delay, is subtracted. A sample above [`SAMPLE_MAX`] is ignored, and one with a delay above [`DELAY_MAX`]: that
    /// acknowledgement could wait, or an earlier one was lost, and it says little of the path.
    pub(crate) fn update(&mut self, now: Instant, sample: Duration, ack_delay: Duration) {
        if sample > SAMPLE_MAX || ack_delay > DELAY_MAX {
            return;
        }
        self.latest = sample;
        if self.first_sample.is_none() {
            self.first_sample = Some(now);
            self.begin(sample);
            return;
        }
        self.minimum = self.minimum.min(sample);
        // A delay that brings the sample below the minimum cannot be true.
        let adjusted = sample
            .checked_sub(ack_delay)
            .filter(|adjusted| *adjusted >= self.minimum)
            .unwrap_or(sample);
        self.variance = (self.variance * 3 + self.smoothed.abs_diff(adjusted)) / 4;
        self.smoothed = (self.smoothed * 7 + adjusted) / 8;
    }

    /// Takes what the handshake took for the round trip until there is a sample. It is a guess, and no minimum, if it cannot be
    /// known which of two questions was answered.
    pub(crate) fn assume(&mut self, handshake: HandshakeTime) {
        if handshake.is_exact {
            self.begin(handshake.took.min(SAMPLE_MAX));
        } else {
            let minimum = self.minimum;
            self.begin(handshake.took.clamp(GUESS_MIN, INITIAL_RTT));
            self.minimum = minimum;
        }
    }

    fn begin(&mut self, round_trip: Duration) {
        self.latest = round_trip;
        self.minimum = round_trip;
        self.smoothed = round_trip;
        self.variance = round_trip / 2;
    }

    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn smoothed(&self) -> Duration {
        self.smoothed
    }

    pub(crate) fn minimum(&self) -> Duration {
        self.minimum
    }

    /// When the first sample of this path arrived; earlier losses do not count for persistent congestion.
    pub(crate) fn first_sample(&self) -> Option<Instant> {
        self.first_sample
    }

    /// The probe time-out without backoff (RFC 9002 §6.2.1).
    pub(crate) fn pto_base(&self) -> Duration {
        self.smoothed + (self.variance * 4).max(TIMER_GRANULARITY) + MAX_ACK_DELAY
    }

    /// A packet older than this, with a later one acknowledged, is lost (RFC 9002 §6.1.2).
    pub(crate) fn loss_delay(&self) -> Duration {
        (self.smoothed.max(self.latest) * 9 / 8).max(TIMER_GRANULARITY)
    }

    /// Losses over this period, with nothing acknowledged between, are persistent congestion (RFC 9002 §7.6.1).
    pub(crate) fn persistent_congestion_duration(&self) -> Duration {
        self.pto_base() * PERSISTENT_CONGESTION_THRESHOLD
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    impl RttEstimator {
        pub(crate) fn latest(&self) -> Duration {
            self.latest
        }

        pub(crate) fn variance(&self) -> Duration {
            self.variance
        }
    }

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn measured(samples: &[(u64, u64)]) -> RttEstimator {
        let now = instant();
        let mut rtt = RttEstimator::default();
        for &(sample, delay) in samples {
            rtt.update(now, ms(sample), ms(delay));
        }
        rtt
    }

    #[test]
    fn before_a_sample_it_is_a_third_of_a_second() {
        let rtt = RttEstimator::default();
        assert_eq!(rtt.pto_base(), INITIAL_RTT * 3 + MAX_ACK_DELAY);
        assert_eq!(rtt.first_sample(), None);
    }

    #[test]
    fn the_first_sample_replaces_the_guess_and_ignores_the_ack_delay() {
        let rtt = measured(&[(100, 20)]);
        assert_eq!(rtt.smoothed(), ms(100));
        assert_eq!(rtt.variance(), ms(50));
        assert_eq!(rtt.minimum(), ms(100));
    }

    #[test]
    fn later_samples_move_it_by_an_eighth_without_the_ack_delay() {
        let rtt = measured(&[(100, 0), (200, 20)]);
        assert_eq!(rtt.smoothed(), ms(110));
        assert_eq!(rtt.variance(), Duration::from_micros(57_500));
        assert_eq!(rtt.latest(), ms(200));
    }

    #[test]
    fn an_acknowledgement_that_waited_measures_nothing() {
        let mut rtt = measured(&[(400, 300)]);
        assert_eq!(rtt.smoothed(), INITIAL_RTT);
        rtt.update(instant(), ms(100), ms(25));
        assert_eq!(rtt.smoothed(), ms(100));
        rtt.update(instant(), ms(400), ms(300));
        assert_eq!((rtt.smoothed(), rtt.latest()), (ms(100), ms(100)));
    }

    #[test]
    fn what_a_handshake_took_is_forgotten_with_the_first_sample() {
        // A part of it that was lost made the path look slow for seconds, so that nothing was copied and probes were late.
        let mut rtt = RttEstimator::default();
        rtt.assume(handshake(1400, true));
        assert_eq!((rtt.smoothed(), rtt.variance()), (ms(1400), ms(700)));
        rtt.update(instant(), ms(50), ms(0));
        assert_eq!((rtt.smoothed(), rtt.variance()), (ms(50), ms(25)));
    }

    #[test]
    fn guess_is_neither_longer_than_what_is_assumed_without_it_nor_a_minimum() {
        // The first losses of a session whose SYN was sent twice were probed for after 1, 2 and 4 s.
        for (took, guess) in [(5, GUESS_MIN), (200, ms(200)), (1400, INITIAL_RTT)] {
            let mut rtt = RttEstimator::default();
            rtt.assume(handshake(took, false));
            assert_eq!((rtt.smoothed(), rtt.minimum()), (guess, INITIAL_RTT));
        }
    }

    fn handshake(took: u64, is_exact: bool) -> HandshakeTime {
        HandshakeTime {
            took: ms(took),
            is_exact,
        }
    }

    #[test]
    fn a_delay_that_would_undercut_the_minimum_is_not_believed() {
        let rtt = measured(&[(100, 0), (110, 20)]);
        assert_eq!(rtt.smoothed(), Duration::from_micros(101_250));
    }

    #[test]
    fn loss_delay_follows_the_larger_of_smoothed_and_latest_and_is_never_nothing() {
        assert_eq!(measured(&[(80, 0), (160, 0)]).loss_delay(), ms(180));
        assert_eq!(measured(&[(0, 0)]).loss_delay(), TIMER_GRANULARITY);
    }

    #[test]
    fn a_peer_that_slept_does_not_make_the_path_long() {
        // A server slept for ten minutes with packets in its socket. The first acknowledgement after it made a
        // round trip of minutes of it, and lost packets were probed for after minutes.
        let rtt = measured(&[(100, 0), (600_000, 0)]);
        assert_eq!(rtt.smoothed(), ms(100));
        assert_eq!(rtt.latest(), ms(100));
    }

    #[test]
    fn a_reset_forgets_the_path() {
        let mut rtt = measured(&[(100, 0)]);
        rtt.reset();
        assert_eq!(rtt.smoothed(), INITIAL_RTT);
        assert_eq!(rtt.persistent_congestion_duration(), rtt.pto_base() * 3);
    }
}
