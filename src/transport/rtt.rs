//! How long a round trip takes on the current path: RFC 9002, section 5.

use std::time::{Duration, Instant};

/// Taken for the round trip until one has been measured. RFC 9002, section 6.2.2.
pub(crate) const INITIAL_RTT: Duration = Duration::from_millis(333);
/// The longest that an end waits before it acknowledges, and the most that it is believed to have waited.
/// RFC 9000, section 13.2.1 and 18.2.
pub(crate) const MAX_ACK_DELAY: Duration = Duration::from_millis(25);
/// Below this no timer is set. RFC 9002, section 6.1.2.
pub(crate) const TIMER_GRANULARITY: Duration = Duration::from_millis(1);
/// How many probe time-outs without any acknowledgement make persistent congestion. RFC 9002, section 7.6.1.
const PERSISTENT_CONGESTION_THRESHOLD: u32 = 3;

/// The estimate of one path.
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
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes in a sample: the time from the sending of the largest newly acknowledged packet until `now`.
    /// `ack_delay` is what the peer claims to have waited; it is not believed beyond [`MAX_ACK_DELAY`].
    pub(crate) fn update(&mut self, now: Instant, sample: Duration, ack_delay: Duration) {
        self.latest = sample;
        if self.first_sample.is_none() {
            self.first_sample = Some(now);
            self.minimum = sample;
            self.smoothed = sample;
            self.variance = sample / 2;
            return;
        }
        self.minimum = self.minimum.min(sample);
        let ack_delay = ack_delay.min(MAX_ACK_DELAY);
        // A delay that would bring the sample below the minimum cannot be true.
        let adjusted = if sample >= self.minimum + ack_delay {
            sample - ack_delay
        } else {
            sample
        };
        self.variance = (self.variance * 3 + self.smoothed.abs_diff(adjusted)) / 4;
        self.smoothed = (self.smoothed * 7 + adjusted) / 8;
    }

    /// Forgets all: the path is another.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn latest(&self) -> Duration {
        self.latest
    }

    pub(crate) fn smoothed(&self) -> Duration {
        self.smoothed
    }

    pub(crate) fn variance(&self) -> Duration {
        self.variance
    }

    pub(crate) fn minimum(&self) -> Duration {
        self.minimum
    }

    /// When the first sample of this path was taken; losses before it say nothing about persistent congestion.
    pub(crate) fn first_sample(&self) -> Option<Instant> {
        self.first_sample
    }

    /// The probe time-out before any backoff. RFC 9002, section 6.2.1.
    pub(crate) fn pto_base(&self) -> Duration {
        self.smoothed + (self.variance * 4).max(TIMER_GRANULARITY) + MAX_ACK_DELAY
    }

    /// A packet older than this, with a later one acknowledged, is lost. RFC 9002, section 6.1.2.
    pub(crate) fn loss_delay(&self) -> Duration {
        (self.smoothed.max(self.latest) * 9 / 8).max(TIMER_GRANULARITY)
    }

    /// Losses that span this long, with nothing acknowledged between, are persistent congestion. RFC 9002,
    /// section 7.6.1.
    pub(crate) fn persistent_congestion_duration(&self) -> Duration {
        self.pto_base() * PERSISTENT_CONGESTION_THRESHOLD
    }
}
