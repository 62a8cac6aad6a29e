//! The data of a channel beyond the first gap of its stream: separate pieces, so that gaps cost nothing.

use std::collections::VecDeque;
use std::ops::Range;

use super::ring::{self, distance};

/// The overhead of a piece: its entry, and an allocator's overhead for two allocations.
pub(crate) const PIECE_BYTES: usize = size_of::<Piece>() + 32;

#[derive(Debug)]
struct Piece {
    start: u64,
    bytes: VecDeque<u8>,
}

impl Piece {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

/// In order; no two touch or overlap.
#[derive(Debug, Default)]
pub(crate) struct Beyond {
    pieces: Vec<Piece>,
}

impl Beyond {
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The end of the highest piece.
    pub(crate) fn end(&self) -> Option<u64> {
        self.pieces.last().map(Piece::end)
    }

    /// Whether the pieces agree with `data` at `start`.
    pub(crate) fn agrees(&self, start: u64, data: &[u8]) -> bool {
        let end = start + data.len() as u64;
        self.touching(start, end).iter().all(|piece| {
            let common = piece.start.max(start)..piece.end().min(end);
            common.is_empty()
                || ring_agrees(
                    &piece.bytes,
                    distance(piece.start, common.start)..distance(piece.start, common.end),
                    &data[distance(start, common.start)..],
                )
        })
    }

    /// Adds `data`, which must agree with the pieces. `false`: that would make more than `limit` pieces.
    #[must_use]
    pub(crate) fn insert(&mut self, start: u64, data: &[u8], limit: usize) -> bool {
        let end = start + data.len() as u64;
        let first = self.pieces.partition_point(|piece| piece.end() < start);
        let last = self.pieces.partition_point(|piece| piece.start <= end);
        if first == last {
            if self.pieces.len() >= limit {
                return false;
            }
            let bytes = data.iter().copied().collect();
            self.pieces.insert(first, Piece { start, bytes });
            return true;
        }
        // All of these touch the new piece and merge with it.
        let mut whole = self.pieces.remove(first);
        if start < whole.start {
            let missing = distance(start, whole.start);
            prepend(&mut whole.bytes, data[..missing].iter().copied());
            whole.start = start;
        }
        for next in self.pieces.drain(first..last - 1) {
            append(&mut whole, start, &data[..distance(start, next.start)]);
            if next.bytes.len() > whole.bytes.len() {
                let Piece { start, bytes } = std::mem::replace(&mut whole, next);
                prepend(&mut whole.bytes, bytes.into_iter());
                whole.start = start;
            } else {
                ring::grow(&mut whole.bytes, next.bytes.len(), usize::MAX);
                whole.bytes.extend(next.bytes);
            }
        }
        append(&mut whole, start, data);
        self.pieces.insert(first, whole);
        true
    }

    /// Removes the first piece if it starts at or before `contiguous`, and returns its bytes from there on.
    pub(crate) fn join(&mut self, contiguous: u64) -> Option<VecDeque<u8>> {
        let first = self.pieces.first()?;
        if first.start > contiguous {
            return None;
        }
        let Piece { start, mut bytes } = self.pieces.remove(0);
        let known = distance(start, contiguous).min(bytes.len());
        bytes.drain(..known);
        if self.pieces.is_empty() {
            self.pieces = Vec::new();
        }
        Some(bytes)
    }

    /// Allocated bytes.
    pub(crate) fn memory(&self) -> usize {
        let bytes: usize = self.pieces.iter().map(|piece| piece.bytes.capacity()).sum();
        bytes + self.pieces.capacity() * PIECE_BYTES
    }

    /// The pieces that overlap or touch a range.
    fn touching(&self, start: u64, end: u64) -> &[Piece] {
        let first = self.pieces.partition_point(|piece| piece.end() < start);
        let last = self.pieces.partition_point(|piece| piece.start <= end);
        &self.pieces[first..last.max(first)]
    }
}

/// Appends the part of `data`, which starts at `start`, that lies beyond the piece.
fn append(piece: &mut Piece, start: u64, data: &[u8]) {
    if let Some(new) = data.get(distance(start, piece.end())..) {
        ring::grow(&mut piece.bytes, new.len(), usize::MAX);
        piece.bytes.extend(new);
    }
}

pub(crate) fn prepend(
    ring: &mut VecDeque<u8>,
    bytes: impl DoubleEndedIterator<Item = u8> + ExactSizeIterator,
) {
    ring::grow(ring, bytes.len(), usize::MAX);
    for byte in bytes.rev() {
        ring.push_front(byte);
    }
}

/// Whether the ring's bytes in `range` equal the start of `data`.
pub(crate) fn ring_agrees(ring: &VecDeque<u8>, range: Range<usize>, data: &[u8]) -> bool {
    ring.range(range).zip(data).all(|(one, other)| one == other)
}
