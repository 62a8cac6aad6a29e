//! Copies of unacknowledged frames on a path that loses packets, so that a single line of chat need not wait for a
//! probe time-out. A small frame is repeated in the next packets; without any, in a packet of its own after a fifth
//! of a round trip. Copies respect the congestion window and never let it grow. Without loss there are none, nor of what
//! nobody waits for, nor for a client whose packets cost money.
//!
//! What a message costs, and what it gains: two users who talk by way of a server, 25 ms each way on both hops, every packet
//! lost with this probability. Counted are the packets of both hops, receipts and acknowledgements included; the delay is
//! to the other's screen. (`cargo test --lib two_hops -- --nocapture`)
//!
//! | loss | packets | p50 | p99 | without copies: packets | p50 | p99 |
//! |---|---|---|---|---|---|---|
//! | none | 5.9 | 50 ms | 50 ms | 5.1 | 50 ms | 50 ms |
//! | 5 % | 9.9 | 50 | 70 | 5.7 | 50 | 231 |
//! | 10 % | 12.8 | 50 | 70 | 6.5 | 50 | 292 |
//! | 20 % | 16.0 | 50 | 90 | 7.9 | 110 | 415 |
//! | 20 %, 5 in a row | 16.3 | 50 | 182 | 7.8 | 110 | 415 |
//! | 40 % | 21.9 | 60 | 191 | 11.4 | 185 | 794 |

use std::time::{Duration, Instant};

use super::Connection;
use super::recovery::Recovery;
use super::transmit::Written;
use crate::transport::Channel;
use crate::transport::channel::send_buffer::Fragment;
use crate::transport::recovery::sent_packets::{SentFrame, SentPacket};
use crate::transport::timer::Timer;
use crate::transport::wire::frame;
use crate::transport::wire::frame::STREAM_OVERHEAD;
use crate::transport::wire::packet::TAG_LEN;

/// The loss average above which frames are copied.
const COPY_FROM: f32 = 0.01;

/// The loss averages for two and for three copies. Chosen: at 5 % loss a line is lost altogether once in four hundred times,
/// at 10 % once in a thousand, at 20 % once in six hundred, at 40 % once in forty. More copies at these gain nothing that one
/// message in a hundred would show.
const TWO_COPIES_FROM: f32 = 0.07;
const THREE_COPIES_FROM: f32 = 0.20;

/// The same for two copies while few packets were sent, whose losses say little.
const TWO_COPIES_AT_FIRST: f32 = 0.04;

/// A smoothed RTT above so many times the minimum, plus a constant, shows a queue, and thus that the queue loses the
/// packets. Chosen: the queue of a home link (200 ms on a path of 50) stays below it; an overloaded host is above it
/// before its socket buffer is full.
const OVERLOAD_TIMES: u32 = 4;
const OVERLOAD_BEYOND: Duration = Duration::from_millis(50);

/// The largest fragment that is copied, in bytes. Chosen: half a packet, or some lines of chat.
pub(super) const COPIED_BYTES: usize = 600;

/// How many of the newest packets in flight are searched for frames to copy. Chosen: a conversation has fewer in
/// flight, and the work for each packet stays bounded.
const COPY_WINDOW: usize = 32;

/// In a period a session sends copies until they have so many bytes. Chosen: a room in which fifty lines are said each
/// second; copies of more than that would be a flood of their own.
const COPYING_PERIOD: Duration = Duration::from_secs(1);
const COPIED_IN_PERIOD: u32 = 32 * 1024;

/// Chosen: a line, its copies, what is said about them, and that again after a loss.
const CONVERSATION_WINDOW: u64 = 8 * 1200;

/// A copy follows its frame after the round trip divided by this.
const COPY_WAIT: u32 = 5;

impl Recovery {
    pub(super) fn is_lossy(&self) -> bool {
        self.path_loss() > COPY_FROM
    }

    /// Whether the peer acknowledges sooner: it loses packets itself, or was told that we do. It does not know what
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

    /// The congestion window, which on a path that loses packets, but by no queue, always has room for a conversation.
    pub(super) fn window(&self) -> u64 {
        let window = self.congestion.window();
        if self.is_lossy() && !self.is_overloaded() {
            window.max(CONVERSATION_WINDOW)
        } else {
            window
        }
    }

    /// Whether another copy may be sent in this second.
    fn may_copy(&mut self, now: Instant) -> bool {
        let (since, bytes) = self.copying;
        if now.saturating_duration_since(since) >= COPYING_PERIOD {
            self.copying = (now, 0);
            return true;
        }
        bytes < COPIED_IN_PERIOD
    }

    /// How many copies of a small frame are worth sending. Where a queue loses packets there are none: copies would
    /// lengthen it. (With 4,000 pairs chatting through a server, a few initial losses caused copies, which kept the
    /// queue full, which caused more losses.) Only copies depend on this. Both ends must agree on how soon they
    /// acknowledge, and neither knows the other's queue.
    fn copies_wanted(&self) -> u8 {
        if self.frugal || self.is_overloaded() {
            return 0;
        }
        let two_copies_from = if self.knows_loss() {
            TWO_COPIES_FROM
        } else {
            TWO_COPIES_AT_FIRST
        };
        match self.path_loss() {
            loss if loss > THREE_COPIES_FROM => 3,
            loss if loss > two_copies_from => 2,
            loss if loss > COPY_FROM => 1,
            _ => 0,
        }
    }
}

