//! Growth and shrinking of the channels' ring buffers: allocation stays within twice the contents, and within a
//! limit.

use std::collections::VecDeque;
use std::ops::Range;

/// Capacity that is always kept, in bytes. Chosen: lines of chat reuse it; a long message's memory is released as
/// soon as most of the message is gone.
pub(crate) const KEPT_BYTES: usize = 4 * 1024;

/// Reserves room for `more` bytes: doubles, but stays within `limit` bytes unless more are needed.
pub(crate) fn grow(buffer: &mut VecDeque<u8>, more: usize, limit: usize) {
    let needed = buffer.len() + more;
    if needed > buffer.capacity() {
        let capacity = needed.max((buffer.capacity() * 2).min(limit));
        buffer.reserve_exact(capacity - buffer.len());
    }
}

/// Releases memory if at least three quarters are unused. The cost is at most that of filling the buffer.
pub(crate) fn shrink(buffer: &mut VecDeque<u8>) {
    if buffer.capacity() > KEPT_BYTES && buffer.len() <= buffer.capacity() / 4 {
        if buffer.is_empty() {
            *buffer = VecDeque::new();
        } else {
            buffer.shrink_to(buffer.len() * 2);
        }
    }
}

/// The bytes of a range, in two parts because the buffer is a ring. A range beyond the buffer is cut.
pub(crate) fn slices(buffer: &VecDeque<u8>, range: Range<usize>) -> (&[u8], &[u8]) {
    let (front, back) = buffer.as_slices();
    let (start, end) = (range.start.min(buffer.len()), range.end.min(buffer.len()));
    let middle = front.len();
    (
        &front[start.min(middle)..end.min(middle)],
        &back[start.saturating_sub(middle)..end.saturating_sub(middle)],
    )
}

/// Bytes from one stream offset to another, 0 if that is not after it.
pub(crate) fn distance(from: u64, to: u64) -> usize {
    usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allocated_follows_what_is_held() {
        let mut buffer = VecDeque::new();
        for _ in 0..1000 {
            grow(&mut buffer, 100, 64 * 1024);
            buffer.extend([1; 100]);
            assert!(buffer.capacity() <= (2 * buffer.len()).max(64 * 1024));
        }
        while !buffer.is_empty() {
            buffer.drain(..100);
            shrink(&mut buffer);
            assert!(buffer.capacity() <= KEPT_BYTES.max(4 * buffer.len()));
        }
        let mut buffer = VecDeque::new();
        grow(&mut buffer, 10, 20);
        buffer.extend([1; 10]);
        grow(&mut buffer, 5, 18);
        assert_eq!(buffer.capacity(), 18);
    }
}
