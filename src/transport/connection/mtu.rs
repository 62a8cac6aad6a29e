//! Path MTU: 1200 bytes, until such packets get lost where smaller ones arrive.
//!
//! A short outage looks like a path that drops large packets, so the session probes with a large one from time to
//! time (RFC 8899). The probe carries data and more of the same follows, so that its loss is detected at once and
//! costs a retransmission. It is no sign of congestion (§3 there).

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use crate::transport::limits::{LARGE_LOST_MAX, SMALL_ARRIVED_MIN, SMALL_DATAGRAM};
use crate::transport::wire::packet::DATAGRAM_LEN;

/// After so many probe time-outs in a row, a large packet in flight is taken for the cause.
const PTO_SUSPICION: u32 = 2;

/// How long packets stay small before the first probe; each failure doubles it. Chosen: `PROBE_TIMER` of RFC 8899
/// §5.1.1 should be longer.
const RAISE_AFTER_FIRST: Duration = Duration::from_secs(15);

/// The longest time between two probes: `PMTU_RAISE_TIMER` (RFC 8899 §5.1.1) is 600 s.
const RAISE_AFTER_MAX: Duration = Duration::from_mins(10);

/// Bytes that must be queued for a probe: the packets behind it reveal its loss (`PACKET_THRESHOLD`). A sender of
/// less needs no large packets.
const PROBE_DATA: usize = 5 * DATAGRAM_LEN;

#[derive(Debug, Default)]
pub(super) struct Mtu {
    /// While packets are small: the time of the next probe.
    raise_at: Option<Instant>,
    /// The packet number of the last probe plus one, which halves the size of the option.
    probe: Option<NonZeroU64>,
    tries: u8,
    /// Large packets lost since one was last acknowledged.
    large_lost: u8,
    /// Smaller packets acknowledged since the first of those losses.
    small_arrived: u8,
}

const fn tried(number: u64) -> NonZeroU64 {
    NonZeroU64::MIN.saturating_add(number)
}

impl Mtu {
    /// The maximum UDP payload, in bytes.
    pub(super) fn limit(&self) -> usize {
        if self.raise_at.is_some() {
            SMALL_DATAGRAM
        } else {
            DATAGRAM_LEN
        }
    }

    /// The same for a packet of data, which may be a probe if `waiting` bytes are queued.
    pub(super) fn limit_of_data(&self, now: Instant, waiting: impl FnOnce() -> u64) -> usize {
        let may_probe = self.raise_at.is_some_and(|at| at <= now);
        if may_probe && waiting() >= PROBE_DATA as u64 {
            DATAGRAM_LEN
        } else {
            self.limit()
        }
    }

    pub(super) fn on_sent(&mut self, now: Instant, number: u64, size: usize) {
        if let Some(raise_at) = &mut self.raise_at
            && size > SMALL_DATAGRAM
        {
            self.probe = Some(tried(number));
            self.tries = self.tries.saturating_add(1);
            *raise_at = now + raise_after(self.tries);
        }
    }

    pub(super) fn on_acked(&mut self, size: usize) {
        if size > SMALL_DATAGRAM {
            *self = Self::default();
        } else if self.large_lost > 0 {
            self.small_arrived = self.small_arrived.saturating_add(1);
        }
    }

    /// A packet was lost; returns whether it was a probe. Many losses at once prove nothing, because an overflowing
    /// queue drops a row of packets and a stream has only large ones. The size is the cause if smaller packets arrive
    /// meanwhile.
    pub(super) fn on_lost(&mut self, now: Instant, number: u64, size: usize) -> bool {
        if size > SMALL_DATAGRAM {
            self.large_lost = self.large_lost.saturating_add(1);
            if self.large_lost >= LARGE_LOST_MAX && self.small_arrived >= SMALL_ARRIVED_MIN {
                self.shrink(now);
            }
        }
        self.probe
            .take_if(|probe| *probe == tried(number))
            .is_some()
    }

