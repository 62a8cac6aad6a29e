//! What has been sent and neither acknowledged nor given up: the sender's side of loss recovery.
//!
//! A packet's record holds what its frames were, not their bytes: those stay in the channel's buffer. Records
//! allocate nothing of their own.

use std::collections::VecDeque;
use std::time::Instant;

use crate::transport::Channel;
use crate::transport::channel::send_buffer::Fragment;

/// Frames that one packet carries and whose loss matters. A packet that has as many takes no more.
pub(crate) const MAX_FRAMES: usize = 8;

/// Records for which there is room, however few are under way. Chosen: a conversation's packets.
const KEPT_RECORDS: usize = 16;

/// Skipped packet numbers that are remembered, the newest. An older one is far outside of what a peer could gain
/// by acknowledging it.
const MAX_SKIPPED: usize = 4;

/// A frame that was sent, as far as acknowledgement or loss concern it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SentFrame {
    /// A piece of a channel.
    Stream {
        /// Which.
        channel: Channel,
        /// The piece.
        fragment: Fragment,
    },
    /// A channel's window; what is sent again is the window as it is by then.
    Window(Channel),
    /// The session's window; likewise.
    SessionWindow,
    /// An address token; what is sent again is another.
    NewToken,
    /// Acknowledgements up to this number, which need not be repeated once this packet has arrived.
    Ack(u64),
}

/// A packet under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SentPacket {
    pub(crate) number: u64,
    pub(crate) sent: Instant,
    /// Bytes of the datagram.
    pub(crate) size: usize,
    /// Whether its frames were already sent again by a probe or as a redundant copy.
    pub(crate) repeated: bool,
    /// How often its frames have been copied into later packets.
    pub(crate) copies: u8,
    /// From this frame on they are copies of earlier packets' frames.
    first_copy: u8,
    /// Bytes of these.
    copied: u16,
    frames: [Option<SentFrame>; MAX_FRAMES],
}

impl SentPacket {
    /// The frames that are no copies.
    pub(crate) fn originals(&self) -> impl Iterator<Item = SentFrame> + use<> {
        let frames = self.frames;
        let count = usize::from(self.first_copy);
        frames.into_iter().take(count).flatten()
    }

    /// Bytes by which its acknowledgement may let the congestion window grow: copies prove nothing about how much
    /// the path carries.
    pub(crate) fn growth(&self) -> u64 {
        self.size.saturating_sub(usize::from(self.copied)) as u64
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = SentFrame> + '_ {
        self.frames.iter().flatten().copied()
    }
}

/// The frames of a packet that is being written.
#[derive(Debug, Default)]
pub(crate) struct FrameList {
    frames: [Option<SentFrame>; MAX_FRAMES],
    length: usize,
    copies: usize,
}

impl FrameList {
    pub(crate) fn is_full(&self) -> bool {
        self.length == MAX_FRAMES
    }

    /// Adds a copy of an earlier packet's frame, after all that are none.
    pub(crate) fn push_copy(&mut self, frame: SentFrame) {
        self.push(frame);
        self.copies += 1;
    }

    /// Adds a frame; the caller has made sure that the list is not full.
    pub(crate) fn push(&mut self, frame: SentFrame) {
        if let Some(place) = self.frames.get_mut(self.length) {
            *place = Some(frame);
            self.length += 1;
        }
    }
}

/// An acknowledgement of something that was never sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NeverSent;

/// The packets under way of one session, by increasing number.
#[derive(Debug)]
pub(crate) struct SentPackets {
    packets: VecDeque<SentPacket>,
    /// The newest ones in turn; beyond every number where there have been fewer.
    skipped: [u64; MAX_SKIPPED],
    skips: u8,
    /// The number of the next packet.
    next: u64,
    bytes_in_flight: usize,
}

impl Default for SentPackets {
    fn default() -> Self {
        Self {
            packets: VecDeque::new(),
            skipped: [u64::MAX; MAX_SKIPPED],
            skips: 0,
            next: 0,
            bytes_in_flight: 0,
        }
    }
}

impl SentPackets {
    pub(crate) fn next_number(&self) -> u64 {
        self.next
    }

    pub(crate) fn bytes_in_flight(&self) -> usize {
        self.bytes_in_flight
    }

    /// Whether nothing that asks for an acknowledgement is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Leaves a number out, as a trap for acknowledgements of what was never sent.
    pub(crate) fn skip(&mut self) {
        self.skipped[usize::from(self.skips) % MAX_SKIPPED] = self.next;
        self.skips = self.skips.wrapping_add(1);
        self.next += 1;
    }

