//! A store that answers nothing by itself: requests wait until the test hands them to an engine, or answers them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use udpchat::store::{Request, RequestId, Store};

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