    /// `count` probe time-outs in a row; the oldest packet in flight has this size.
    pub(super) fn on_pto(&mut self, now: Instant, count: u32, oldest_size: usize) {
        if count >= PTO_SUSPICION && oldest_size > SMALL_DATAGRAM {
            self.shrink(now);
        }
    }

    fn shrink(&mut self, now: Instant) {
        self.raise_at.get_or_insert(now + RAISE_AFTER_FIRST);
    }

    pub(super) fn on_path_change(&mut self) {
        *self = Self::default();
    }
}

/// The time to the next probe, after so many.
fn raise_after(tries: u8) -> Duration {
    let doubled = RAISE_AFTER_FIRST.saturating_mul(1 << tries.min(8));
    doubled.min(RAISE_AFTER_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn only_large_packets_that_vanish_in_a_row_make_packets_small() {
        let now = instant();
        let mut mtu = Mtu::default();
        for _ in 0..100 {
            mtu.on_lost(now, 1, 500);
            mtu.on_lost(now, 2, 1200);
            mtu.on_acked(1200);
        }
        assert_eq!(mtu.limit(), DATAGRAM_LEN);
        for _ in 0..LARGE_LOST_MAX {
            mtu.on_acked(300);
            mtu.on_lost(now, 3, 1200);
        }
        assert_eq!(mtu.limit(), SMALL_DATAGRAM);
        mtu.on_path_change();
        assert_eq!(mtu.limit(), DATAGRAM_LEN);
    }

    #[test]
    fn row_that_an_overflowing_queue_drops_leaves_packets_large() {
        // Six large packets lost in a row made packets small until the path changed. A stream that overflows a queue
        // loses more than that at once, with nothing smaller under way, and the path carries them as before.
        let now = instant();
        let mut mtu = Mtu::default();
        for _ in 0..10 {
            mtu.on_acked(1200);
            mtu.on_acked(100);
            for _ in 0..4 * LARGE_LOST_MAX {
                mtu.on_lost(now, 1, 1200);
            }
            for _ in 0..SMALL_ARRIVED_MIN {
                mtu.on_acked(100);
            }
        }
        assert_eq!(mtu.limit(), DATAGRAM_LEN);
    }

    #[test]
    fn two_timeouts_with_a_large_packet_under_way_are_enough() {
        let now = instant();
        let mut mtu = Mtu::default();
        mtu.on_pto(now, 5, 400);
        mtu.on_pto(now, 1, 1200);
        assert_eq!(mtu.limit(), DATAGRAM_LEN);
        mtu.on_pto(now, 2, 1200);
        assert_eq!(mtu.limit(), SMALL_DATAGRAM);
    }

    #[test]
    fn large_packet_is_tried_again_ever_more_rarely_and_its_arrival_is_believed() {
        // Two time-outs of a short outage made packets small for good.
        let mut now = instant();
        let mut mtu = Mtu::default();
        mtu.on_pto(now, 2, 1200);
        let plenty = PROBE_DATA as u64;
        let mut waits = Vec::new();
        for number in 0..8 {
            let since = now;
            while mtu.limit_of_data(now, || plenty) == SMALL_DATAGRAM {
                now += Duration::from_secs(1);
                assert!(now - since <= RAISE_AFTER_MAX, "it is never tried again");
            }
            assert_eq!(mtu.limit_of_data(now, || plenty - 1), SMALL_DATAGRAM);
            waits.push((now - since).as_secs());
            mtu.on_sent(now, number, 900);
            assert_eq!(mtu.limit_of_data(now, || plenty), DATAGRAM_LEN);
            mtu.on_sent(now, number, 1200);
            assert_eq!(mtu.limit_of_data(now, || plenty), SMALL_DATAGRAM);
            assert!(mtu.on_lost(now, number, 1200), "no sign of congestion");
            assert!(!mtu.on_lost(now, number, 1200));
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 600, 600]);
        mtu.on_acked(1200);
        assert_eq!(mtu.limit(), DATAGRAM_LEN);
    }
}
