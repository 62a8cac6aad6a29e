//! Reading the end of a log: the records that the tables do not contain, where they end, and whether something is lost.
//!
//! Whatever the bytes are, the work is linear in their length.

use std::io;

use super::erase::is_erased;
use super::files::{SegmentFile, SegmentFiles};
use super::frame::Head;
use super::layout::{ALIGN, Check, FIRST, HEADER, Key, NoHeader, RecordHeader, SegmentHeader};
use crate::store::error::StoreError;
use crate::store::log_loss::LogLoss;
use crate::store::segments::note::Note;

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct RecordAt {
    pub(super) segment: u32,
    pub(super) at: usize,
    pub(super) header: RecordHeader,
}

impl RecordAt {
    /// How many bytes it takes.
    pub(super) fn len(&self) -> u64 {
        let next = self.header.next(self.at).unwrap_or(self.at);
        (next - self.at) as u64
    }
}

/// What the segments say that the tables do not contain.
#[derive(Debug, Default)]
pub(super) struct LogEnd {
    pub(super) records: Vec<RecordAt>,
    /// The segment that the last of them is in, if the log can go on there.
    pub(super) last: Option<Last>,
    /// Where in that segment the last record stands, and its check; zero and that of the header if it has none.
    pub(super) end: Option<(u32, Check)>,
    /// Segments after it that were being made when the power failed.
    pub(super) unused: Vec<u32>,
    pub(super) loss: Option<LogLoss>,
}

/// The segment in which a log goes on.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) header: SegmentHeader,
    pub(super) key: Key,
    pub(super) file: SegmentFile,
    pub(super) bytes: Vec<u8>,
    /// Where the next record begins.
    pub(super) end: usize,
    /// From where on its records are not in the tables.
    pub(super) from: usize,
}

impl Last {
    /// The file is longer than its records until the next segment begins.
    const fn is_closed(&self) -> bool {
        self.bytes.len() < self.end + ALIGN
    }
}

/// What stands where a segment should begin.
enum Begin {
    Here(SegmentHeader),
    Nothing,
    Loss(LogLoss),
}

/// What stands where a record should begin.
enum Next {
    Record(RecordHeader, usize),
    /// The record that was under way at the crash, or nothing.
    End,
    Loss(LogLoss),
}

impl LogEnd {
    pub(super) fn of(files: &dyn SegmentFiles, note: &Note) -> Result<Self, StoreError> {
        let mut log_end = Self {
            end: note.last,
            ..Self::default()
        };
        if note.segment == 0 {
            return Ok(log_end);
        }
        let numbers = files.list()?;
        if !numbers.contains(&note.segment) {
            log_end.loss = Some(not_there(files, note, &numbers)?);
            return Ok(log_end);
        }
        let mut next = note.applied + 1;
        for number in note.segment.. {
            let (file, bytes) = read_file(files, number)?;
            let found = SegmentHeader::decode(note, number, &bytes);
            let header = match log_end.begin(note, number, next, &bytes, found) {
                Begin::Here(header) => header,
                Begin::Nothing => {
                    log_end.drop_torn(note);
                    let later = log_end.has_later_segment(files, note, &numbers, next)?;
                    log_end.loss = later.then_some(LogLoss::Missing);
                    break;
                }
                Begin::Loss(loss) => {
                    log_end.loss = Some(loss);
                    break;
                }
            };
            let from = if number == note.segment {
                note.offset as usize
            } else {
                FIRST
            };
            let mut last = Last {
                key: header.key(note),
                header,
                file,
                bytes,
                end: from,
                from,
            };
            let end = log_end.read_records(&mut last, &mut next);
            let has_more = numbers.contains(&(number + 1));
            let is_closed = last.is_closed();
            log_end.loss = match end {
                None if has_later(&last.key, &last.bytes, last.end, next) => Some(LogLoss::Damaged),
                end => end,
            };
            log_end.last = Some(last);
            if log_end.loss.is_some() {
                break;
            }
            if !has_more {
                log_end.drop_torn(note);
                let later = log_end.has_later_segment(files, note, &numbers, next)?;
                log_end.loss = match (is_closed, later) {
                    (true, true) => Some(LogLoss::Missing),
                    (true, false) => Some(LogLoss::Truncated),
                    (false, true) => Some(LogLoss::Damaged),
                    (false, false) => None,
                };
                break;
            }
        }
        Ok(log_end)
    }

