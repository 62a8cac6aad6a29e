//! A store that answers nothing by itself: requests wait until the test hands them to an engine, or answers them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use udpchat::store::shelf::{MemoryShelf, ShelvedBlobs};
use udpchat::store::{
    BlobCompletion, BlobRequest, BlobStore, Blobs, MemoryBlobs, Request, RequestId, Store,
};

/// The hub's end of the queue, of which the test keeps a clone.
#[derive(Clone)]
pub struct QueuedStore {
    queue: Arc<Mutex<Queue>>,
    slots: usize,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(RequestId, Request)>,
    taken: usize,
}

impl QueuedStore {
    /// One that takes so many requests at once.
    pub fn new(slots: usize) -> Self {
        let queue = Arc::default();
        Self { queue, slots }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue
            .lock()
            .expect("no test panics while it holds this")
    }

    /// Takes out the oldest requests, at most so many.
    pub fn take(&self, at_most: usize) -> Vec<(RequestId, Request)> {
        let mut queue = self.queue();
        let length = queue.waiting.len().min(at_most);
        queue.waiting.drain(..length).collect()
    }

    /// What waits, oldest first.
    pub fn waiting(&self) -> Vec<Request> {
        let queue = self.queue();
        let requests = queue.waiting.iter().map(|(_, request)| request.clone());
        requests.collect()
    }

    /// How many requests have not been given back: they wait, or their answers are not used yet.
    pub fn taken(&self) -> usize {
        self.queue().taken
    }
}

impl Store for QueuedStore {
    fn submit(&mut self, id: RequestId, request: Request) -> bool {
        let slots = self.slots;
        let mut queue = self.queue();
        let has_room = queue.taken < slots;
        if has_room {
            queue.taken += 1;
            queue.waiting.push_back((id, request));
        }
        has_room
    }

    fn room(&self) -> usize {
        self.slots - self.taken()
    }

    fn release(&mut self) {
        self.queue().taken -= 1;
    }
}

/// Blobs that answer nothing by themselves: requests wait until the test lets them be executed.
#[derive(Clone)]
pub struct QueuedBlobs {
    queue: Arc<Mutex<BlobQueue>>,
    slots: usize,
}

/// Blobs of a server that is alone, or of one that shares them.
enum Kept {
    Alone(Box<Blobs>),
    Shared(Box<ShelvedBlobs>, MemoryShelf),
}

impl Kept {
    /// Executes a request, and all that follows from what was asked for before.
    fn execute(&mut self, requests: Vec<(RequestId, BlobRequest)>) -> Vec<BlobCompletion> {
        let mut done = Vec::new();
        match self {
            Self::Alone(blobs) => {
                for (id, request) in requests {
                    done.extend(blobs.execute(id, request));
                }
                while blobs.has_steps() {
                    done.extend(blobs.step());
                }
            }
            Self::Shared(blobs, shared) => {
                for (id, request) in requests {
                    blobs.execute(id, request);
                }
                loop {
                    if blobs.has_steps() {
                        blobs.step();
                    } else if let Some((ticket, answer)) = shared.poll() {
                        blobs.on_answer(ticket, answer);
                    } else {
                        break;
                    }
                }
                done.extend(std::iter::from_fn(|| blobs.poll()));
            }
        }
        done
    }
}

struct BlobQueue {
    blobs: Kept,
    waiting: VecDeque<(RequestId, BlobRequest)>,
    taken: usize,
}

impl QueuedBlobs {
    /// Those of a disk of their own, which take so many requests at once.
    pub fn new(slots: usize) -> Self {
        Self::on(&MemoryBlobs::default(), slots)
    }

    /// Those of a disk.
    pub fn on(disk: &MemoryBlobs, slots: usize) -> Self {
        let blobs = Blobs::new(Box::new(disk.clone()));
        Self::of(Kept::Alone(Box::new(blobs)), slots)
    }

    /// Those of a disk and of a shelf.
    pub fn shelved(disk: &MemoryBlobs, shelf: &MemoryShelf, slots: usize) -> Self {
        let shelf = shelf.for_another();
        let (files, fetching) = (Box::new(disk.clone()), Box::new(disk.fetching()));
        let blobs = ShelvedBlobs::new(files, fetching, Box::new(shelf.clone()));
        Self::of(Kept::Shared(Box::new(blobs), shelf), slots)
    }

    fn of(blobs: Kept, slots: usize) -> Self {
        let queue = BlobQueue {
            blobs,
            waiting: VecDeque::new(),
            taken: 0,
        };
        let queue = Arc::new(Mutex::new(queue));
        Self { queue, slots }
    }

    fn queue(&self) -> MutexGuard<'_, BlobQueue> {
        self.queue
            .lock()
            .expect("no test panics while it holds this")
    }

    /// Executes what waits, and verifies what has to be.
    pub fn execute(&self) -> Vec<BlobCompletion> {
        let queue = &mut *self.queue();
        let asked = std::mem::take(&mut queue.waiting).into();
        queue.blobs.execute(asked)
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.queue().waiting.len()
    }
}

impl BlobStore for QueuedBlobs {
    fn submit(&mut self, id: RequestId, request: BlobRequest) -> bool {
        let has_room = self.room() > 0;
        if has_room {
            let mut queue = self.queue();
            queue.taken += 1;
            queue.waiting.push_back((id, request));
        }
        has_room
    }

    fn room(&self) -> usize {
        self.slots - self.queue().taken
    }

    fn release(&mut self) {
        self.queue().taken -= 1;
    }

    fn is_shared(&self) -> bool {
        matches!(self.queue().blobs, Kept::Shared(..))
    }
}
