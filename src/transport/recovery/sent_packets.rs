//! The packets in flight: sent, and neither acknowledged nor lost.
//!
//! The record of a packet describes its frames without their bytes, which stay in the channel's buffer. Records
//! allocate nothing of their own.

use std::collections::VecDeque;
use std::time::Instant;

use crate::transport::Channel;
use crate::transport::channel::send_buffer::Fragment;
use crate::transport::wire::packet::DATAGRAM_LEN;

/// Maximum frames of a packet whose loss matters.
pub(crate) const MAX_FRAMES: usize = 8;

/// Capacity that is always kept. Chosen: a conversation's packets.
const KEPT_RECORDS: usize = 16;

const _: () = assert!(
    DATAGRAM_LEN <= u16::MAX as usize,
    "the lengths of packets and fragments are kept in two bytes"
);
const _: () = assert!(
    size_of::<Option<SentFrame>>() == 16,
    "each packet under way has eight of them"
);

/// How many of the newest skipped packet numbers are remembered. Acknowledging an older one gains a peer nothing.
const MAX_SKIPPED: usize = 4;

/// What recovery needs to know of a sent frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SentFrame {
    /// With a length of two bytes: each packet under way has [`MAX_FRAMES`] of these.
    Stream {
        channel: Channel,
        offset: u64,
        len: u16,
    },
    /// A retransmission carries the window as it is then.
    Window(Channel),
    SessionWindow,
    /// A retransmission carries another token.
    NewToken,
    Frugal,
    /// Acknowledgements up to this number, which need not be repeated once this packet is acknowledged.
    Ack(u64),
}

impl SentFrame {
    pub(crate) fn stream(channel: Channel, Fragment { offset, len }: Fragment) -> Self {
        let len = u16::try_from(len).unwrap_or(u16::MAX);
        Self::Stream {
            channel,
            offset,
            len,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct SentPacket {
    pub(crate) number: u64,
    pub(crate) sent: Instant,
    size: u16,
    /// Whether a probe has already retransmitted its frames.
    pub(crate) repeated: bool,
    /// Whether its acknowledgement measures the path: it was sent by the one in use (RFC 9000 §9.4).
    pub(crate) measures: bool,
    pub(crate) copies: u8,
    /// Whether its acknowledgement is awaited soon: it holds more than copies and what may wait.
    pub(crate) urgent: bool,
    /// The index of the first frame that is a copy.
    first_copy: u8,
    copied: u16,
    frames: [Option<SentFrame>; MAX_FRAMES],
}

impl SentPacket {
    pub(crate) fn originals(&self) -> impl Iterator<Item = SentFrame> + use<> {
        let frames = self.frames;
        let count = usize::from(self.first_copy);
        frames.into_iter().take(count).flatten()
    }

    /// In bytes.
    pub(crate) fn size(&self) -> usize {
        self.size.into()
    }

    /// Whether it holds nothing but a request for an acknowledgement.
    pub(crate) fn is_ping(&self) -> bool {
        self.urgent
            && self
                .frames()
                .all(|frame| matches!(frame, SentFrame::Ack(_)))
    }

    /// Bytes by which its acknowledgement may grow the congestion window: copies prove nothing about the capacity of
    /// the path.
    pub(crate) fn growth(&self) -> u64 {
        self.size.saturating_sub(self.copied).into()
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = SentFrame> + '_ {
        self.frames.iter().flatten().copied()
    }
}

#[derive(Debug, Default)]
pub(crate) struct FrameList {
    frames: [Option<SentFrame>; MAX_FRAMES],
    length: usize,
    copies: usize,
    /// The peer acknowledges the packet soon.
    pub(crate) urgent: bool,
}

impl FrameList {
    pub(crate) fn is_full(&self) -> bool {
        self.length == MAX_FRAMES
    }

    /// Adds a copy of an earlier packet's frame, after all originals.
    pub(crate) fn push_copy(&mut self, frame: SentFrame) {
        self.push(frame);
        self.copies += 1;
    }

    /// The caller must check [`FrameList::is_full`].
    pub(crate) fn push(&mut self, frame: SentFrame) {
        if let Some(place) = self.frames.get_mut(self.length) {
            *place = Some(frame);
            self.length += 1;
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NeverSent;

/// By increasing number.
#[derive(Debug)]
pub(crate) struct SentPackets {
    packets: VecDeque<SentPacket>,
    /// A ring of the newest; unused entries exceed every number.
    skipped: [u64; MAX_SKIPPED],
    skips: u8,
    next: u64,
    bytes_in_flight: usize,
    urgent: usize,
}

impl Default for SentPackets {
    fn default() -> Self {
        Self {
            packets: VecDeque::new(),
            skipped: [u64::MAX; MAX_SKIPPED],
            skips: 0,
            next: 0,
            bytes_in_flight: 0,
            urgent: 0,
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

    /// Whether an acknowledgement is awaited soon.
    pub(crate) fn has_urgent(&self) -> bool {
        self.urgent > 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Skips a number, which detects acknowledgements of packets that were never sent.
    pub(crate) fn skip(&mut self) {
        self.skipped[usize::from(self.skips) % MAX_SKIPPED] = self.next;
        self.skips = self.skips.wrapping_add(1);
        self.next += 1;
    }

    /// A packet that is not ack-eliciting was sent.
    pub(crate) fn on_sent_unrecorded(&mut self) {
        self.next += 1;
    }

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
            size: u16::try_from(size).unwrap_or(u16::MAX),
            repeated: false,
            measures: true,
            copies: 0,
            urgent: frames.urgent,
            first_copy: u8::try_from(frames.length - frames.copies).unwrap_or(u8::MAX),
            copied: u16::try_from(copied).unwrap_or(u16::MAX),
            frames: frames.frames,
        });
        self.next += 1;
        self.bytes_in_flight += size;
        self.urgent += usize::from(frames.urgent);
    }

    /// Rejects an inclusive range of acknowledged numbers if any was never sent.
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

    /// Removes the first packet of an inclusive range. The packets in flight bound the work, not the range.
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
        self.bytes_in_flight -= packet.size();
        self.urgent -= usize::from(packet.urgent);
        let capacity = self.packets.capacity();
        if capacity > KEPT_RECORDS && self.packets.len() <= capacity / 4 {
            self.packets.shrink_to(self.packets.len() * 2);
        }
        Some(packet)
    }

    /// Allocated bytes.
    pub(crate) fn memory(&self) -> usize {
        self.packets.capacity() * size_of::<SentPacket>()
    }

    pub(crate) fn clear(&mut self) {
        self.packets = VecDeque::new();
        self.bytes_in_flight = 0;
        self.urgent = 0;
    }

    pub(crate) fn release(&mut self) {
        if self.packets.is_empty() {
            self.packets = VecDeque::new();
        }
    }

    pub(crate) fn oldest(&self) -> Option<&SentPacket> {
        self.packets.front()
    }

    pub(crate) fn newest(&self) -> Option<&SentPacket> {
        self.packets.back()
    }

    /// The oldest packet that no probe has repeated; it counts as repeated from now on.
    pub(crate) fn repeat_oldest(&mut self) -> Option<SentPacket> {
        let packet = self.packets.iter_mut().find(|packet| !packet.repeated)?;
        packet.repeated = true;
        Some(*packet)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &SentPacket> {
        self.packets.iter()
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
