//! The sending side of a channel: takes messages, gives fragments of a byte stream, and keeps them until
//! acknowledged.
//!
//! It knows nothing of packets: its caller reports which fragments were sent, acknowledged and lost.

use std::collections::VecDeque;
use std::ops::Range;

use super::ring::{self, distance};
use crate::transport::SendError;
use crate::transport::limits::{REPLY_SHARE, SEND_BUFFER_SHORT};
use crate::transport::ranges::RangeSet;
use crate::transport::wire::framing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// The stream offset of its first byte.
    pub(crate) offset: u64,
    pub(crate) len: usize,
}

impl Fragment {
    pub(crate) fn range(self) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.len as u64)
    }

    /// One that was sent in a packet.
    pub(crate) fn sent(offset: u64, len: u16) -> Self {
        Self {
            offset,
            len: len.into(),
        }
    }

    fn from_range(range: Range<u64>, max_bytes: usize) -> Self {
        Self {
            offset: range.start,
            len: distance(range.start, range.end).min(max_bytes),
        }
    }
}

/// What was acknowledged out of order, and what was lost. Mostly there is neither.
#[derive(Debug, Default)]
struct Gaps {
    /// Acknowledged, above [`ChannelSender::base`].
    acked: RangeSet,
    /// Lost, and not yet retransmitted.
    lost: RangeSet,
}

#[derive(Debug, Default)]
pub(crate) struct ChannelSender {
    /// The stream from `base` on, the first byte that is not acknowledged.
    buffer: VecDeque<u8>,
    base: u64,
    next: u64,
    /// The end of the last message that somebody waits for.
    urgent_to: u64,
    /// The peer's flow control limit.
    max_offset: u64,
    gaps: Option<Box<Gaps>>,
    buffer_limit: u32,
    message_max: u32,
}

impl ChannelSender {
    /// `buffer_limit`: bytes held at most, sent or not; beyond it [`SendError::Full`]. `message_max`: bytes of the
    /// longest message. `window`: the peer's initial window.
    pub(crate) fn new(buffer_limit: usize, message_max: usize, window: u64) -> Self {
        let mut sender = Self {
            max_offset: window,
            ..Self::default()
        };
        sender.set_limits(buffer_limit, message_max);
        sender
    }

    /// Changes the limits; queued messages stay.
    pub(crate) fn set_limits(&mut self, buffer_limit: usize, message_max: usize) {
        let message_max = message_max.min(buffer_limit.saturating_sub(framing::MAX_HEADER_LEN));
        self.buffer_limit = u32::try_from(buffer_limit).unwrap_or(u32::MAX);
        self.message_max = u32::try_from(message_max).unwrap_or(u32::MAX);
    }

    /// Somebody waits for all that was pushed so far.
    pub(crate) fn mark_urgent(&mut self) {
        self.urgent_to = self.end();
    }

    /// Whether somebody waits for a part of a sent fragment that was not acknowledged.
    pub(crate) fn is_urgent(&self, fragment: Fragment) -> bool {
        self.clip(fragment).start < self.urgent_to
    }

    pub(crate) fn push(&mut self, message: &[u8]) -> Result<(), SendError> {
        self.push_within(self.buffer_limit as usize, message)
    }

    /// Queues an answer to what the peer has sent, which may take the room that is kept for these.
    pub(crate) fn push_reply(&mut self, message: &[u8]) -> Result<(), SendError> {
        let limit = self.buffer_limit as usize;
        self.push_within(limit + limit / REPLY_SHARE, message)
    }

    fn push_within(&mut self, limit: usize, message: &[u8]) -> Result<(), SendError> {
        if message.len() > self.message_max as usize {
            return Err(SendError::TooLong);
        }
        let (header, header_len) = framing::encode(message.len());
        let more = header_len + message.len();
        if self.buffer.len() + more > limit {
            return Err(SendError::Full);
        }
        ring::grow(&mut self.buffer, more, limit);
        self.buffer.extend(&header[..header_len]);
        self.buffer.extend(message);
        Ok(())
    }

    /// Bytes of the longest message that [`ChannelSender::push`] would accept now.
    pub(crate) fn room(&self) -> usize {
        let free = (self.buffer_limit as usize).saturating_sub(self.buffer.len());
        free.saturating_sub(framing::header_len(free))
            .min(self.message_max as usize)
    }

    /// Whether the answers that wait leave at least half of the room that is kept for them.
    pub(crate) fn has_reply_room(&self) -> bool {
        let limit = self.buffer_limit as usize;
        self.buffer.len() <= limit + limit / REPLY_SHARE / 2
    }

    /// While memory is short: a message is accepted into an empty buffer, or if all are small.
    pub(crate) fn has_room_when_short(&self, message_len: usize) -> bool {
        self.buffer.is_empty() || self.buffer.len() + message_len <= SEND_BUFFER_SHORT
    }

    /// Raises the limit. A lower value comes from a reordered packet and is ignored.
    pub(crate) fn set_max_offset(&mut self, max_offset: u64) {
        self.max_offset = self.max_offset.max(max_offset);
    }

    /// The next fragment, of at most `max_bytes`: first lost data, then new data within the channel's window and the
    /// session's `credit`. Nothing changes until [`ChannelSender::on_sent`].
    pub(crate) fn next_fragment(&self, max_bytes: usize, credit: u64) -> Option<Fragment> {
        if max_bytes == 0 {
            return None;
        }
        let range = self.lost().and_then(RangeSet::first).or_else(|| {
            let end = self.sendable_to(credit);
            (self.next < end).then_some(self.next..end)
        })?;
        Some(Fragment::from_range(range, max_bytes))
    }

