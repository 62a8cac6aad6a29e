//! Acknowledgements of this end: which packets have arrived, and when to acknowledge them (RFC 9000 §13.2).

use std::time::{Duration, Instant};

use super::rtt::MAX_ACK_DELAY;
use crate::transport::ranges::{Iter, RangeSet};
use crate::transport::wire::frame::MAX_RANGES;

/// Every second ack-eliciting packet is acknowledged at once (RFC 9000 §13.2.2).
const ELICITING_THRESHOLD: u32 = 2;

/// Packets whose acknowledgement may wait are acknowledged at once after so many. Chosen: fewer than the smallest
/// congestion window has room for, since they are small.
const PATIENT_THRESHOLD: u32 = 8;

/// On a path that loses packets so many are acknowledged at once: a transfer.
const LOSSY_THRESHOLD: u32 = 4;

/// The longest delay of an acknowledgement on a path that loses packets: the peer should not wait long for it. Chosen: as
/// long as a server needs to make a message durable, so that what it answers carries the acknowledgement.
pub(crate) const LOSSY_ACK_DELAY: Duration = Duration::from_millis(10);

/// The longest delay of an acknowledgement that nobody waits for. Chosen: until then there is mostly a packet that can
/// carry it, and the peer keeps what it has sent no longer than it would after a loss.
pub(crate) const PATIENT_ACK_DELAY: Duration = Duration::from_millis(320);
/// The same where packets are lost: of what is lost the sender should hear while its user still looks for the receipt.
pub(crate) const LOSSY_PATIENCE: Duration = Duration::from_millis(140);
/// The same where packets cost money.
pub(crate) const FRUGAL_ACK_DELAY: Duration = Duration::from_millis(500);

/// The longest delay that is reported: after [`MAX_ACK_DELAY`] it says only that the acknowledgement is no measurement.
const LONG_DELAY_US: u64 = u16::MAX as u64;

/// How long an acknowledgement may wait that nobody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) usual: Duration,
    /// After a gap: the packet that is missing may hold what somebody waits for.
    pub(crate) after_gap: Duration,
}

/// How soon a packet is to be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// It elicits no acknowledgement.
    None,
    /// Nobody waits for it: it holds only what may wait, or what was here already.
    Patient,
    Normal,
    /// The path loses packets.
    Lossy,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct AckState {
    ranges: RangeSet,
    /// The largest packet number, and its arrival. `ranges` always contains it.
    largest: Option<(u64, Instant)>,
    /// Packets since the last acknowledgement that want one soon.
    urgent: u32,
    /// Packets since then whose acknowledgement may wait.
    patient: u32,
    deadline: Option<Instant>,
}

#[derive(Debug, Clone)]
pub(crate) struct AckReport<'a> {
    /// Packet numbers received, highest range first.
    pub(crate) ranges: std::iter::Rev<Iter<'a>>,
    /// The largest of them; pass it to [`AckState::acknowledged`] when the packet with this report is acknowledged.
    pub(crate) largest: u64,
    /// How long ago the largest arrived, in microseconds, up to [`LONG_DELAY_US`].
    pub(crate) delay_us: u64,
}

impl AckState {
    /// Records a packet that was authentic, new, and whose frames were all processed.
    /// `patience`: how long the acknowledgement may wait if nobody waits for it.
    pub(crate) fn received(
        &mut self,
        packet_number: u64,
        urgency: Urgency,
        patience: Patience,
        now: Instant,
    ) {
        let Some(next) = packet_number.checked_add(1) else {
            return;
        };
        let previous = self.largest.map(|(largest, _)| largest);
        self.ranges
            .insert_forgetting_lowest(packet_number..next, MAX_RANGES);
        if previous.is_none_or(|largest| packet_number > largest) {
            self.largest = Some((packet_number, now));
        }
        // A gap, or a packet that fills one: the sender should know sooner.
        let in_order = packet_number == previous.map_or(0, |largest| largest.saturating_add(1));
        match urgency {
            Urgency::None => return,
            Urgency::Patient => self.patient = self.patient.saturating_add(1),
            Urgency::Normal | Urgency::Lossy => self.urgent = self.urgent.saturating_add(1),
        }
        let wait = match urgency {
            Urgency::None => return,
            Urgency::Lossy if self.urgent < LOSSY_THRESHOLD => LOSSY_ACK_DELAY,
            Urgency::Patient if self.patient < PATIENT_THRESHOLD && in_order => patience.usual,
            Urgency::Patient if self.patient < PATIENT_THRESHOLD => patience.after_gap,
            Urgency::Normal if in_order && self.urgent < ELICITING_THRESHOLD => MAX_ACK_DELAY,
            Urgency::Patient | Urgency::Normal | Urgency::Lossy => Duration::ZERO,
        };
        let due = now + wait;
        self.deadline = Some(self.deadline.map_or(due, |deadline| deadline.min(due)));
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether an acknowledgement must be sent now, even alone.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// The report if there is anything new, due or not, so that any packet can carry it; `always`: even if there is nothing
    /// new, because the last report may be lost. Call [`AckState::on_sent`] once a packet carries it.
    pub(crate) fn frame(&self, now: Instant, always: bool) -> Option<AckReport<'_>> {
        if self.deadline.is_none() && !always {
            return None;
        }
        let (largest, at) = self.largest?;
        let delay = now.saturating_duration_since(at);
        Some(AckReport {
            ranges: self.ranges.iter().rev(),
            largest,
            delay_us: u16::try_from(delay.as_micros()).map_or(LONG_DELAY_US, u64::from),
        })
    }

