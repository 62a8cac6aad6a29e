//! Executes requests about blobs, one after the other.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use super::part::{Check, Part};
use super::{BlobCompletion, BlobFile, BlobFiles, BlobKey, BlobOutcome, BlobRequest};
use crate::store::RequestId;

/// Whole blobs that are kept open to be read. Chosen: as many as are fetched at once on a busy server.
const OPEN_MAX: usize = 32;

/// All blobs of a store.
#[derive(Debug)]
pub struct Blobs {
    files: Box<dyn BlobFiles>,
    /// Those that are being written. How many there are is up to the one who begins them.
    parts: BTreeMap<BlobKey, Part>,
    /// Those of which parts were there before, in the order in which they are verified.
    checks: VecDeque<(RequestId, Check)>,
    /// Those that were read last, the last one at the end.
    open: VecDeque<(BlobKey, Box<dyn BlobFile>)>,
    /// The last request has failed, and the log was told.
    has_failed: bool,
}

impl Blobs {
    /// Those in these files.
    #[must_use]
    pub fn new(files: Box<dyn BlobFiles>) -> Self {
        Self {
            files,
            parts: BTreeMap::new(),
            checks: VecDeque::new(),
            open: VecDeque::new(),
            has_failed: false,
        }
    }

    /// Executes a request. Without an answer it needs [`Blobs::step`].
    pub fn execute(&mut self, id: RequestId, request: BlobRequest) -> Option<BlobCompletion> {
        let outcome = match request {
            BlobRequest::Begin(key) => match self.begin(id, key) {
                Ok(Some(outcome)) => Ok(outcome),
                Ok(None) => return None,
                Err(error) => Err(error),
            },
            BlobRequest::Write { key, offset, bytes } => self.write(&key, offset, &bytes),
            BlobRequest::Read {
                key,
                offset,
                length,
            } => self.read(&key, offset, length),
            BlobRequest::Close(key) => {
                self.parts.remove(&key);
                Ok(BlobOutcome::Done)
            }
            BlobRequest::Drop(key)
            | BlobRequest::Condemn {
                key,
                until_ms: None,
            } => self.remove(&key).map(|()| BlobOutcome::Done),
            BlobRequest::List(first) => self.files.list(first).map(BlobOutcome::Found),
            // There is no shelf.
            BlobRequest::Confirm(_) => Ok(BlobOutcome::Complete),
            BlobRequest::Shelve(_) | BlobRequest::Condemn { .. } | BlobRequest::Purge { .. } => {
                Ok(BlobOutcome::Done)
            }
            BlobRequest::ListShelved(_) => Ok(BlobOutcome::Shelved(Vec::new())),
        };
        Some(self.complete(id, outcome))
    }

    /// Whether what was there before is still to be verified.
    #[must_use]
    pub fn has_steps(&self) -> bool {
        !self.checks.is_empty()
    }

    /// Verifies a little of what was there before.
    pub fn step(&mut self) -> Option<BlobCompletion> {
        let (id, mut check) = self.checks.pop_front()?;
        let outcome = match check.step() {
            Ok(false) => {
                self.checks.push_back((id, check));
                return None;
            }
            Ok(true) => self.on_checked(check),
            Err(error) => Err(error),
        };
        Some(self.complete(id, outcome))
    }

    /// A whole blob, to be read by somebody else.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if there is none, or why it cannot be opened.
    pub(super) fn whole(&self, key: &BlobKey) -> io::Result<Box<dyn BlobFile>> {
        let file = self.files.open(key)?;
        if file.length()? == key.size.stream_bytes() {
            return Ok(file);
        }
        Err(io::ErrorKind::NotFound.into())
    }

    /// What there is between these places of a blob that is being written, if all of it was verified.
    pub(super) fn verified(&self, key: &BlobKey, from: u64, to: u64) -> Option<Vec<u8>> {
        let part = self.parts.get(key).filter(|part| to <= part.taken())?;
        let length = usize::try_from(to.checked_sub(from)?).ok()?;
        let mut bytes = vec![0; length];
        part.read_at(from, &mut bytes).ok()?;
        Some(bytes)
    }