    /// The bytes of a fragment of [`ChannelSender::next_fragment`] or [`ChannelSender::unacked`]. Acknowledged bytes
    /// would be missing.
    pub(crate) fn data(&self, fragment: Fragment) -> (&[u8], &[u8]) {
        let range = fragment.range();
        debug_assert!(
            range.start >= self.base && range.end <= self.end(),
            "{range:?} is not in the buffer"
        );
        let place = |offset| distance(self.base, offset);
        ring::slices(&self.buffer, place(range.start)..place(range.end))
    }

    /// A fragment was sent: for the first time, again, or as a copy.
    pub(crate) fn on_sent(&mut self, fragment: Fragment) {
        let range = fragment.range();
        self.next = self.next.max(range.end.min(self.end()));
        if let Some(gaps) = &mut self.gaps {
            gaps.lost.remove(range);
            self.close_gaps();
        }
    }

    fn lost(&self) -> Option<&RangeSet> {
        self.gaps.as_ref().map(|gaps| &gaps.lost)
    }

    /// Frees what is empty.
    fn close_gaps(&mut self) {
        self.gaps
            .take_if(|gaps| gaps.acked.is_empty() && gaps.lost.is_empty());
    }

    pub(crate) fn on_acked(&mut self, fragment: Fragment) {
        let range = self.clip(fragment);
        if range.is_empty() {
            return;
        }
        if range.start > self.base {
            let gaps = self.gaps.get_or_insert_default();
            gaps.lost.remove(range.clone());
            // The fragments in flight bound the number of ranges.
            gaps.acked.insert(range);
            return;
        }
        let mut base = range.end;
        if let Some(gaps) = &mut self.gaps {
            gaps.lost.remove(range);
            while let Some(first) = gaps.acked.first().filter(|first| first.start <= base) {
                base = base.max(first.end);
                gaps.acked.pop_first();
            }
            self.close_gaps();
        }
        let freed = distance(self.base, base).min(self.buffer.len());
        self.buffer.drain(..freed);
        ring::shrink(&mut self.buffer);
        self.base = base;
    }

    /// A fragment was lost. Parts that another packet delivered are not retransmitted.
    pub(crate) fn on_lost(&mut self, fragment: Fragment) {
        let range = self.clip(fragment);
        let Gaps { acked, lost } = &mut **self.gaps.get_or_insert_default();
        lost.insert(range.clone());
        for acked in acked.overlapping(range) {
            lost.remove(acked);
        }
        self.close_gaps();
    }

    pub(crate) fn has_pending(&self, credit: u64) -> bool {
        self.lost().is_some_and(|lost| !lost.is_empty()) || self.next < self.sendable_to(credit)
    }

    /// Whether anything is lost or was never sent, admitted by the peer or not.
    pub(crate) fn has_unsent(&self) -> bool {
        self.lost().is_some_and(|lost| !lost.is_empty()) || self.next < self.end()
    }

    /// Bytes that may be sent now.
    pub(crate) fn pending(&self, credit: u64) -> u64 {
        let lost = self.lost().into_iter().flat_map(RangeSet::iter);
        let lost: u64 = lost.map(|range| range.end - range.start).sum();
        lost + self.sendable_to(credit).saturating_sub(self.next)
    }

    /// The part of a sent fragment that may need retransmission; `None` if all of it was acknowledged. A
    /// retransmission may have split it, so that its first part is acknowledged and gone from the buffer.
    pub(crate) fn unacked(&self, fragment: Fragment) -> Option<Fragment> {
        let range = self.clip(fragment);
        let covers = |acked: &Range<u64>| acked.start <= range.start && acked.end >= range.end;
        let is_acked = range.is_empty()
            || self.gaps.as_ref().is_some_and(|gaps| {
                let mut acked = gaps.acked.overlapping(range.clone());
                acked.any(|acked| covers(&acked))
            });
        (!is_acked).then(|| Fragment::from_range(range, usize::MAX))
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.buffer.is_empty()
    }

    pub(crate) fn sent_to(&self) -> u64 {
        self.next
    }

    /// Allocated bytes.
    pub(crate) fn memory(&self) -> usize {
        let of_gaps = |gaps: &Gaps| size_of::<Gaps>() + gaps.acked.memory() + gaps.lost.memory();
        self.buffer.capacity() + self.gaps.as_deref().map_or(0, of_gaps)
    }

    /// Drops everything: the session has ended.
    pub(crate) fn clear(&mut self) {
        self.base = self.end();
        self.next = self.base;
        self.buffer = VecDeque::new();
        self.gaps = None;
    }

    pub(crate) fn release(&mut self) {
        if self.is_drained() {
            self.buffer = VecDeque::new();
            self.gaps = None;
        }
    }

    /// The end of the data that may be sent now.
    fn sendable_to(&self, credit: u64) -> u64 {
        let end = self.end().min(self.max_offset);
        end.min(self.next.saturating_add(credit))
    }

    fn end(&self) -> u64 {
        self.base + self.buffer.len() as u64
    }

    /// The part of a fragment that was sent and is still held.
    fn clip(&self, fragment: Fragment) -> Range<u64> {
        let range = fragment.range();
        range.start.max(self.base)..range.end.min(self.next)
    }
}

#[cfg(test)]
#[path = "send_buffer_tests.rs"]
mod tests;