    /// A packet without anything that asks for an acknowledgement has been sent.
    pub(crate) fn on_sent_unrecorded(&mut self) {
        self.next += 1;
    }

    /// A packet that asks for an acknowledgement has been sent.
    pub(crate) fn on_sent(
        &mut self,
        sent: Instant,
        size: usize,
        frames: &FrameList,
        copied: usize,
    ) {
        self.packets.push_back(SentPacket {
            number: self.next,
            sent,
            size,
            repeated: false,
            copies: 0,
            first_copy: u8::try_from(frames.length - frames.copies).unwrap_or(u8::MAX),
            copied: u16::try_from(copied).unwrap_or(u16::MAX),
            frames: frames.frames,
        });
        self.next += 1;
        self.bytes_in_flight += size;
    }

    /// Refuses acknowledged numbers, given as an inclusive range, of which some were never sent.
    pub(crate) fn check(&self, first: u64, last: u64) -> Result<(), NeverSent> {
        let skipped = self
            .skipped
            .iter()
            .any(|number| (first..=last).contains(number));
        if last >= self.next || first > last || skipped {
            Err(NeverSent)
        } else {
            Ok(())
        }
    }

    /// Takes out the first packet of an inclusive range, if any is left. The work is bounded by what is under
    /// way, not by the range.
    pub(crate) fn take_within(&mut self, first: u64, last: u64) -> Option<SentPacket> {
        let at = self.packets.partition_point(|packet| packet.number < first);
        if self
            .packets
            .get(at)
            .is_none_or(|packet| packet.number > last)
        {
            return None;
        }
        let packet = self.packets.remove(at)?;
        self.bytes_in_flight -= packet.size;
        let capacity = self.packets.capacity();
        if capacity > KEPT_RECORDS && self.packets.len() <= capacity / 4 {
            self.packets.shrink_to(self.packets.len() * 2);
        }
        Some(packet)
    }

    /// Bytes that this end has allocated for records.
    pub(crate) fn memory(&self) -> usize {
        self.packets.capacity() * size_of::<SentPacket>()
    }

    /// Forgets all: the session is over.
    pub(crate) fn clear(&mut self) {
        self.packets = VecDeque::new();
        self.bytes_in_flight = 0;
    }

    /// Gives memory back if nothing is under way.
    pub(crate) fn release(&mut self) {
        if self.packets.is_empty() {
            self.packets = VecDeque::new();
        }
    }

    /// The oldest packet under way.
    pub(crate) fn oldest(&self) -> Option<&SentPacket> {
        self.packets.front()
    }

    /// The newest packet under way.
    pub(crate) fn newest(&self) -> Option<&SentPacket> {
        self.packets.back()
    }

    pub(crate) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut SentPacket> {
        self.packets.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    impl SentPackets {
        pub(crate) fn len(&self) -> usize {
            self.packets.len()
        }
    }

    fn sent(count: u64) -> SentPackets {
        let mut packets = SentPackets::default();
        for _ in 0..count {
            packets.on_sent(instant(), 100, &FrameList::default(), 0);
        }
        packets
    }

    #[test]
    fn only_what_is_under_way_is_taken_and_in_order() {
        let mut packets = sent(5);
        assert_eq!(
            packets.take_within(1, 3).map(|packet| packet.number),
            Some(1)
        );
        assert_eq!(
            packets.take_within(1, 3).map(|packet| packet.number),
            Some(2)
        );
        assert_eq!(
            packets.take_within(0, u64::MAX).map(|packet| packet.number),
            Some(0)
        );
        assert_eq!(packets.bytes_in_flight(), 200);
        assert!(packets.take_within(1, 2).is_none());
    }

    #[test]
    fn skipped_and_future_numbers_are_refused() {
        let mut packets = sent(2);
        packets.skip();
        packets.on_sent_unrecorded();
        assert_eq!(packets.check(0, 1), Ok(()));
        assert_eq!(packets.check(3, 3), Ok(()));
        assert_eq!(packets.check(1, 3), Err(NeverSent));
        assert_eq!(packets.check(4, 4), Err(NeverSent));
    }

    #[test]
    fn copies_are_told_from_originals_and_do_not_let_the_window_grow() {
        let mut list = FrameList::default();
        list.push(SentFrame::Window(Channel::Chat));
        list.push_copy(SentFrame::Window(Channel::Control));
        let mut packets = SentPackets::default();
        packets.on_sent(instant(), 200, &list, 60);
        let packet = packets.take_within(0, 0).expect("it is under way");
        assert_eq!(packet.growth(), 140);
        assert!(packet.originals().eq([SentFrame::Window(Channel::Chat)]));
        assert_eq!(packet.frames().count(), 2);
    }
}
