//! Overwriting the content of deleted entries where it stands.
//!
//! It is overwritten with bytes that follow from the segment's key and the place, so that whoever still reads there, from an
//! older snapshot of the tables, can tell a deletion from damage.
//!
//! The tables name one place. An entry whose segment is emptied (`engine::tidy`) still stands where it was before, until that
//! segment is removed, which takes as long as somebody reads it; so there it is looked for.

use std::collections::BTreeSet;
use std::io;

use super::layout::Key;
use super::reader::{Opened, SegmentReader};
use super::salvage::each_head;
use super::stored::EntryKey;
use crate::store::error::StoreError;

/// The content of an entry that is to be overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Erasure {
    pub(in crate::store) segment: u32,
    /// Where it begins, in bytes from the segment's start.
    pub(in crate::store) at: u64,
    /// How long it is, in bytes.
    pub(in crate::store) len: u64,
    /// Whose it was.
    pub(in crate::store) key: EntryKey,
}

impl SegmentReader {
    /// Overwrites contents, durably, which come in the order of their places. Returns those for which that is done: where
    /// a file cannot be written, the others are not held up. An entry of a segment that is emptied was written once more: in
    /// those that `may_have_copies` what it was read from before is looked for, and overwritten too.
    pub(in crate::store) fn erase(
        &self,
        erasures: Vec<Erasure>,
        may_have_copies: impl Fn(u32) -> bool,
    ) -> Vec<Erasure> {
        if erasures.is_empty() {
            return erasures;
        }
        let keys: BTreeSet<EntryKey> = erasures.iter().map(|erasure| erasure.key).collect();
        let numbers = self.files().list().unwrap_or_else(|error| {
            tracing::error!(%error, "copies of deleted contents cannot be looked for");
            Vec::new()
        });
        for segment in numbers {
            if may_have_copies(segment)
                && let Err(error) = self.erase_copies(segment, &keys)
            {
                tracing::error!(%error, segment, "copies of deleted contents cannot be looked for");
            }
        }
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
            if len == 0 {
                continue;
            }
            let bytes = key.map_or_else(|| vec![0; len], |key| pattern(&key, *at, len));
            let _overwriting = self.overwriting();
            file.write(*at, &bytes)?;
        }
        Ok(file.sync_data()?)
    }

    /// Overwrites what these entries have in a segment, wherever they are read.
    fn erase_copies(&self, segment: u32, keys: &BTreeSet<EntryKey>) -> Result<(), StoreError> {
        if !self.files().may_write() {
            return Ok(());
        }
        let Opened { file, key } = self.open(segment)?;
        let len = usize::try_from(file.len()?).map_err(|_| StoreError::Unreadable)?;
        let mut bytes = vec![0; len];
        file.read(0, &mut bytes)?;
        let mut copies = Vec::new();
        each_head(&key, &bytes, &mut |at, head, rest| {
            if keys.contains(&head.key()) && head.frame_len() <= rest.len() {
                let at = at + head.content_at();
                copies.push((at as u64, head.content_len()));
            }
            Ok(())
        })?;
        copies.retain(|(_, len)| *len > 0);
        if copies.is_empty() {
            return Ok(());
        }
        for (at, len) in copies {
            let _overwriting = self.overwriting();
            file.write(at, &pattern(&key, at, len))?;
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
