//! Reading every entry of a log, past whatever is damaged in it.

use super::files::SegmentFiles;
use super::frame::Head;
use super::layout::{ALIGN, FIRST, HEADER, Key, RecordHeader, SegmentHeader};
use super::{Place, reading};
use crate::store::error::StoreError;
use crate::store::segments::note::Note;
use crate::store::segments::stored::EntryKey;
use crate::store::segments::stored::Stored;

/// What takes an entry that was read.
type Take<'t> = dyn FnMut(EntryKey, &Stored) -> Result<(), StoreError> + 't;

/// Reads all entries in the order in which they were written.
///
/// # Errors
/// What `take` says; what cannot be read is passed over.
pub(in crate::store) fn each_entry(
    files: &dyn SegmentFiles,
    note: &Note,
    take: &mut Take<'_>,
) -> Result<(), StoreError> {
    for number in files.list().unwrap_or_default() {
        let Ok((_, bytes)) = reading::read_file(files, number) else {
            continue;
        };
        if let Ok(header) = SegmentHeader::decode(note, number, &bytes) {
            each_of_segment(&header.key(note), &bytes, take)?;
        }
    }
    Ok(())
}

fn each_of_segment(key: &Key, bytes: &[u8], take: &mut Take<'_>) -> Result<(), StoreError> {
    each_head(key, bytes, &mut |_, head, bytes| {
        take_whole(head, bytes, take)
    })
}

/// What takes the head of an entry, and the bytes from there to the end of its record.
type TakeHead<'t> = dyn FnMut(usize, &Head, &[u8]) -> Result<(), StoreError> + 't;

/// Reads the heads of all entries of a segment, and where each stands.
pub(super) fn each_head(
    key: &Key,
    bytes: &[u8],
    take: &mut TakeHead<'_>,
) -> Result<(), StoreError> {
    let mut at = FIRST;
    while at + HEADER <= bytes.len() {
        let Some(header) = RecordHeader::decode(key, at, &bytes[at..]) else {
            at += ALIGN;
            continue;
        };
        let from = at + HEADER;
        let end = from
            .saturating_add(header.entries as usize)
            .min(bytes.len());
        let mut entries = from;
        while entries < end
            && let Some(head) = Head::decode(key, entries, &bytes[entries..end])
        {
            take(entries, &head, &bytes[entries..end])?;
            entries = entries.saturating_add(head.frame_len());
        }
        at = header
            .next(at)
            .filter(|next| *next <= bytes.len())
            .unwrap_or(at + ALIGN);
    }
    Ok(())
}

/// Reads the entries at places that the tables name, without the log's key where that is lost.
///
/// # Errors
/// What `take` says; what cannot be read is passed over.
pub(in crate::store) fn at_places(
    files: &dyn SegmentFiles,
    note: Option<&Note>,
    places: &[(EntryKey, Place)],
    take: &mut Take<'_>,
) -> Result<(), StoreError> {
    for number in files.list().unwrap_or_default() {
        let Ok((_, bytes)) = reading::read_file(files, number) else {
            continue;
        };
        let key_of = |note| Some(SegmentHeader::decode(note, number, &bytes).ok()?.key(note));
        let header: Option<Key> = note.and_then(key_of);
        let head_at = |at: usize, found: &[u8]| match &header {
            Some(key) => Head::decode(key, at, found),
            None => Head::decode_unchecked(found),
        };
        for (key, place) in places.iter().filter(|(_, place)| place.segment == number) {
            let at = place.offset as usize;
            let Some(found) = bytes.get(at..) else {
                continue;
            };
            if let Some(head) = head_at(at, found).filter(|head| head.is_at(*key)) {
                take_whole(&head, found, take)?;
            }
        }
    }
    Ok(())
}

fn take_whole(head: &Head, bytes: &[u8], take: &mut Take<'_>) -> Result<(), StoreError> {
    let Some(bytes) = bytes.get(..head.frame_len()) else {
        return Ok(());
    };
    let stored = head.stored(bytes.to_vec());
    let row = stored.row();
    if row.is_whole() {
        take(head.key(), &stored)?;
    }
    Ok(())
}