    fn complete(&mut self, id: RequestId, outcome: io::Result<BlobOutcome>) -> BlobCompletion {
        let outcome = self.told(outcome);
        BlobCompletion { id, outcome }
    }

    /// What is said of what came of something. A failure goes to the log.
    pub(super) fn told(&mut self, outcome: io::Result<BlobOutcome>) -> BlobOutcome {
        match outcome {
            Ok(outcome) => {
                self.has_failed = false;
                outcome
            }
            Err(error) => {
                if !std::mem::replace(&mut self.has_failed, true) {
                    tracing::error!(%error, "cannot work on an attached file");
                }
                let is_full = matches!(
                    error.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                );
                BlobOutcome::Failed { is_full }
            }
        }
    }

    fn begin(&mut self, id: RequestId, key: BlobKey) -> io::Result<Option<BlobOutcome>> {
        if let Some(part) = self.parts.get(&key) {
            return Ok(Some(BlobOutcome::Taken(part.taken())));
        }
        match self.files.open(&key) {
            Ok(whole) if whole.length()? == key.size.stream_bytes() => {
                return Ok(Some(BlobOutcome::Complete));
            }
            // Somebody else has cut it off.
            Ok(_) => self.remove(&key)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let check = Check::new(key, self.files.open_part(&key)?)?;
        self.checks.push_back((id, check));
        Ok(None)
    }

    fn on_checked(&mut self, check: Check) -> io::Result<BlobOutcome> {
        let key = check.key();
        let part = check.finish()?;
        let taken = part.taken();
        if part.is_whole() {
            self.keep(&part, &key)?;
            return Ok(BlobOutcome::Complete);
        }
        if taken == key.size.stream_bytes() {
            // An empty one, whose root is another's.
            return Ok(BlobOutcome::Damaged(taken));
        }
        self.parts.insert(key, part);
        Ok(BlobOutcome::Taken(taken))
    }

    fn keep(&mut self, part: &Part, key: &BlobKey) -> io::Result<()> {
        part.sync()?;
        self.files.complete(key)
    }

    fn write(&mut self, key: &BlobKey, offset: u64, bytes: &[u8]) -> io::Result<BlobOutcome> {
        let Some(mut part) = self.parts.remove(key) else {
            return Ok(BlobOutcome::Elsewhere(0));
        };
        // After a failure it is verified again before it goes on.
        let outcome = part.write(offset, bytes)?;
        if part.is_whole() {
            self.keep(&part, key)?;
            return Ok(BlobOutcome::Complete);
        }
        self.parts.insert(*key, part);
        Ok(outcome)
    }

    fn read(&mut self, key: &BlobKey, offset: u64, length: usize) -> io::Result<BlobOutcome> {
        let left = key.size.stream_bytes().saturating_sub(offset);
        let length = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut bytes = vec![0; length];
        let read = self.open(key)?.map(|file| file.read_at(offset, &mut bytes));
        match read {
            None => Ok(BlobOutcome::Missing),
            Some(Ok(())) => Ok(BlobOutcome::Read(bytes)),
            Some(Err(error)) => {
                self.open.retain(|(open, _)| open != key);
                if error.kind() == io::ErrorKind::UnexpectedEof {
                    return Ok(BlobOutcome::Missing);
                }
                Err(error)
            }
        }
    }

    /// A whole blob, if it is there.
    fn open(&mut self, key: &BlobKey) -> io::Result<Option<&dyn BlobFile>> {
        let at = self.open.iter().position(|(open, _)| open == key);
        let file = match at.and_then(|at| self.open.remove(at)) {
            Some((_, file)) => file,
            None => match self.files.open(key) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        if self.open.len() == OPEN_MAX {
            self.open.pop_front();
        }
        self.open.push_back((*key, file));
        Ok(self.open.back().map(|(_, file)| &**file))
    }

    fn remove(&mut self, key: &BlobKey) -> io::Result<()> {
        self.parts.remove(key);
        self.open.retain(|(open, _)| open != key);
        self.files.remove(key)
    }
}