    /// What is to be made of the beginning of a segment.
    fn begin(
        &mut self,
        note: &Note,
        number: u32,
        next: u64,
        bytes: &[u8],
        found: Result<SegmentHeader, NoHeader>,
    ) -> Begin {
        let is_first = number == note.segment;
        let is_empty = bytes.iter().all(|byte| *byte == 0);
        match found {
            Ok(header) if is_first => match not_the_one_noted(note, &header, bytes) {
                Some(loss) => Begin::Loss(loss),
                None => Begin::Here(header),
            },
            Ok(header)
                if (header.first_record, Some(header.before))
                    == (next, self.end.map(|end| end.1)) =>
            {
                self.end = Some((0, header.own_check(note)));
                Begin::Here(header)
            }
            // One that was being made when the power failed. The one before it is closed only then.
            Err(NoHeader::Empty)
                if is_empty && self.last.as_ref().is_some_and(|last| !last.is_closed()) =>
            {
                Begin::Nothing
            }
            Err(NoHeader::Empty) if is_empty => Begin::Loss(LogLoss::Missing),
            Err(NoHeader::Foreign) => Begin::Loss(LogLoss::Foreign),
            Err(NoHeader::Cut) => Begin::Loss(LogLoss::Truncated),
            _ => Begin::Loss(LogLoss::Damaged),
        }
    }

    fn read_records(&mut self, last: &mut Last, next: &mut u64) -> Option<LogLoss> {
        loop {
            match record(&last.key, &last.bytes, last.end, *next) {
                Next::Record(header, end) => {
                    let segment = last.header.number;
                    self.records.push(RecordAt {
                        segment,
                        at: last.end,
                        header,
                    });
                    self.end = self.end_at(last);
                    last.end = end;
                    *next += 1;
                }
                Next::End => return None,
                Next::Loss(loss) => return Some(loss),
            }
        }
    }

    /// Drops the last record if the content of one of its entries was torn: nobody was told that it is durable. In every
    /// other record that is damage of one entry, or its deletion.
    fn drop_torn(&mut self, note: &Note) {
        let (Some(record), Some(last)) = (self.records.last().copied(), &mut self.last) else {
            return;
        };
        if record.segment != last.header.number || has_contents(&last.key, &last.bytes, record) {
            return;
        }
        last.end = record.at;
        self.records.pop();
        let before = self.last.as_ref().and_then(|last| self.end_at(last));
        let begin = self
            .last
            .as_ref()
            .map(|last| (0, last.header.own_check(note)));
        let is_first = self
            .last
            .as_ref()
            .is_some_and(|last| last.header.number == note.segment);
        self.end = before.or(if is_first { note.last } else { begin });
    }

    /// The last record, if it is one of this segment.
    fn end_at(&self, last: &Last) -> Option<(u32, Check)> {
        let record = self
            .records
            .last()
            .filter(|record| record.segment == last.header.number)?;
        let at = u32::try_from(record.at).ok()?;
        Some((at, record.header.own_check(&last.key, record.at)))
    }

    /// Whether a segment after the end has records: then one before it is lost.
    fn has_later_segment(
        &mut self,
        files: &dyn SegmentFiles,
        note: &Note,
        numbers: &[u32],
        next: u64,
    ) -> Result<bool, StoreError> {
        let Some(last) = &self.last else {
            return Ok(false);
        };
        for number in numbers
            .iter()
            .filter(|number| **number > last.header.number)
        {
            let (_, bytes) = read_file(files, *number)?;
            match SegmentHeader::decode(note, *number, &bytes) {
                Ok(header) if header.first_record > next => return Ok(true),
                Ok(header) if has_later(&header.key(note), &bytes, FIRST, next) => return Ok(true),
                // One that was begun over a loss which is none any more, or was being made when the power failed.
                Ok(_) | Err(NoHeader::Empty) => self.unused.push(*number),
                Err(_) => {}
            }
        }
        Ok(false)
    }
}

pub(super) fn read_file(
    files: &dyn SegmentFiles,
    number: u32,
) -> Result<(SegmentFile, Vec<u8>), StoreError> {
    let file = files.open(number)?;
    let len =
        usize::try_from(file.len()?).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    let mut bytes = vec![0; len];
    file.read(0, &mut bytes)?;
    Ok((file, bytes))
}

