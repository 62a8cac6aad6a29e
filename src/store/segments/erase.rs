//! Overwriting the content of deleted entries where it stands.
//!
//! It is overwritten with bytes that follow from the segment's key and the place, so that whoever still reads there, from an
//! older snapshot of the tables, can tell a deletion from damage.

use std::io;

use super::files::SegmentFile;
use super::layout::Key;
use super::reader::{Opened, SegmentReader};
use crate::store::error::StoreError;
use crate::store::segments::Place;
use crate::store::segments::stored::{Deletion, Stored};

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
    /// Overwrites contents, durably. Those of segments that are gone are gone too.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(in crate::store) fn erase(&self, erasures: &[Erasure]) -> Result<(), StoreError> {
        if !self.files().may_write() {
            return Ok(());
        }
        let mut written: Vec<SegmentFile> = Vec::new();
        let mut last = None;
        for erasure in erasures {
            let (file, key) = match self.open(erasure.segment) {
                Ok(Opened { file, key }) => (file, Some(key)),
                Err(error) if error.is_damage() => match self.files().open(erasure.segment) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    // Its key is lost with its header.
                    file => (file?, None),
                },
                Err(error) => return Err(error),
            };
            let len = erasure.len.min(file.len()?.saturating_sub(erasure.at));
            let len = usize::try_from(len).unwrap_or(0);
            let bytes = key.map_or_else(|| vec![0; len], |key| pattern(&key, erasure.at, len));
            file.write(erasure.at, &bytes)?;
            if last.replace(erasure.segment) != Some(erasure.segment) {
                written.push(file);
            }
        }
        for file in written {
            file.sync_data()?;
        }
        Ok(())
    }
}

/// What is read in the place of an entry whose content was overwritten; none if it was not.
pub(super) fn erased(key: &Key, place: Place, stored: &Stored) -> Option<Stored> {
    let (at, _) = stored.content_at(place);
    let row = stored.row();
    if *row.content != *pattern(key, at, row.content.len()) {
        return None;
    }
    // The tables that are read are older than the deletion, and do not tell who did it.
    Some(stored.without_content(Deletion::default()))
}

fn pattern(key: &Key, at: u64, len: usize) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(b"erased");
    hasher.update(&at.to_le_bytes());
    let mut bytes = vec![0; len];
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}