    pub(crate) fn on_sent(&mut self) {
        (self.urgent, self.patient) = (0, 0);
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

    const PATIENCE: Patience = Patience {
        usual: PATIENT_ACK_DELAY,
        after_gap: MAX_ACK_DELAY,
    };

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
            .frame(now, false)
            .map(|report| report.ranges.collect())
            .unwrap_or_default()
    }

    #[test]
    fn one_packet_is_acknowledged_after_25_ms_and_the_second_at_once() {
        let now = instant();
        let mut acks = AckState::default();
        acks.received(0, Urgency::Normal, PATIENCE, now);
        assert_eq!(acks.deadline(), Some(now + MAX_ACK_DELAY));
        assert!(!acks.is_due(now) && acks.is_due(now + MAX_ACK_DELAY));
        acks.received(1, Urgency::Normal, PATIENCE, now);
        assert!(acks.is_due(now));
        assert_eq!(ranges(&acks, now), [0..2]);
        acks.on_sent();
        assert_eq!(acks.deadline(), None);
        assert!(acks.frame(now, false).is_none());
    }

    #[test]
    fn what_nobody_waits_for_is_acknowledged_late_or_with_seven_others() {
        let now = instant();
        let mut acks = AckState::default();
        for number in 0..7 {
            acks.received(number, Urgency::Patient, PATIENCE, now);
        }
        assert_eq!(acks.deadline(), Some(now + PATIENT_ACK_DELAY));
        assert!(acks.frame(now, false).is_some(), "any packet carries it");
        acks.received(7, Urgency::Patient, PATIENCE, now);
        assert!(acks.is_due(now));
        acks.on_sent();
        acks.received(9, Urgency::Patient, PATIENCE, now);
        assert_eq!(acks.deadline(), Some(now + MAX_ACK_DELAY), "after a gap");
        acks.on_sent();
        acks.received(10, Urgency::Patient, PATIENCE, now);
        acks.received(11, Urgency::Lossy, PATIENCE, now);
        assert_eq!(acks.deadline(), Some(now + LOSSY_ACK_DELAY));
    }

    #[test]
    fn a_report_that_may_be_lost_is_repeated_where_that_is_asked_for() {
        let now = instant();
        let mut acks = AckState::default();
        acks.received(0, Urgency::Normal, PATIENCE, now);
        acks.on_sent();
        assert!(acks.frame(now, false).is_none());
        let later = acks.frame(now + Duration::from_secs(1), true);
        assert_eq!(later.map(|report| report.delay_us), Some(LONG_DELAY_US));
    }

    #[test]
    fn a_gap_and_what_fills_it_are_told_at_once() {
        let now = instant();
        let mut acks = AckState::default();
        acks.received(0, Urgency::None, PATIENCE, now);
        acks.received(2, Urgency::Normal, PATIENCE, now);
        assert!(acks.is_due(now));
        acks.on_sent();
        acks.received(1, Urgency::Normal, PATIENCE, now);
        assert!(acks.is_due(now));
        assert_eq!(ranges(&acks, now), [0..3]);
    }

    #[test]
    fn acknowledgements_alone_are_not_acknowledged() {
        let now = instant();
        let mut acks = AckState::default();
        acks.received(0, Urgency::None, PATIENCE, now);
        acks.received(5, Urgency::None, PATIENCE, now);
        assert_eq!(acks.deadline(), None);
        assert!(acks.frame(now, false).is_none());
    }

    #[test]
    fn the_delay_is_that_of_the_largest() {
        let now = instant();
        let mut acks = AckState::default();
        acks.received(1, Urgency::Normal, PATIENCE, now);
        acks.received(0, Urgency::Normal, PATIENCE, now + Duration::from_millis(3));
        let report = acks
            .frame(now + Duration::from_millis(5), false)
            .expect("is due");
        assert_eq!((report.largest, report.delay_us), (1, 5000));
    }

    #[test]
    fn beyond_32_ranges_the_oldest_are_forgotten() {
        let now = instant();
        let mut acks = AckState::default();
        for number in 0..100 {
            acks.received(number * 2, Urgency::Normal, PATIENCE, now);
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
            acks.received(number, Urgency::Normal, PATIENCE, now);
        }
        acks.acknowledged(4);
        assert_eq!(ranges(&acks, now), [6..7]);
        acks.acknowledged(1_000_000);
        acks.received(3, Urgency::Normal, PATIENCE, now);
        assert_eq!(ranges(&acks, now), [6..7, 3..4]);
        assert_eq!(acks.largest(), Some(6));
    }
}