/// A frame that may be copied: small, and not part of a long transfer.
fn copyable(frame: SentFrame) -> Option<(Channel, Fragment)> {
    match frame {
        SentFrame::Stream {
            channel,
            offset,
            len,
        } if channel != Channel::Bulk && usize::from(len) <= COPIED_BYTES => {
            Some((channel, Fragment::sent(offset, len)))
        }
        _ => None,
    }
}

impl Connection {
    /// Schedules a copy of what is in flight and wants one.
    pub(super) fn arm_redundancy(&mut self, now: Instant) {
        if self.timers.get(Timer::Redundancy).is_none()
            && self.wants_copies(None)
            && self.recovery.may_copy(now)
        {
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
        if now.is_some_and(|now| !self.recovery.may_copy(now)) {
            return false;
        }
        let packets = self.recovery.sent.iter_mut().rev().take(COPY_WINDOW);
        packets
            .filter(|packet| packet.urgent && packet.copies < wanted)
            .filter(|packet| now.is_none_or(|now| packet.sent < now))
            .flat_map(|packet| packet.originals())
            .filter_map(copyable)
            .any(|(channel, fragment)| {
                let sender = &self.channels[channel].sender;
                sender.is_urgent(fragment) && sender.unacked(fragment).is_some()
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
        let window = self.recovery.window();
        let free = window.saturating_sub(self.recovery.sent.bytes_in_flight() as u64);
        let free = usize::try_from(free).unwrap_or(usize::MAX);
        let limit = limit.min(free.saturating_sub(TAG_LEN));
        let wanted = self.recovery.copies_wanted();
        if wanted == 0 || !self.recovery.may_copy(now) {
            self.copies_due = false;
            return;
        }
        let start = buffer.len();
        let packets = self.recovery.sent.iter_mut().rev().take(COPY_WINDOW);
        // What nobody waits for is copied as often as what comes after it, which would wait for it.
        let wants = |packet: &&mut SentPacket| {
            packet.sent < now && (packet.copies < wanted || !packet.urgent)
        };
        for packet in packets.filter(wants) {
            let mut copied = false;
            for (channel, fragment) in packet.originals().filter_map(copyable) {
                let sender = &self.channels[channel].sender;
                let Some(fragment) = sender.unacked(fragment) else {
                    continue;
                };
                if !sender.is_urgent(fragment) {
                    continue;
                }
                let room = limit.saturating_sub(buffer.len());
                if room < fragment.len + STREAM_OVERHEAD {
                    continue;
                }
                if written.frames.is_full() {
                    break;
                }
                let data = sender.data(fragment);
                frame::encode_stream(buffer, channel, false, fragment.offset, data);
                written
                    .frames
                    .push_copy(SentFrame::stream(channel, fragment));
                copied = true;
            }
            packet.copies = packet.copies.saturating_add(u8::from(copied));
        }
        if buffer.len() > start {
            written.copied = buffer.len() - start;
            written.ack_eliciting = true;
            self.recovery.copies_sent += 1;
            self.recovery.copying.1 += u32::try_from(written.copied).unwrap_or(u32::MAX);
        }
        self.copies_due = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;
    use crate::transport::recovery::ack::LOSSY_ACK_DELAY;
    use crate::transport::recovery::rtt::MAX_ACK_DELAY;
    use crate::transport::recovery::sent_packets::FrameList;

    #[test]
    fn peer_that_has_not_been_told_of_losses_is_given_its_time_to_acknowledge() {
        // Losses that an end had learnt after its last acknowledgement were not known to the other, which went on
        // waiting its 25 ms. Each keep-alive of an idle session was followed by two probes for nothing.
        let mut recovery = Recovery::new(instant());
        let mut frames = FrameList::default();
        frames.urgent = true;
        recovery.sent.on_sent(instant(), 100, &frames, 0);
        let sooner = MAX_ACK_DELAY.saturating_sub(LOSSY_ACK_DELAY);
        let patient = recovery.probe_timeout();
        recovery.loss_average = 0.05;
        assert_eq!(recovery.probe_timeout(), patient);
        recovery.told_loss_permille = 50;
        assert_eq!(recovery.probe_timeout() + sooner, patient);
        recovery.told_loss_permille = 0;
        recovery.peer_loss_permille = 50;
        assert_eq!(recovery.probe_timeout() + sooner, patient);
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
    fn copies_of_one_second_are_bounded_and_a_frugal_client_has_none() {
        let mut recovery = recovery(5 * MS);
        let now = recovery.copying.0;
        assert!(recovery.may_copy(now));
        recovery.copying.1 = COPIED_IN_PERIOD;
        assert!(!recovery.may_copy(now + COPYING_PERIOD / 2));
        assert!(recovery.may_copy(now + COPYING_PERIOD));
        recovery.frugal = true;
        assert_eq!(recovery.copies_wanted(), 0);
        assert!(recovery.is_lossy());
    }

    #[test]
    fn window_has_room_for_a_conversation_where_packets_are_lost_by_no_queue() {
        let mut lossy = recovery(5 * MS);
        lossy.congestion.on_lost(instant(), instant(), true);
        assert!(lossy.congestion.window() < CONVERSATION_WINDOW);
        assert_eq!(lossy.window(), CONVERSATION_WINDOW);
        lossy.loss_average = 0.0;
        assert_eq!(lossy.window(), lossy.congestion.window());
        let mut overloaded = recovery(100 * MS);
        overloaded.congestion.on_lost(instant(), instant(), true);
        assert_eq!(overloaded.window(), overloaded.congestion.window());
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
