//! Copies of unacknowledged frames on a path that loses packets, so that a single line of chat need not wait for a
//! probe time-out. A small frame is repeated in the next packets; without any, in a packet of its own after a quarter
//! of a round trip. Copies respect the congestion window and never let it grow. Without loss there are none.

use std::time::{Duration, Instant};

use super::Connection;
use super::recovery::Recovery;
use super::transmit::Written;
use crate::transport::Channel;
use crate::transport::channel::send_buffer::Fragment;
use crate::transport::recovery::sent_packets::SentFrame;
use crate::transport::timer::Timer;
use crate::transport::wire::frame;
use crate::transport::wire::frame::STREAM_OVERHEAD;
use crate::transport::wire::packet::TAG_LEN;

/// The loss average above which frames are copied.
const COPY_FROM: f32 = 0.01;

/// The loss averages for two and for three copies. Chosen: at 10 % loss a line is lost altogether once in a thousand
/// times, at 40 % once in forty.
const TWO_COPIES_FROM: f32 = 0.03;
const THREE_COPIES_FROM: f32 = 0.30;

/// A smoothed RTT above so many times the minimum, plus a constant, shows a queue, and thus that the queue loses the
/// packets. Chosen: the queue of a home link (200 ms on a path of 50) stays below it; an overloaded host is above it
/// before its socket buffer is full.
const OVERLOAD_TIMES: u32 = 4;
const OVERLOAD_BEYOND: Duration = Duration::from_millis(50);

/// The largest fragment that is copied, in bytes. Chosen: half a packet, or some lines of chat.
pub(super) const COPIED_BYTES: usize = 600;

/// How many of the newest packets in flight are searched for frames to copy. Chosen: a conversation has fewer in
/// flight, and the work for each packet stays bounded.
const COPY_WINDOW: usize = 8;

/// A copy follows its frame after the round trip divided by this.
const COPY_WAIT: u32 = 4;

impl Recovery {
    pub(super) fn is_lossy(&self) -> bool {
        self.path_loss() > COPY_FROM
    }

    /// Whether the peer acknowledges at once: it loses packets itself, or was told that we do. It does not know what
    /// this end has measured since.
    pub(super) fn peer_hurries(&self) -> bool {
        let known = self.peer_loss_permille.max(self.told_loss_permille);
        f32::from(known) / 1000.0 > COPY_FROM
    }

    /// The higher of both ends' loss averages: a path that loses packets in one direction mostly loses them in the
    /// other, and an end that learns it from its peer need not lose a line first.
    fn path_loss(&self) -> f32 {
        self.loss_average
            .max(f32::from(self.peer_loss_permille) / 1000.0)
    }

    /// Whether the delay shows that a queue loses the packets.
    fn is_overloaded(&self) -> bool {
        self.rtt.smoothed() > self.rtt.minimum() * OVERLOAD_TIMES + OVERLOAD_BEYOND
    }

    /// How many copies of a small frame are worth sending. Where a queue loses packets there are none: copies would
    /// lengthen it. (With 4,000 pairs chatting through a server, a few initial losses caused copies, which kept the
    /// queue full, which caused more losses.) Only copies depend on this. Both ends must agree on how soon they
    /// acknowledge, and neither knows the other's queue.
    fn copies_wanted(&self) -> u8 {
        if self.is_overloaded() {
            return 0;
        }
        match self.path_loss() {
            loss if loss > THREE_COPIES_FROM => 3,
            loss if loss > TWO_COPIES_FROM => 2,
            loss if loss > COPY_FROM => 1,
            _ => 0,
        }
    }
}

/// A frame that may be copied: small, and not part of a long transfer.
fn copyable(frame: SentFrame) -> Option<(Channel, Fragment)> {
    match frame {
        SentFrame::Stream { channel, fragment }
            if channel != Channel::Bulk && fragment.len <= COPIED_BYTES =>
        {
            Some((channel, fragment))
        }
        _ => None,
    }
}

impl Connection {
    /// Schedules a copy of what is in flight and wants one.
    pub(super) fn arm_redundancy(&mut self, now: Instant) {
        if self.timers.get(Timer::Redundancy).is_none() && self.wants_copies(None) {
            let wait = self.recovery.rtt.smoothed() / COPY_WAIT;
            self.timers.set(Timer::Redundancy, now + wait);
        }
    }

