//! Going through the entries of a segment that is written to no longer, some at a time.

use super::Place;
use super::frame::{HEAD_MAX, Head};
use super::layout::{FIRST, HEADER, RecordHeader};
use super::reader::{Opened, SegmentReader};
use super::stored::EntryKey;
use crate::store::error::StoreError;

/// How far a walk has come, in bytes from the segment's start.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Walk {
    pub(in crate::store) segment: u32,
    /// The next entry of the record, and where its entries end.
    entry: usize,
    end: usize,
    /// The next record.
    record: usize,
}

impl Walk {
    /// From the start of a segment.
    pub(in crate::store) const fn new(segment: u32) -> Self {
        Self {
            segment,
            entry: 0,
            end: 0,
            record: FIRST,
        }
    }
}

impl SegmentReader {
    /// The next entries, of at least so many bytes together; none at the end.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where something else stands than entries, so that what follows is not found.
    pub(in crate::store) fn next_entries(
        &self,
        walk: &mut Walk,
        bytes: usize,
    ) -> Result<Vec<(EntryKey, Place)>, StoreError> {
        let Opened { file, key } = self.open(walk.segment)?;
        let len = usize::try_from(file.len()?).unwrap_or(usize::MAX);
        let broken = || StoreError::Damaged {
            table: "log",
            place: format!("segment {}", walk.segment),
            reason: "what stands there is not an entry".into(),
        };
        let read = |at: usize, most: usize| -> Result<Vec<u8>, StoreError> {
            let mut bytes = vec![0; most.min(len.saturating_sub(at))];
            file.read(at as u64, &mut bytes)?;
            Ok(bytes)
        };
        let mut found = Vec::new();
        let mut passed = 0;
        while passed < bytes {
            if walk.entry == walk.end {
                let header = read(walk.record, HEADER)?;
                if header.iter().all(|byte| *byte == 0) {
                    break;
                }
                let header = RecordHeader::decode(&key, walk.record, &header).ok_or_else(broken)?;
                let next = header.next(walk.record).ok_or_else(broken)?;
                walk.entry = walk.record + HEADER;
                walk.end = walk.entry + header.entries as usize;
                passed += next - walk.record - header.entries as usize;
                walk.record = next;
                continue;
            }
            let head = read(walk.entry, HEAD_MAX.min(walk.end - walk.entry))?;
            let head = Head::decode(&key, walk.entry, &head).ok_or_else(broken)?;
            let next = walk.entry.checked_add(head.frame_len());
            let next = next.filter(|next| *next <= walk.end).ok_or_else(broken)?;
            let offset = u32::try_from(walk.entry).map_err(|_| broken())?;
            let segment = walk.segment;
            found.push((head.key(), Place { segment, offset }));
            passed += head.frame_len();
            walk.entry = next;
        }
        Ok(found)
    }
}
