//! The receiving side of a channel: fragments of a byte stream in, in any order; whole messages out, in order.
//!
//! The advertised window bounds what is held; what a hole spans costs nothing until it comes. A peer that exceeds the
//! window, or says two different things about one byte, has broken the protocol.

use std::collections::VecDeque;

use super::reorder_buffer::{Beyond, prepend, ring_agrees};
use super::ring::{self, distance};
use crate::transport::wire::framing;
use crate::transport::wire::framing::Header;

/// How many separate pieces are held beyond the first hole; a fragment that would make one more is refused, its
/// packet is not acknowledged, and so it comes again. Chosen: twice the ranges of an acknowledgement.
pub(crate) const MAX_HOLES: usize = 64;

/// Why a fragment was not taken. All but [`AssembleError::TooManyHoles`] are the peer's fault, for which the
/// session is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AssembleError {
    /// It reaches beyond what was advertised.
    WindowExceeded,
    /// It disagrees with bytes received before.
    Disagree,
    /// It begins or announces a message that is longer than the channel carries.
    MessageTooLong,
    /// Where a message should begin is something else.
    NoMessage,
    /// [`MAX_HOLES`] is reached. Nothing was changed; the packet must not be acknowledged.
    TooManyHoles,
}

/// The receiving side of one channel.
#[derive(Debug)]
pub(crate) struct Assembler {
    /// The stream from `read` to `contiguous`.
    buffer: VecDeque<u8>,
    /// The first byte not yet taken by the application.
    read: u64,
    /// The beginning of the first message that is not whole; at least `read`.
    scanned: u64,
    /// The end of what was received without a hole.
    contiguous: u64,
    /// What was received beyond that.
    beyond: Beyond,
    /// Whole messages between `read` and `scanned`.
    ready: u32,
    /// The advertised end of the window.
    max_offset: u64,
    window: u64,
    message_max: u32,
}

impl Assembler {
    /// `window`: bytes that the peer may send ahead of the application; the buffer never holds more, nor has room
    /// for more, than the widest window that was advertised.
    /// `message_max`: bytes of the longest message; less where the window could not hold it.
    pub(crate) fn new(window: u64, message_max: usize) -> Self {
        Self {
            buffer: VecDeque::new(),
            read: 0,
            scanned: 0,
            contiguous: 0,
            beyond: Beyond::default(),
            ready: 0,
            max_offset: window,
            window,
            message_max: limit_message(window, message_max),
        }
    }

    /// Allows the peer more (or less, from the next update on), as when it has signed in. What was advertised
    /// stands. Ask [`Assembler::window_update`] afterwards.
    pub(crate) fn set_limits(&mut self, window: u64, message_max: usize) {
        self.window = window;
        self.message_max = limit_message(window, message_max);
    }

    /// Takes a fragment in. Ask [`Assembler::has_message`] and [`Assembler::window_update`] afterwards.
    pub(crate) fn insert(&mut self, offset: u64, data: &[u8]) -> Result<(), AssembleError> {
        let end = offset.checked_add(data.len() as u64);
        if end.is_none_or(|end| end > self.max_offset) {
            return Err(AssembleError::WindowExceeded);
        }
        // What was taken is gone, so that a repetition of it cannot be compared.
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

    /// Goes on where the stream ends so far.
    fn append(&mut self, data: &[u8]) {
        self.make_room(data.len());
        self.buffer.extend(data);
        self.contiguous += data.len() as u64;
    }

    /// Makes room: doubling, but never beyond the window.
    fn make_room(&mut self, more: usize) {
        let window = distance(self.read, self.max_offset);
        ring::grow(&mut self.buffer, more, window);
    }

    /// Counts the messages that have become whole. Each header is judged as soon as it is there, so that
    /// nothing is buffered towards a message that will never be taken.
    fn scan(&mut self) -> Result<(), AssembleError> {
        loop {
            match self.header_at(self.scanned) {
                Header::Incomplete => return Ok(()),
                Header::Wrong => return Err(AssembleError::NoMessage),
                Header::Message { message_len, .. }
                    if message_len as u64 > u64::from(self.message_max) =>
                {
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

    /// What the contiguous bytes from an offset on begin with.
    fn header_at(&self, offset: u64) -> Header {
        let start = distance(self.read, offset);
        let len = distance(offset, self.contiguous).min(framing::MAX_HEADER_LEN);
        let mut header = [0; framing::MAX_HEADER_LEN];
        for (place, byte) in header.iter_mut().zip(self.buffer.range(start..start + len)) {
            *place = *byte;
        }
        framing::decode(&header[..len])
    }

    /// Whether there is a whole message.
    pub(crate) fn has_message(&self) -> bool {
        self.ready > 0
    }

    /// Appends the next message to a buffer, if there is one. This is what widens the peer's window.
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

    /// The new end of the window, if the peer should be told: when half of it has been used up, or when the
    /// message that it is in the middle of would not fit. It counts as told from now on; if the frame is lost,
    /// send [`Assembler::max_offset`].
    pub(crate) fn window_update(&mut self) -> Option<u64> {
        let wider = self.read.saturating_add(self.window);
        let gained = wider
            .checked_sub(self.max_offset)
            .filter(|&gained| gained > 0)?;
        if gained < self.window / 2 && !self.is_stuck() {
            return None;
        }
        self.max_offset = wider;
        Some(wider)
    }

    /// Whether the application has taken all there is and the rest of the next message is not allowed to come.
    fn is_stuck(&self) -> bool {
        let mut needed = framing::MAX_HEADER_LEN;
        if let Header::Message {
            header_len,
            message_len,
        } = self.header_at(self.scanned)
        {
            needed = header_len + message_len;
        }
        self.ready == 0 && self.scanned + needed as u64 > self.max_offset
    }

    /// The end of the furthest byte received.
    pub(crate) fn highest(&self) -> u64 {
        self.beyond.end().unwrap_or(self.contiguous)
    }

    /// How much of the stream the application has taken.
    pub(crate) fn taken(&self) -> u64 {
        self.read
    }

    /// The advertised end of the window.
    pub(crate) fn max_offset(&self) -> u64 {
        self.max_offset
    }

    /// Whether nothing is held.
    pub(crate) fn is_idle(&self) -> bool {
        self.buffer.is_empty() && self.beyond.is_empty()
    }

    /// Bytes that this end has allocated for the channel.
    pub(crate) fn memory(&self) -> usize {
        self.buffer.capacity() + self.beyond.memory()
    }

    /// Forgets all that is held: the session is over.
    pub(crate) fn clear(&mut self) {
        self.buffer = VecDeque::new();
        self.beyond = Beyond::default();
        self.read = self.contiguous;
        self.scanned = self.contiguous;
        self.ready = 0;
    }

    /// Gives memory back that an idle channel does not need.
    pub(crate) fn release(&mut self) {
        if self.is_idle() {
            self.buffer = VecDeque::new();
        }
    }
}

/// A message that the window cannot hold would never become whole.
fn limit_message(window: u64, message_max: usize) -> u32 {
    let room = window.saturating_sub(framing::MAX_HEADER_LEN as u64);
    u32::try_from(room.min(message_max as u64)).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "assembler_tests.rs"]
mod tests;
