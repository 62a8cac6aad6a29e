//! The journal: what was done since the tables' file was last brought up to date, durable before anybody is told.
//!
//! A commit of redb writes every page that it touches, and a group of appends touches a page or more for each. So the
//! engine keeps one transaction of redb open over many groups, writes the *requests* of each group here, one behind
//! the other in one write and one sync, and answers then. Now and then (a checkpoint) the transaction is committed,
//! and the journal begins again at its start. After a crash the requests that the tables do not know of are made
//! again, in the same order: what a request does follows from it and the tables alone.
//!
//! A record is `number (8) | length (4) | check (16) | requests`, little-endian, the check being BLAKE3 over the
//! database's epoch and all else. Numbers go up by one without end; `meta` holds the last that the tables contain. So
//! what an earlier round has left behind the end is known by its number, and the journal of another database, or of
//! what a backup has replaced, by its check.

mod note;

use redb::StorageBackend;

use super::error::StoreError;
pub(super) use note::Note;

/// The header of a record, in bytes.
const HEADER_BYTES: usize = 8 + 4 + CHECK_BYTES;
const CHECK_BYTES: usize = 16;

/// The file grows by so much at a time, in bytes: a sync that need not note a new length is cheaper.
const GROWTH_BYTES: u64 = 256 * 1024;

/// So many zeros at the end of the file are passed over at once. Chosen: a page, compared in a moment.
const ZEROS_BYTES: usize = 4096;

/// How far ahead of the expected number a record behind a damaged one is recognised. Chosen: more than one round has.
const ROUND_MAX: u64 = 100_000;

/// The file, and where the next record goes.
#[derive(Debug)]
pub(super) struct Journal {
    file: Box<dyn StorageBackend>,
    epoch: u64,
    /// Where the next record begins.
    end: u64,
    /// Its number.
    next: u64,
    record: Vec<u8>,
}

/// What a journal holds that the tables do not.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The requests of each record, in order.
    pub(super) records: Vec<Vec<u8>>,
    /// There are records behind one that is damaged: something that was durable is lost.
    pub(super) is_damaged: bool,
}

impl Journal {
    /// Opens the journal of the database with this epoch, whose tables contain all up to the record `applied`.
    pub(super) fn open(
        file: Box<dyn StorageBackend>,
        epoch: u64,
        applied: u64,
    ) -> Result<(Self, Found), StoreError> {
        let mut journal = Self {
            file,
            epoch,
            end: 0,
            next: applied + 1,
            record: Vec::new(),
        };
        let found = journal.read()?;
        Ok((journal, found))
    }

    /// Reads what the tables do not contain, and goes to its end.
    ///
    /// It is written anew: after a sync that failed, what a reading finds may never have reached the disk.
    fn read(&mut self) -> Result<Found, StoreError> {
        let bytes = self.image()?;
        let mut found = Found::default();
        let (mut at, mut expected) = (0, None);
        while let Some((number, payload)) = self.record_at(&bytes, at) {
            if expected.is_some_and(|expected| number != expected) || number > self.next {
                break;
            }
            expected = Some(number + 1);
            at += HEADER_BYTES + payload.len();
            if number == self.next {
                found.records.push(payload.to_vec());
                self.next += 1;
            }
        }
        if found.records.is_empty() {
            self.end = 0;
        } else {
            self.end = at as u64;
            self.file.write(0, &bytes[..at])?;
            self.file.sync_data()?;
        }
        found.is_damaged = self.has_later(&bytes, at);
        Ok(found)
    }

    /// Reads once more what tables do not contain that contain all up to the record `applied`.
    pub(super) fn read_again(&mut self, applied: u64) -> Result<Found, StoreError> {
        self.next = applied + 1;
        self.read()
    }

    fn image(&self) -> Result<Vec<u8>, StoreError> {
        let len = usize::try_from(self.file.len()?).map_err(|_| StoreError::Unreadable)?;
        let mut bytes = vec![0; len];
        self.file.read(0, &mut bytes)?;
        Ok(bytes)
    }

    /// The record that begins here, if one does.
    fn record_at<'b>(&self, bytes: &'b [u8], at: usize) -> Option<(u64, &'b [u8])> {
        let (header, rest) = bytes.get(at..)?.split_at_checked(HEADER_BYTES)?;
        let (number, header) = header.split_first_chunk::<8>()?;
        let (len, check) = header.split_first_chunk::<4>()?;
        let payload = rest.get(..usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
        let number = u64::from_le_bytes(*number);
        (self.check(number, payload) == *check).then_some((number, payload))
    }

    /// Whether a record stands behind this place which is later than the one that should begin there.
    fn has_later(&self, bytes: &[u8], at: usize) -> bool {
        let is_later = |at: usize| {
            let number = bytes[at..]
                .first_chunk::<8>()
                .map(|bytes| u64::from_le_bytes(*bytes));
            number.is_some_and(|number| (self.next + 1..self.next + ROUND_MAX).contains(&number))
        };
        // The file grows by zeros, in which no record begins.
        let mut end = bytes.len();
        while let Some(rest) = bytes[..end].strip_suffix(&[0; ZEROS_BYTES]) {
            end = rest.len();
        }
        (at..end).any(|at| is_later(at) && self.record_at(bytes, at).is_some())
    }

    fn check(&self, number: u64, payload: &[u8]) -> [u8; CHECK_BYTES] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.epoch.to_le_bytes());
        hasher.update(&number.to_le_bytes());
        hasher.update(payload);
        let mut check = [0; CHECK_BYTES];
        check.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK_BYTES]);
        check
    }

    /// Writes a record; it is durable when this returns. After a failure the journal is to be opened again.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn append(&mut self, payload: &[u8]) -> Result<(), StoreError> {
        let len = u32::try_from(payload.len()).map_err(|_| StoreError::Unreadable)?;
        let check = self.check(self.next, payload);
        self.record.clear();
        self.record.extend_from_slice(&self.next.to_le_bytes());
        self.record.extend_from_slice(&len.to_le_bytes());
        self.record.extend_from_slice(&check);
        self.record.extend_from_slice(payload);
        let end = self.end + self.record.len() as u64;
        if end > self.file.len()? {
            self.file.set_len(end.next_multiple_of(GROWTH_BYTES))?;
        }
        self.file.write(self.end, &self.record)?;
        self.file.sync_data()?;
        self.end = end;
        self.next += 1;
        Ok(())
    }

    /// What it holds belongs to the database no longer.
    pub(super) const fn set_epoch(&mut self, epoch: u64) {
        self.epoch = epoch;
    }

    /// How many bytes a reading would go through.
    pub(super) const fn len(&self) -> u64 {
        self.end
    }

    /// The number of the last record.
    pub(super) const fn last(&self) -> u64 {
        self.next - 1
    }

    /// The tables contain everything: the next record goes to the start.
    pub(super) const fn restart(&mut self) {
        self.end = 0;
    }
}