/// Which loss it is if the segment that the tables know is not there.
fn not_there(
    files: &dyn SegmentFiles,
    note: &Note,
    numbers: &[u32],
) -> Result<LogLoss, StoreError> {
    let (mut older, mut newer, mut foreign) = (false, false, false);
    for number in numbers {
        match SegmentHeader::decode(note, *number, &read_file(files, *number)?.1) {
            Ok(_) if *number < note.segment => older = true,
            // Not one that was begun over this very loss.
            Ok(header) => newer |= header.first_record > note.applied + 1,
            Err(NoHeader::Foreign) => foreign = true,
            Err(_) => {}
        }
    }
    Ok(match (newer, older, foreign) {
        (true, ..) => LogLoss::Newer,
        (_, true, _) => LogLoss::Older,
        (.., true) => LogLoss::Foreign,
        _ => LogLoss::Missing,
    })
}

/// Why this is not the segment that the tables know, if it is not: it must have the last record that they contain.
fn not_the_one_noted(note: &Note, header: &SegmentHeader, bytes: &[u8]) -> Option<LogLoss> {
    let (at, check) = note.last?;
    let (at, key) = (at as usize, &header.key(note));
    if at == 0 {
        return (header.own_check(note) != check).then_some(LogLoss::Foreign);
    }
    let Some(found) = bytes.get(at..at + HEADER) else {
        return Some(LogLoss::Truncated);
    };
    match RecordHeader::decode(key, at, found) {
        Some(header) if header.own_check(key, at) == check => None,
        None if found.iter().all(|byte| *byte == 0) => Some(LogLoss::Older),
        _ => Some(LogLoss::Damaged),
    }
}

/// What stands where the record of this number should begin.
fn record(key: &Key, bytes: &[u8], at: usize, number: u64) -> Next {
    let Some(found) = bytes.get(at..at + HEADER) else {
        // The file may end with a segment's last record.
        return if at >= bytes.len() {
            Next::End
        } else {
            Next::Loss(LogLoss::Truncated)
        };
    };
    let Some(header) = RecordHeader::decode(key, at, found) else {
        // A sector that was never written to is zeros, and one that was is whole.
        let is_end = found.iter().all(|byte| *byte == 0);
        return if is_end {
            Next::End
        } else {
            Next::Loss(LogLoss::Damaged)
        };
    };
    if header.number != number {
        return Next::Loss(LogLoss::Damaged);
    }
    let body = at + HEADER;
    let Some(body) = bytes.get(body..body + header.body_len()) else {
        return Next::Loss(LogLoss::Truncated);
    };
    let Some(next) = header.next(at) else {
        return Next::Loss(LogLoss::Damaged);
    };
    let (entries, commands) = body.split_at(header.entries as usize);
    let checks = heads(key, at + HEADER, entries).map(|heads| checks_of(&heads));
    if checks.is_some_and(|checks| header.fits(key, at, &checks, commands)) {
        Next::Record(header, next)
    } else {
        Next::End
    }
}

/// The entries of a record, whose bytes begin at this place, each with where it begins in them.
pub(super) fn heads(key: &Key, at: usize, entries: &[u8]) -> Option<Vec<(usize, Head)>> {
    let mut heads = Vec::new();
    let mut from = 0;
    while from < entries.len() {
        let head = Head::decode(key, at + from, &entries[from..])?;
        heads.push((from, head));
        from = from.checked_add(head.frame_len())?;
    }
    (from == entries.len()).then_some(heads)
}

fn checks_of(heads: &[(usize, Head)]) -> Vec<u8> {
    heads.iter().flat_map(|(_, head)| head.check).collect()
}

/// Whether all of a record's entries have the content that was written, or what it was overwritten with since.
fn has_contents(key: &Key, bytes: &[u8], record: RecordAt) -> bool {
    let body = record.at + HEADER;
    let entries = &bytes[body..body + record.header.entries as usize];
    let heads = heads(key, body, entries).unwrap_or_default();
    heads.iter().all(|(from, head)| {
        let Some(frame) = head.frame(&entries[*from..]) else {
            return false;
        };
        let at = (body + from + head.content_at()) as u64;
        frame.row.is_whole() || is_erased(key, at, frame.row.content)
    })
}

/// Whether a record begins after this place which is later than the one that should begin here: it was durable before
/// that could be torn. Nothing but this log's server makes its check.
fn has_later(key: &Key, bytes: &[u8], at: usize, number: u64) -> bool {
    let is_later = |at: usize| {
        let Some(found) = bytes[at..].first_chunk::<8>() else {
            return false;
        };
        u64::from_le_bytes(*found) > number && RecordHeader::decode(key, at, &bytes[at..]).is_some()
    };
    (at..bytes.len()).step_by(ALIGN).any(is_later)
}
