//! Overwriting the content of deleted entries where it stands.
//!
//! It is overwritten with bytes that follow from the segment's key and the place, so that whoever still reads there, from an
//! older snapshot of the tables, can tell a deletion from damage.

use std::io;

use super::layout::Key;
use super::reader::{Opened, SegmentReader};
use crate::store::error::StoreError;

/// The content of an entry that is to be overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Erasure {
    pub(in crate::store) segment: u32,
    /// Where it begins, in bytes from the segment's start.
    pub(in crate::store) at: u64,
    /// How long it is, in bytes.
    pub(in crate::store) len: u64,
}

impl SegmentReader {
    /// Overwrites contents, durably, which come in the order of their places. Returns those for which that is done: where
    /// a file cannot be written, the others are not held up.
    pub(in crate::store) fn erase(&self, erasures: Vec<Erasure>) -> Vec<Erasure> {
        let of_segments = erasures.chunk_by(|one, other| one.segment == other.segment);
        let done = of_segments.filter(|erasures| {
            let segment = erasures[0].segment;
            let erased = self.erase_in(segment, erasures);
            if let Err(error) = &erased {
                tracing::error!(%error, segment, "deleted contents cannot be overwritten yet");
            }
            erased.is_ok()
        });
        done.flatten().copied().collect()
    }

    /// Those of a segment; if that is gone, they are gone too.
    fn erase_in(&self, segment: u32, erasures: &[Erasure]) -> Result<(), StoreError> {
        if !self.files().may_write() {
            return Ok(());
        }
        let (file, key) = match self.open(segment) {
            Ok(Opened { file, key }) => (file, Some(key)),
            Err(error) if error.is_damage() => match self.files().open(segment) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                // Its key is lost with its header.
                file => (file?, None),
            },
            Err(error) => return Err(error),
        };
        for Erasure { at, len, .. } in erasures {
            let len = (*len).min(file.len()?.saturating_sub(*at));
            let len = usize::try_from(len).unwrap_or(0);
            let bytes = key.map_or_else(|| vec![0; len], |key| pattern(&key, *at, len));
            let _overwriting = self.overwriting();
            file.write(*at, &bytes)?;
        }
        Ok(file.sync_data()?)
    }
}

/// Whether what was read at a place of a segment is what a content was overwritten with.
pub(super) fn is_erased(key: &Key, at: u64, content: &[u8]) -> bool {
    *content == *pattern(key, at, content.len())
}

fn pattern(key: &Key, at: u64, len: usize) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(b"erased");
    hasher.update(&at.to_le_bytes());
    let mut bytes = vec![0; len];
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}
