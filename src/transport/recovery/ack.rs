//! Acknowledgements of this end: which packets have arrived, and when to acknowledge them (RFC 9000 §13.2).

use std::time::{Duration, Instant};

use super::rtt::MAX_ACK_DELAY;
use crate::transport::ranges::{Iter, RangeSet};
use crate::transport::wire::frame::MAX_RANGES;

/// Every second ack-eliciting packet is acknowledged at once (RFC 9000 §13.2.2).
const ELICITING_THRESHOLD: u32 = 2;

#[derive(Debug, Clone, Default)]
pub(crate) struct AckState {
    ranges: RangeSet,
    /// The largest packet number, and its arrival. `ranges` always contains it.
    largest: Option<(u64, Instant)>,
    /// Ack-eliciting packets since the last acknowledgement.
    unanswered: u32,
    deadline: Option<Instant>,
}

#[derive(Debug, Clone)]
pub(crate) struct AckReport<'a> {
    /// Packet numbers received, highest range first.
    pub(crate) ranges: std::iter::Rev<Iter<'a>>,
    /// The largest of them; pass it to [`AckState::acknowledged`] when the packet with this report is acknowledged.
    pub(crate) largest: u64,
    /// How long ago the largest arrived, in microseconds.
    pub(crate) delay_us: u64,
}

impl AckState {
    /// Records a packet that was authentic, new, and whose frames were all processed.
    pub(crate) fn received(&mut self, packet_number: u64, ack_eliciting: bool, now: Instant) {
        let Some(next) = packet_number.checked_add(1) else {
            return;
        };
        let previous = self.largest.map(|(largest, _)| largest);
        self.ranges
            .insert_forgetting_lowest(packet_number..next, MAX_RANGES);
        if previous.is_none_or(|largest| packet_number > largest) {
            self.largest = Some((packet_number, now));
        }
        if !ack_eliciting {
            return;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        // A gap, or a packet that fills one: the sender should know at once.
        let in_order = packet_number == previous.map_or(0, |largest| largest.saturating_add(1));
        let wait = if in_order && self.unanswered < ELICITING_THRESHOLD {
            MAX_ACK_DELAY
        } else {
            Duration::ZERO
        };
        let due = now + wait;
        self.deadline = Some(self.deadline.map_or(due, |deadline| deadline.min(due)));
    }

    /// Makes the acknowledgement due at once: on a lossy path the sender should not wait.
    pub(crate) fn ack_immediately(&mut self, now: Instant) {
        self.deadline = Some(now);
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether an acknowledgement must be sent now, even alone.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// The report if there is anything new, due or not, so that any packet can carry it. Call [`AckState::on_sent`]
    /// once one does.
    pub(crate) fn frame(&self, now: Instant) -> Option<AckReport<'_>> {
        if self.unanswered == 0 {
            return None;
        }
        let (largest, at) = self.largest?;
        let delay = now.saturating_duration_since(at);
        Some(AckReport {
            ranges: self.ranges.iter().rev(),
            largest,
            delay_us: u64::try_from(delay.as_micros()).unwrap_or(u64::MAX),
        })
    }

    pub(crate) fn on_sent(&mut self) {
        self.unanswered = 0;
        self.deadline = None;
    }

    /// The peer has acknowledged a packet whose report had this largest number: that report need not be repeated (RFC
    /// 9000 §13.2.4).
    pub(crate) fn acknowledged(&mut self, largest: u64) {
        if let Some((newest, _)) = self.largest {
            self.ranges
                .remove_below(largest.saturating_add(1).min(newest));
        }
    }

    pub(crate) fn release(&mut self) {
        self.ranges.shrink();
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // A list of one range is what is meant.
mod tests {
    use super::*;
    use crate::testing::instant;

    impl AckState {
        pub(crate) fn contains(&self, packet_number: u64) -> bool {
            self.ranges.contains(packet_number)
        }

        pub(crate) fn largest(&self) -> Option<u64> {
            self.largest.map(|(largest, _)| largest)
        }
    }

    fn ranges(state: &AckState, now: Instant) -> Vec<std::ops::Range<u64>> {
        state
            .frame(now)
            .map(|report| report.ranges.collect())
            .unwrap_or_default()
    }

    #[test]
    fn one_packet_is_acknowledged_after_25_ms_and_the_second_at_once() {
        let now = instant();
        let mut acks = AckState::default();
        acks.received(0, true, now);
        assert_eq!(acks.deadline(), Some(now + MAX_ACK_DELAY));
        assert!(!acks.is_due(now) && acks.is_due(now + MAX_ACK_DELAY));
        acks.received(1, true, now);
        assert!(acks.is_due(now));
        assert_eq!(ranges(&acks, now), [0..2]);
        acks.on_sent();
        assert_eq!(acks.deadline(), None);
        assert!(acks.frame(now).is_none());
    }

    #[test]
    fn a_gap_and_what_fills_it_are_told_at_once() {
        let now = instant();
        let mut acks = AckState::default();
        acks.received(0, false, now);
        acks.received(2, true, now);
        assert!(acks.is_due(now));
        acks.on_sent();
        acks.received(1, true, now);
        assert!(acks.is_due(now));
        assert_eq!(ranges(&acks, now), [0..3]);
    }

    #[test]
    fn acknowledgements_alone_are_not_acknowledged() {
        let now = instant();
        let mut acks = AckState::default();
        acks.received(0, false, now);
        acks.received(5, false, now);
        assert_eq!(acks.deadline(), None);
        assert!(acks.frame(now).is_none());
    }

    #[test]
    fn the_delay_is_that_of_the_largest() {
        let now = instant();
        let mut acks = AckState::default();
        acks.received(1, true, now);
        acks.received(0, true, now + Duration::from_millis(3));
        let report = acks.frame(now + Duration::from_millis(5)).expect("is due");
        assert_eq!((report.largest, report.delay_us), (1, 5000));
    }

    #[test]
    fn beyond_32_ranges_the_oldest_are_forgotten() {
        let now = instant();
        let mut acks = AckState::default();
        for number in 0..100 {
            acks.received(number * 2, true, now);
        }
        let ranges = ranges(&acks, now);
        assert_eq!(ranges.len(), MAX_RANGES);
        assert_eq!(ranges.first(), Some(&(198..199)));
        assert_eq!(ranges.last(), Some(&(136..137)));
    }

    #[test]
    fn what_the_peer_knows_is_not_repeated_but_the_largest_stays() {
        let now = instant();
        let mut acks = AckState::default();
        for number in [0, 1, 4, 6] {
            acks.received(number, true, now);
        }
        acks.acknowledged(4);
        assert_eq!(ranges(&acks, now), [6..7]);
        acks.acknowledged(1_000_000);
        acks.received(3, true, now);
        assert_eq!(ranges(&acks, now), [6..7, 3..4]);
        assert_eq!(acks.largest(), Some(6));
    }
}
