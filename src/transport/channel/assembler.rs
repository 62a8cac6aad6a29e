//! The receiving side of a channel: takes fragments of a byte stream in any order, and gives whole messages in order.
//!
//! The advertised window bounds what is held; a gap costs nothing. A peer that exceeds the window, or sends different
//! data for the same offset, violates the protocol.

use std::collections::VecDeque;

use super::reorder_buffer::{Beyond, prepend, ring_agrees};
use super::ring::{self, distance};
use crate::transport::wire::framing;
use crate::transport::wire::framing::Header;

/// Maximum separate pieces beyond the first gap. A fragment that would make one more is dropped and its packet not
/// acknowledged, so the peer retransmits it. Chosen: twice the ranges of an ACK frame.
pub(crate) const MAX_HOLES: usize = 64;

/// Why a fragment was rejected. Each but [`AssembleError::TooManyHoles`] is the peer's fault and closes the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AssembleError {
    WindowExceeded,
    Disagree,
    /// Its header announces a message that exceeds the channel's limit.
    MessageTooLong,
    /// No valid message header where one must be.
    NoMessage,
    /// [`MAX_HOLES`] is reached. Nothing was changed; the packet must not be acknowledged.
    TooManyHoles,
}

#[derive(Debug, Default)]
pub(crate) struct Assembler {
    /// The stream from `read` to `contiguous`.
    buffer: VecDeque<u8>,
    /// The first offset that the application has not read.
    read: u64,
    /// The start of the first incomplete message.
    scanned: u64,
    /// The end of the data without a gap.
    contiguous: u64,
    beyond: Beyond,
    /// Whole messages between `read` and `scanned`.
    ready: u32,
    /// The advertised end of the window.
    max_offset: u64,
    window: u64,
    message_max: u32,
}

impl Assembler {
    /// `window`: bytes that the peer may send beyond what the application has read. It bounds contents and capacity
    /// of the buffer. `message_max`: bytes of the longest message; less if the window is smaller.
    pub(crate) fn new(window: u64, message_max: usize) -> Self {
        Self {
            max_offset: window,
            window,
            message_max: u32::try_from(message_max).unwrap_or(u32::MAX),
            ..Self::default()
        }
    }

    /// Changes the limits, as after sign-in and sign-out. A smaller window takes effect with the next update. Call
    /// [`Assembler::window_update`] afterwards.
    pub(crate) fn set_limits(&mut self, window: u64, message_max: usize) {
        self.window = window;
        self.message_max = u32::try_from(message_max).unwrap_or(u32::MAX);
    }

    /// How long the next message may be, in bytes. One beyond the window would never become complete; but as long as the peer was
    /// given more than that, before the window became smaller, what it sends may be as long as then.
    fn message_max(&self) -> u64 {
        let message_max = u64::from(self.message_max);
        if self.max_offset > self.read.saturating_add(self.window) {
            return message_max;
        }
        let room = self.window.saturating_sub(framing::MAX_HEADER_LEN as u64);
        room.min(message_max)
    }

    /// Adds a fragment. Call [`Assembler::has_message`] and [`Assembler::window_update`] afterwards.
    pub(crate) fn insert(&mut self, offset: u64, data: &[u8]) -> Result<(), AssembleError> {
        let end = offset.checked_add(data.len() as u64);
        if end.is_none_or(|end| end > self.max_offset) {
            return Err(AssembleError::WindowExceeded);
        }
        // Data that was read is gone, and cannot be compared.
        let Some(data) = data
            .get(distance(offset, self.read)..)
            .filter(|data| !data.is_empty())
        else {
            return Ok(());
        };
        let start = offset.max(self.read);
        if start == self.contiguous && self.beyond.is_empty() {
            self.append(data);
        } else {
            self.insert_out_of_order(start, data)?;
        }
        self.scan()
    }

    fn insert_out_of_order(&mut self, start: u64, data: &[u8]) -> Result<(), AssembleError> {
        let held = distance(self.read, start).min(self.buffer.len())..self.buffer.len();
        if !ring_agrees(&self.buffer, held, data) || !self.beyond.agrees(start, data) {
            return Err(AssembleError::Disagree);
        }
        if start > self.contiguous {
            let is_added = self.beyond.insert(start, data, MAX_HOLES);
            return is_added.then_some(()).ok_or(AssembleError::TooManyHoles);
        }
        if let Some(new) = data.get(distance(start, self.contiguous)..) {
            self.append(new);
        }
        while let Some(next) = self.beyond.join(self.contiguous) {
            self.contiguous += next.len() as u64;
            if next.len() > self.buffer.len() {
                let before = std::mem::replace(&mut self.buffer, next);
                prepend(&mut self.buffer, before.into_iter());
            } else {
                self.make_room(next.len());
                self.buffer.extend(next);
            }
        }
        Ok(())
    }

