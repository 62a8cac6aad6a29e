//! The receiving side of a channel: fragments of a byte stream in, in any order; whole messages out, in order.
//!
//! The advertised window is the memory budget: a peer that exceeds it, or says two different things about one
//! byte, has broken the protocol.

use std::collections::VecDeque;
use std::ops::Range;

use thiserror::Error;

use super::framing::{self, Header};
use super::ranges::RangeSet;

/// How many separate pieces are held beyond the first hole; a fragment that would make one more is refused, its
/// packet is not acknowledged, and so it comes again. Chosen: twice the ranges of an acknowledgement.
pub(crate) const MAX_HOLES: usize = 64;

/// Room that an empty channel keeps, in bytes. Chosen: lines of chat reuse it; what a long message needed is given
/// back with the last byte of it.
const KEPT_BYTES: usize = 64 * 1024;

/// Why a fragment was not taken. All but [`AssembleError::TooManyHoles`] are the peer's fault, for which the
/// session is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum AssembleError {
    /// It reaches beyond what was advertised.
    #[error("a channel's window was exceeded")]
    WindowExceeded,
    /// It disagrees with bytes received before.
    #[error("overlapping fragments disagree")]
    Disagree,
    /// It begins or announces a message that is longer than the channel carries.
    #[error("a message is too long for its channel")]
    MessageTooLong,
    /// Where a message should begin is something else.
    #[error("a channel's stream is not a sequence of messages")]
    NoMessage,
    /// [`MAX_HOLES`] is reached. Nothing was changed; the packet must not be acknowledged.
    #[error("too many holes in a channel's stream")]
    TooManyHoles,
}

/// The receiving side of one channel.
#[derive(Debug)]
pub(crate) struct Assembler {
    /// The stream from `read` on, holes included.
    buffer: VecDeque<u8>,
    /// The first byte not yet taken by the application.
    read: u64,
    /// The beginning of the first message that is not whole; at least `read`.
    scanned: u64,
    /// The end of what was received without a hole.
    contiguous: u64,
    /// What was received beyond that.
    beyond: RangeSet,
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
            beyond: RangeSet::new(),
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
        let end = offset
            .checked_add(data.len() as u64)
            .filter(|&end| end <= self.max_offset)
            .ok_or(AssembleError::WindowExceeded)?;
        // What was taken is gone, so that a repetition of it cannot be compared.
        let taken = usize::try_from(self.read.saturating_sub(offset)).unwrap_or(usize::MAX);
        let Some(data) = data.get(taken..).filter(|data| !data.is_empty()) else {
            return Ok(());
        };
        let start = offset.max(self.read);
        if start == self.contiguous && self.beyond.is_empty() {
            self.reserve(end);
            self.buffer.extend(data);
            self.contiguous = end;
        } else {
            self.insert_out_of_order(start..end, data)?;
        }
        self.scan()
    }

    fn insert_out_of_order(&mut self, range: Range<u64>, data: &[u8]) -> Result<(), AssembleError> {
        let received = std::iter::once(self.read..self.contiguous)
            .chain(self.beyond.overlapping(range.clone()));
        for held in received {
            let common = held.start.max(range.start)..held.end.min(range.end);
            if !common.is_empty()
                && !self.agrees(&common, &data[distance(range.start, common.start)..])
            {
                return Err(AssembleError::Disagree);
            }
        }
        if range.start > self.contiguous {
            if !self.beyond.try_insert(range.clone(), MAX_HOLES) {
                return Err(AssembleError::TooManyHoles);
            }
        } else {
            self.contiguous = self.contiguous.max(range.end);
            while let Some(next) = self.beyond.first() {
                if next.start > self.contiguous {
                    break;
                }
                self.contiguous = self.contiguous.max(next.end);
                self.beyond.pop_first();
            }
        }
        self.reserve(range.end);
        let at = distance(self.read, range.start);
        if self.buffer.len() < at + data.len() {
            self.buffer.resize(at + data.len(), 0);
        }
        let (front, back) = self.buffer.as_mut_slices();
        let in_front = front.len().saturating_sub(at).min(data.len());
        if in_front > 0 {
            front[at..at + in_front].copy_from_slice(&data[..in_front]);
        }
        if in_front < data.len() {
            let at = (at + in_front) - front.len();
            back[at..at + data.len() - in_front].copy_from_slice(&data[in_front..]);
        }
        Ok(())
    }

    /// Whether the bytes held in `range` are those at the beginning of `data`.
    fn agrees(&self, range: &Range<u64>, data: &[u8]) -> bool {
        let held = distance(self.read, range.start)..distance(self.read, range.end);
        self.buffer
            .range(held)
            .zip(data)
            .all(|(one, other)| one == other)
    }

    /// Makes room up to an offset: doubling, but never beyond the window.
    fn reserve(&mut self, end: u64) {
        let needed = distance(self.read, end);
        if needed > self.buffer.capacity() {
            let window = distance(self.read, self.max_offset);
            let capacity = needed
                .max(self.buffer.capacity() * 2)
                .min(window)
                .max(needed);
            self.buffer.reserve_exact(capacity - self.buffer.len());
        }
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

    /// Takes the next message. This is what widens the peer's window.
    pub(crate) fn next_message(&mut self) -> Option<Vec<u8>> {
        if self.ready == 0 {
            return None;
        }
        let Header::Message {
            header_len,
            message_len,
        } = self.header_at(self.read)
        else {
            return None;
        };
        let end = header_len + message_len;
        let mut message = Vec::with_capacity(message_len);
        let (front, back) = self.buffer.as_slices();
        let middle = front.len();
        message.extend_from_slice(&front[header_len.min(middle)..end.min(middle)]);
        message.extend_from_slice(
            &back[header_len.saturating_sub(middle)..end.saturating_sub(middle)],
        );
        self.buffer.drain(..end);
        self.read += end as u64;
        self.ready -= 1;
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_BYTES {
            self.buffer = VecDeque::new();
        }
        Some(message)
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
        let needed = match self.header_at(self.scanned) {
            Header::Message {
                header_len,
                message_len,
            } => header_len + message_len,
            Header::Incomplete | Header::Wrong => framing::MAX_HEADER_LEN,
        };
        self.ready == 0 && self.scanned + needed as u64 > self.max_offset
    }

    /// The end of the furthest byte received.
    pub(crate) fn highest(&self) -> u64 {
        let beyond = self.beyond.last().map_or(0, |range| range.end);
        beyond.max(self.contiguous)
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
        self.buffer.is_empty()
    }

    /// Gives memory back that an idle channel does not need.
    pub(crate) fn release(&mut self) {
        if self.is_idle() {
            self.buffer = VecDeque::new();
            self.beyond.release();
        }
    }
}

/// A message that the window cannot hold would never become whole.
fn limit_message(window: u64, message_max: usize) -> u32 {
    let room = window.saturating_sub(framing::MAX_HEADER_LEN as u64);
    u32::try_from(room.min(message_max as u64)).unwrap_or(u32::MAX)
}

/// Bytes between two offsets of one window.
fn distance(from: u64, to: u64) -> usize {
    usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[path = "assembler_tests.rs"]
mod tests;
