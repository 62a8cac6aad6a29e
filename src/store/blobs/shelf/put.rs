//! The way of a blob onto the shelf: a label, its pieces, and the label once more.

use std::io;

use super::shelved::{Asked, ShelvedBlobs};
use super::{Label, Mark, SHELF_PIECE_BYTES, ShelfAnswer, ShelfRequest, Ticket};
use crate::store::RequestId;
use crate::store::blobs::{BlobFile, BlobKey, BlobOutcome};

/// How many blobs are put on the shelf at once. Chosen: with a piece of each under way it is half a megabyte in memory, and one
/// that is large does not hold up the others. At the limit they wait, each for its turn.
const PUTS_MAX: usize = 4;

/// How often it is begun, where another server labels the same blob meanwhile. Chosen: that happens if one user brings one file at two
/// servers at once, or deletes it while it comes again.
const TRIES_MAX: u32 = 4;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Begin,
    Piece(u64),
    End,
    Look,
}

/// A blob that is put there.
#[derive(Debug)]
pub(super) struct Put {
    key: BlobKey,
    file: Box<dyn BlobFile>,
    step: Step,
    /// Where its first label is.
    begun: u64,
    tries: u32,
}

/// How it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    There,
    Failed { is_full: bool },
}

impl Put {
    pub(super) fn new(key: BlobKey, file: Box<dyn BlobFile>) -> Self {
        Self {
            key,
            file,
            step: Step::Begin,
            begun: 0,
            tries: 0,
        }
    }

    /// What the shelf is asked for next.
    pub(super) fn request(&self) -> io::Result<ShelfRequest> {
        let key = self.key;
        let label = |mark, after| ShelfRequest::Label { key, mark, after };
        Ok(match self.step {
            Step::Begin => label(Mark::Begun, None),
            Step::Piece(number) => {
                let (from, length) = piece(&key, number);
                let mut bytes = vec![0; length];
                self.file.read_at(from, &mut bytes)?;
                ShelfRequest::Put { key, number, bytes }
            }
            Step::End => label(Mark::Whole, Some(self.begun)),
            Step::Look => ShelfRequest::Look(key),
        })
    }

    /// The shelf has answered; whether that was the end.
    pub(super) fn on_answer(&mut self, answer: &ShelfAnswer) -> Option<Ended> {
        let pieces = pieces(&self.key);
        let after = |number: u64| {
            if number < pieces {
                Step::Piece(number)
            } else {
                Step::End
            }
        };
        self.step = match (self.step, answer) {
            (Step::Begin, ShelfAnswer::Put(position)) => {
                self.begun = *position;
                after(0)
            }
            (Step::Piece(number), ShelfAnswer::Put(_)) => after(number + 1),
            // Of the second it was put twice, as the first time was not heard of, or another server has put it there.
            (Step::End, ShelfAnswer::Put(_))
            | (
                Step::Look,
                ShelfAnswer::Label(Some(Label {
                    mark: Mark::Whole, ..
                })),
            ) => return Some(Ended::There),
            (Step::End, ShelfAnswer::Changed) => Step::Look,
            (Step::Look, ShelfAnswer::Label(_)) if self.tries + 1 < TRIES_MAX => {
                self.tries += 1;
                Step::Begin
            }
            _ => {
                let is_full = *answer == ShelfAnswer::Full;
                return Some(Ended::Failed { is_full });
            }
        };
        None
    }
}

/// How many pieces a blob has on the shelf.
pub(super) fn pieces(key: &BlobKey) -> u64 {
    key.size.stream_bytes().div_ceil(SHELF_PIECE_BYTES as u64)
}

/// Where in its stream a piece begins, and how long it is.
pub(super) fn piece(key: &BlobKey, number: u64) -> (u64, usize) {
    let from = number * SHELF_PIECE_BYTES as u64;
    let left = key.size.stream_bytes().saturating_sub(from);
    let length = usize::try_from(left).unwrap_or(usize::MAX);
    (from, length.min(SHELF_PIECE_BYTES))
}

impl ShelvedBlobs {
    /// Puts a blob on the shelf that is here, and tells of it when it is there.
    pub(super) fn put(&mut self, key: BlobKey, id: RequestId, told: BlobOutcome) {
        let waiting = self.to_put.entry(key).or_default();
        waiting.push((id, told));
        if waiting.len() == 1 {
            self.put_next.push_back(key);
            self.begin_puts();
        }
    }

    pub(super) fn begin_puts(&mut self) {
        while self.puts.len() < PUTS_MAX
            && let Some(key) = self.put_next.pop_front()
        {
            match self.here.whole(&key) {
                Ok(file) => self.go_on_putting(key, Put::new(key, file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.end_put(key, Err(BlobOutcome::Missing));
                }
                Err(error) => {
                    let outcome = self.here.told(Err(error));
                    self.end_put(key, Err(outcome));
                }
            }
        }
    }

    fn go_on_putting(&mut self, key: BlobKey, put: Put) {
        match put.request() {
            Ok(request) => {
                let ticket = self.ask(Asked::Put(key), request);
                self.puts.insert(key, (put, ticket));
            }
            Err(error) => {
                let outcome = self.here.told(Err(error));
                self.end_put(key, Err(outcome));
            }
        }
    }

    pub(super) fn on_put(&mut self, key: BlobKey, ticket: Ticket, answer: &ShelfAnswer) {
        // It was dropped since, and may have been begun again.
        if self.puts.get(&key).is_none_or(|(_, of)| *of != ticket) {
            return;
        }
        let Some((mut put, _)) = self.puts.remove(&key) else {
            return;
        };
        match put.on_answer(answer) {
            None => self.go_on_putting(key, put),
            Some(Ended::There) => self.end_put(key, Ok(())),
            Some(Ended::Failed { is_full }) => {
                tracing::warn!("an attached file cannot be put where all servers have it");
                self.end_put(key, Err(BlobOutcome::Failed { is_full }));
            }
        }
        self.begin_puts();
    }

    fn end_put(&mut self, key: BlobKey, ended: Result<(), BlobOutcome>) {
        for (id, told) in self.to_put.remove(&key).unwrap_or_default() {
            let outcome = ended.clone().map_or_else(|failed| failed, |()| told);
            self.tell(id, outcome);
        }
    }
}
