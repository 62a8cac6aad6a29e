//! How large a datagram the path carries: 1200 bytes, until those are seen to vanish where smaller ones arrive.

use crate::transport::limits::{LARGE_LOST_MAX, SMALL_ARRIVED_MIN, SMALL_DATAGRAM};
use crate::transport::packet::DATAGRAM_LEN;

/// Probe time-outs in a row after which a large packet under way is taken for the cause.
const PTO_SUSPICION: u32 = 2;

/// What is known of the path's largest datagram.
#[derive(Debug, Default)]
pub(super) struct Mtu {
    small: bool,
    /// Large packets lost since one was last acknowledged.
    large_lost: u8,
    /// Smaller ones acknowledged since the first of those was lost.
    small_arrived: u8,
}

impl Mtu {
    /// Bytes of UDP payload that a packet may have.
    pub(super) fn limit(&self) -> usize {
        if self.small {
            SMALL_DATAGRAM
        } else {
            DATAGRAM_LEN
        }
    }

    /// A packet of this size has arrived.
    pub(super) fn on_acked(&mut self, size: usize) {
        if size > SMALL_DATAGRAM {
            self.large_lost = 0;
            self.small_arrived = 0;
        } else if self.large_lost > 0 {
            self.small_arrived = self.small_arrived.saturating_add(1);
        }
    }

    /// A packet of this size was lost. Many at once say nothing: a queue that overflows drops a row of them, and
    /// in a stream all are large. It is the size if smaller ones arrive meanwhile.
    pub(super) fn on_lost(&mut self, size: usize) {
        if size > SMALL_DATAGRAM {
            self.large_lost = self.large_lost.saturating_add(1);
            self.small |=
                self.large_lost >= LARGE_LOST_MAX && self.small_arrived >= SMALL_ARRIVED_MIN;
        }
    }

    /// So many probe time-outs have passed in a row, with a packet of this size the oldest under way.
    pub(super) fn on_pto(&mut self, count: u32, oldest_size: usize) {
        self.small |= count >= PTO_SUSPICION && oldest_size > SMALL_DATAGRAM;
    }

    /// Another path may carry more.
    pub(super) fn on_path_change(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_packets_that_vanish_in_a_row_make_packets_small() {
        let mut mtu = Mtu::default();
        for _ in 0..100 {
            mtu.on_lost(500);
            mtu.on_lost(1200);
            mtu.on_acked(1200);
        }
        assert_eq!(mtu.limit(), DATAGRAM_LEN);
        for _ in 0..LARGE_LOST_MAX {
            mtu.on_acked(300);
            mtu.on_lost(1200);
        }
        assert_eq!(mtu.limit(), SMALL_DATAGRAM);
        mtu.on_path_change();
        assert_eq!(mtu.limit(), DATAGRAM_LEN);
    }

    #[test]
    fn row_that_an_overflowing_queue_drops_leaves_packets_large() {
        // Six large packets lost in a row made packets small until the path changed. A stream that overflows a queue
        // loses more than that at once, with nothing smaller under way, and the path carries them as before.
        let mut mtu = Mtu::default();
        for _ in 0..10 {
            mtu.on_acked(1200);
            mtu.on_acked(100);
            for _ in 0..4 * LARGE_LOST_MAX {
                mtu.on_lost(1200);
            }
            for _ in 0..SMALL_ARRIVED_MIN {
                mtu.on_acked(100);
            }
        }
        assert_eq!(mtu.limit(), DATAGRAM_LEN);
    }

    #[test]
    fn two_timeouts_with_a_large_packet_under_way_are_enough() {
        let mut mtu = Mtu::default();
        mtu.on_pto(5, 400);
        mtu.on_pto(1, 1200);
        assert_eq!(mtu.limit(), DATAGRAM_LEN);
        mtu.on_pto(2, 1200);
        assert_eq!(mtu.limit(), SMALL_DATAGRAM);
    }
}