    fn append(&mut self, data: &[u8]) {
        self.make_room(data.len());
        self.buffer.extend(data);
        self.contiguous += data.len() as u64;
    }

    fn make_room(&mut self, more: usize) {
        let window = distance(self.read, self.max_offset);
        ring::grow(&mut self.buffer, more, window);
    }

    /// Counts complete messages. Each header is checked as soon as it arrives, so that nothing is buffered of a
    /// message that would be rejected.
    fn scan(&mut self) -> Result<(), AssembleError> {
        loop {
            match self.header_at(self.scanned) {
                Header::Incomplete => return Ok(()),
                Header::Wrong => return Err(AssembleError::NoMessage),
                Header::Message { message_len, .. } if message_len as u64 > self.message_max() => {
                    return Err(AssembleError::MessageTooLong);
                }
                Header::Message {
                    header_len,
                    message_len,
                } => {
                    let end = self.scanned + (header_len + message_len) as u64;
                    if end > self.contiguous {
                        return Ok(());
                    }
                    self.scanned = end;
                    self.ready += 1;
                }
            }
        }
    }

    fn header_at(&self, offset: u64) -> Header {
        let start = distance(self.read, offset);
        let len = distance(offset, self.contiguous).min(framing::MAX_HEADER_LEN);
        let mut header = [0; framing::MAX_HEADER_LEN];
        let (front, back) = ring::slices(&self.buffer, start..start + len);
        header[..front.len()].copy_from_slice(front);
        header[front.len()..front.len() + back.len()].copy_from_slice(back);
        framing::decode(&header[..len])
    }

    pub(crate) fn has_message(&self) -> bool {
        self.ready > 0
    }

    /// Appends the next message to a buffer. Reading is what widens the peer's window.
    pub(crate) fn next_message(&mut self, message: &mut Vec<u8>) -> bool {
        if self.ready == 0 {
            return false;
        }
        let Header::Message {
            header_len,
            message_len,
        } = self.header_at(self.read)
        else {
            return false;
        };
        let end = header_len + message_len;
        message.reserve_exact(message_len);
        let (front, back) = ring::slices(&self.buffer, header_len..end);
        message.extend_from_slice(front);
        message.extend_from_slice(back);
        self.buffer.drain(..end);
        self.read += end as u64;
        self.ready -= 1;
        ring::shrink(&mut self.buffer);
        true
    }

    /// The new end of the window, if the peer should know: when half of the window is used, or when the current
    /// message would not fit. If the WINDOW frame is lost, send [`Assembler::max_offset`].
    pub(crate) fn window_update(&mut self) -> Option<u64> {
        let wider = self.read.saturating_add(self.window);
        let gained = wider
            .checked_sub(self.max_offset)
            .filter(|&gained| gained > 0)?;
        let needed = self.needed();
        // What a window of today never takes began in a wider one, and waits for that.
        if needed as u64 > self.window {
            return None;
        }
        let is_stuck = self.ready == 0 && self.scanned + needed as u64 > self.max_offset;
        if gained < self.window / 2 && !is_stuck {
            return None;
        }
        self.max_offset = wider;
        Some(wider)
    }

    /// How many bytes the first incomplete message has, as far as that is known.
    fn needed(&self) -> usize {
        match self.header_at(self.scanned) {
            Header::Message {
                header_len,
                message_len,
            } => header_len + message_len,
            Header::Incomplete | Header::Wrong => framing::MAX_HEADER_LEN,
        }
    }

    /// Whether nothing is missing before this offset.
    pub(crate) fn has_all_to(&self, offset: u64) -> bool {
        offset <= self.contiguous
    }

    /// The end of the highest data received.
    pub(crate) fn highest(&self) -> u64 {
        self.beyond.end().unwrap_or(self.contiguous)
    }

    pub(crate) fn taken(&self) -> u64 {
        self.read
    }

    pub(crate) fn max_offset(&self) -> u64 {
        self.max_offset
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.buffer.is_empty() && self.beyond.is_empty()
    }

    /// Allocated bytes.
    pub(crate) fn memory(&self) -> usize {
        self.buffer.capacity() + self.beyond.memory()
    }

    /// Drops everything: the session has ended.
    pub(crate) fn clear(&mut self) {
        self.buffer = VecDeque::new();
        self.beyond = Beyond::default();
        self.read = self.contiguous;
        self.scanned = self.contiguous;
        self.ready = 0;
    }

    pub(crate) fn release(&mut self) {
        if self.is_idle() {
            self.buffer = VecDeque::new();
        }
    }
}

#[cfg(test)]
#[path = "assembler_tests.rs"]
mod tests;
