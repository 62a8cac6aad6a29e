//! A shelf in memory, for the simulator and for tests.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Label, Mark, Shelf, ShelfAnswer, ShelfRequest, TakeAnswer, Ticket};
use crate::store::blobs::BlobKey;

/// Each clone is the same one, with answers of its own.
#[derive(Clone, Default)]
pub struct MemoryShelf {
    shared: Arc<Mutex<Shared>>,
    answers: Arc<Mutex<VecDeque<(Ticket, ShelfAnswer)>>>,
}

#[derive(Default)]
struct Shared {
    last: u64,
    now_ms: u64,
    labels: BTreeMap<BlobKey, Label>,
    pieces: BTreeMap<(BlobKey, u64), (u64, Vec<u8>)>,
    is_full: bool,
    is_silent: bool,
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryShelf {
    /// The same shelf, as another server reaches it.
    #[must_use]
    pub fn for_another(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            answers: Arc::default(),
        }
    }

    /// Takes an answer that nobody else takes.
    #[must_use]
    pub fn poll(&self) -> Option<(Ticket, ShelfAnswer)> {
        lock(&self.answers).pop_front()
    }

    /// Whether there is no room for anything from now on.
    pub fn set_full(&self, is_full: bool) {
        lock(&self.shared).is_full = is_full;
    }

    /// Whether everything fails from now on.
    pub fn set_silent(&self, is_silent: bool) {
        lock(&self.shared).is_silent = is_silent;
    }

    /// What is put from now on is as old as this moment, in milliseconds since 1970 (UTC).
    pub fn set_time(&self, now_ms: u64) {
        lock(&self.shared).now_ms = now_ms;
    }

    /// What became of a blob.
    #[must_use]
    pub fn mark(&self, key: &BlobKey) -> Option<Mark> {
        lock(&self.shared).labels.get(key).map(|label| label.mark)
    }

    /// How many pieces there are of a blob.
    #[must_use]
    pub fn pieces(&self, key: &BlobKey) -> usize {
        let shared = lock(&self.shared);
        shared.pieces.keys().filter(|(of, _)| of == key).count()
    }

    /// Changes a piece behind everybody's back, or removes it.
    ///
    /// # Panics
    /// If there is none.
    pub fn change(
        &self,
        key: &BlobKey,
        number: u64,
        change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>,
    ) {
        let mut shared = lock(&self.shared);
        let place = (*key, number);
        let (position, bytes) = shared.pieces.remove(&place).expect("it is there");
        if let Some(bytes) = change(bytes) {
            shared.pieces.insert(place, (position, bytes));
        }
    }
}

impl Shared {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn answer(&mut self, request: ShelfRequest) -> ShelfAnswer {
        if self.is_silent {
            return ShelfAnswer::Failed;
        }
        match request {
            ShelfRequest::Look(key) => ShelfAnswer::Label(self.labels.get(&key).copied()),
            ShelfRequest::Label { .. } | ShelfRequest::Put { .. } if self.is_full => {
                ShelfAnswer::Full
            }
            ShelfRequest::Label { key, mark, after } => {
                let last = self.labels.get(&key).map(|label| label.position);
                if after.is_some() && after != last {
                    return ShelfAnswer::Changed;
                }
                let (position, time_ms) = (self.next(), self.now_ms);
                let label = Label {
                    mark,
                    position,
                    time_ms,
                };
                self.labels.insert(key, label);
                ShelfAnswer::Put(position)
            }
            ShelfRequest::Put { key, number, bytes } => {
                let position = self.next();
                self.pieces.insert((key, number), (position, bytes));
                ShelfAnswer::Put(position)
            }
            ShelfRequest::Get { key, number, .. } => {
                let piece = self.pieces.get(&(key, number));
                ShelfAnswer::Piece(piece.map(|(_, bytes)| bytes.clone()))
            }
            ShelfRequest::Purge { key, through } => {
                let stays = |of: &BlobKey, position: u64| *of != key || position > through;
                self.labels.retain(|of, label| stays(of, label.position));
                self.pieces
                    .retain(|(of, _), (position, _)| stays(of, *position));
                ShelfAnswer::Done
            }
            ShelfRequest::List(first) => {
                let keys = self.labels.keys();
                let keys = keys.filter(|key| key.root.0[0] == first);
                ShelfAnswer::Found(keys.copied().collect())
            }
        }
    }
}

impl Shelf for MemoryShelf {
    /// Its answers are polled.
    fn answer_to(&mut self, _: TakeAnswer) {}

    fn ask(&mut self, ticket: Ticket, request: ShelfRequest) {
        let answer = lock(&self.shared).answer(request);
        lock(&self.answers).push_back((ticket, answer));
    }
}
