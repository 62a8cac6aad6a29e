//! The thread on which blobs are read and written, so that neither the hub nor the store waits for them.

use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};

use super::shelf::{ShelfAnswer, ShelvedBlobs, Ticket};
use super::{BlobCompletion, BlobRequest, BlobStore, Blobs};
use crate::store::RequestId;

/// How many requests may be under way, from [`BlobStore::submit`] to [`BlobStore::release`]. At the limit `submit` takes nothing,
/// and the hub keeps what it has. Chosen: the parts in them are 32 MiB at most.
pub const BLOB_SLOTS: usize = 1024;

/// Completions that are handed over together at most. Chosen: they wake the network thread once, and a chunk's answer does
/// not wait for long.
const HANDED_OVER: usize = 16;

enum Order {
    Asked(RequestId, BlobRequest),
    /// By the shelf.
    Answered(Ticket, ShelfAnswer),
    Stop,
}

/// What the thread runs.
trait Work {
    fn execute(&mut self, id: RequestId, request: BlobRequest, done: &mut Vec<BlobCompletion>);

    fn on_answer(&mut self, ticket: Ticket, answer: ShelfAnswer, done: &mut Vec<BlobCompletion>);

    fn has_steps(&self) -> bool;

    fn step(&mut self, done: &mut Vec<BlobCompletion>);
}

impl Work for Blobs {
    fn execute(&mut self, id: RequestId, request: BlobRequest, done: &mut Vec<BlobCompletion>) {
        done.extend(self.execute(id, request));
    }

    fn on_answer(&mut self, _: Ticket, _: ShelfAnswer, _: &mut Vec<BlobCompletion>) {}

    fn has_steps(&self) -> bool {
        self.has_steps()
    }

    fn step(&mut self, done: &mut Vec<BlobCompletion>) {
        done.extend(self.step());
    }
}

impl Work for ShelvedBlobs {
    fn execute(&mut self, id: RequestId, request: BlobRequest, done: &mut Vec<BlobCompletion>) {
        self.execute(id, request);
        done.extend(std::iter::from_fn(|| self.poll()));
    }

    fn on_answer(&mut self, ticket: Ticket, answer: ShelfAnswer, done: &mut Vec<BlobCompletion>) {
        self.on_answer(ticket, answer);
        done.extend(std::iter::from_fn(|| self.poll()));
    }

    fn has_steps(&self) -> bool {
        self.has_steps()
    }

    fn step(&mut self, done: &mut Vec<BlobCompletion>) {
        self.step();
        done.extend(std::iter::from_fn(|| self.poll()));
    }
}

/// The hub's end of the queue.
pub struct BlobHandle {
    orders: Sender<Order>,
    taken: usize,
    is_shared: bool,
}

impl BlobStore for BlobHandle {
    fn submit(&mut self, id: RequestId, request: BlobRequest) -> bool {
        let is_taken = self.room() > 0 && self.orders.send(Order::Asked(id, request)).is_ok();
        self.taken += usize::from(is_taken);
        is_taken
    }

    fn room(&self) -> usize {
        BLOB_SLOTS.saturating_sub(self.taken)
    }

    fn release(&mut self) {
        // Only a release that belongs to no submission could bring this below zero; it is not counted.
        self.taken = self.taken.saturating_sub(1);
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }
}

/// The thread, to be stopped in the end.
pub struct BlobThread {
    orders: Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl BlobThread {
    /// Starts it. The sink is called on it with completions; it must not block: a queue with [`BLOB_SLOTS`] places is what it
    /// should be.
    ///
    /// # Panics
    /// If the operating system gives no thread.
    #[must_use]
    pub fn spawn(
        blobs: Blobs,
        sink: impl Fn(Vec<BlobCompletion>) + Send + 'static,
    ) -> (BlobHandle, Self) {
        let (orders, queue) = mpsc::channel();
        let thread = spawned(move || run(blobs, &queue, sink));
        Self::of(orders, thread, false)
    }

    /// The same for blobs that are on a shelf, too.
    ///
    /// # Panics
    /// If the operating system gives no thread.
    #[must_use]
    pub fn spawn_shelved(
        mut blobs: ShelvedBlobs,
        sink: impl Fn(Vec<BlobCompletion>) + Send + 'static,
    ) -> (BlobHandle, Self) {
        let (orders, queue) = mpsc::channel();
        let answers = orders.clone();
        blobs.answer_to(Box::new(move |ticket, answer| {
            // Bounded by what was asked. After the thread has ended, no answer is needed.
            let _ = answers.send(Order::Answered(ticket, answer));
        }));
        let thread = spawned(move || run(blobs, &queue, sink));
        Self::of(orders, thread, true)
    }

    fn of(orders: Sender<Order>, thread: JoinHandle<()>, is_shared: bool) -> (BlobHandle, Self) {
        let handle = BlobHandle {
            orders: orders.clone(),
            taken: 0,
            is_shared,
        };
        let thread = Some(thread);
        (handle, Self { orders, thread })
    }

    /// Finishes what was submitted before, and returns when that is done.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        // If the queue is gone, so is the thread that would have read it.
        let _ = self.orders.send(Order::Stop);
        if thread.join().is_err() {
            tracing::error!("the thread of attached files has panicked");
        }
    }
}

impl Drop for BlobThread {
    fn drop(&mut self) {
        self.finish();
    }
}

fn spawned(run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    thread::Builder::new()
        .name("blobs".into())
        .spawn(run)
        .expect("a process that starts can have a thread")
}

fn run(mut blobs: impl Work, queue: &Receiver<Order>, sink: impl Fn(Vec<BlobCompletion>)) {
    let mut completions = Vec::new();
    loop {
        // Nothing is waited for while there is something to hand over or to verify.
        let order = if completions.is_empty() && !blobs.has_steps() {
            queue.recv().map_err(|_| TryRecvError::Disconnected)
        } else {
            queue.try_recv()
        };
        let is_idle = match order {
            Ok(Order::Asked(id, request)) => {
                blobs.execute(id, request, &mut completions);
                false
            }
            Ok(Order::Answered(ticket, answer)) => {
                blobs.on_answer(ticket, answer, &mut completions);
                false
            }
            Err(TryRecvError::Empty) => true,
            Ok(Order::Stop) | Err(TryRecvError::Disconnected) => break,
        };
        blobs.step(&mut completions);
        if !completions.is_empty() && (is_idle || completions.len() >= HANDED_OVER) {
            sink(std::mem::take(&mut completions));
        }
    }
    if !completions.is_empty() {
        sink(completions);
    }
}