    /// Whether a frame in flight, sent before `now`, should be copied.
    pub(super) fn wants_copies(&mut self, now: Option<Instant>) -> bool {
        let wanted = self.recovery.copies_wanted();
        if wanted == 0 {
            // This runs for each packet; without loss there is nothing to search.
            return false;
        }
        let packets = self.recovery.sent.iter_mut().rev().take(COPY_WINDOW);
        packets
            .filter(|packet| packet.copies < wanted && now.is_none_or(|now| packet.sent < now))
            .flat_map(|packet| packet.originals())
            .filter_map(copyable)
            .any(|(channel, fragment)| {
                let sender = &self.channels[channel as usize].sender;
                sender.unacked(fragment).is_some()
            })
    }

    /// Adds copies as far as packet and congestion window have room.
    pub(super) fn write_copies(
        &mut self,
        now: Instant,
        buffer: &mut Vec<u8>,
        limit: usize,
        written: &mut Written,
    ) {
        let window = self.recovery.congestion.window();
        let free = window.saturating_sub(self.recovery.sent.bytes_in_flight() as u64);
        let free = usize::try_from(free).unwrap_or(usize::MAX);
        let limit = limit.min(free.saturating_sub(TAG_LEN));
        let wanted = self.recovery.copies_wanted();
        let start = buffer.len();
        let packets = self.recovery.sent.iter_mut().rev().take(COPY_WINDOW);
        for packet in packets.filter(|packet| packet.copies < wanted && packet.sent < now) {
            let mut copied = false;
            for (channel, fragment) in packet.originals().filter_map(copyable) {
                let sender = &self.channels[channel as usize].sender;
                let Some(fragment) = sender.unacked(fragment) else {
                    continue;
                };
                let room = limit.saturating_sub(buffer.len());
                if room < fragment.len + STREAM_OVERHEAD {
                    continue;
                }
                if written.frames.is_full() {
                    break;
                }
                frame::encode_stream(buffer, channel, fragment.offset, sender.data(fragment));
                written
                    .frames
                    .push_copy(SentFrame::Stream { channel, fragment });
                copied = true;
            }
            packet.copies += u8::from(copied);
        }
        if buffer.len() > start {
            written.copied = buffer.len() - start;
            written.ack_eliciting = true;
            self.recovery.copies_sent += 1;
        }
        self.copies_due = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;
    use crate::transport::recovery::rtt::MAX_ACK_DELAY;

    #[test]
    fn peer_that_has_not_been_told_of_losses_is_given_its_time_to_acknowledge() {
        // Losses that an end had learnt after its last acknowledgement were not known to the other, which went on
        // waiting its 25 ms. Each keep-alive of an idle session was followed by two probes for nothing.
        let mut recovery = Recovery::new(instant());
        let patient = recovery.probe_timeout();
        recovery.loss_average = 0.05;
        assert_eq!(recovery.probe_timeout(), patient);
        recovery.told_loss_permille = 50;
        assert_eq!(recovery.probe_timeout() + MAX_ACK_DELAY, patient);
        recovery.told_loss_permille = 0;
        recovery.peer_loss_permille = 50;
        assert_eq!(recovery.probe_timeout() + MAX_ACK_DELAY, patient);
    }

    const MS: Duration = Duration::from_millis(1);

    /// What is thought of a path of 2 ms and a loss of 10 % whose round trips take as long as this by now.
    fn recovery(rtt: Duration) -> Recovery {
        let begin = instant();
        let mut recovery = Recovery::new(begin);
        recovery.loss_average = 0.1;
        recovery.rtt.update(begin, 2 * MS, Duration::ZERO);
        for moment in 1..100 {
            recovery
                .rtt
                .update(begin + moment * rtt, rtt, Duration::ZERO);
        }
        recovery
    }

    #[test]
    fn queue_that_loses_packets_is_not_fed_with_copies() {
        assert_eq!(recovery(50 * MS).copies_wanted(), 2);
        let overloaded = recovery(100 * MS);
        assert_eq!(overloaded.copies_wanted(), 0);
        // Acknowledgements hurry all the same: the peer waits no longer than that. Did they not, each keep-alive of an
        // idle session would be probed after for seconds. (Seed 799 of the simulator's mixed troubles.)
        assert!(overloaded.is_lossy());
    }
}
