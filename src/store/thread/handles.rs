//! How others reach the storage thread: the hub, which never waits, and threads that can.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, PoisonError, RwLock};

use super::SLOTS;
use super::orders::Order;
use crate::stalls::{StallReport, Stalls};
use crate::store::{Completion, CompletionBox, Outcome, Request, RequestId, Store};

/// What the handles and the thread share.
pub(super) struct Shared {
    /// Set by [`StoreThread::stop`](super::StoreThread::stop): do not wait for a broken database any more.
    pub(super) stopping: AtomicBool,
    /// Transactions made durable; only the thread writes it.
    pub(super) commits: AtomicU64,
    /// How long groups take.
    pub(super) stalls: Stalls,
    pub(super) is_displaced: AtomicBool,
}

/// The hub's end of the queue.
pub struct StoreHandle {
    pub(super) orders: Sender<Order>,
    pub(super) shared: Arc<Shared>,
    /// What was submitted and not handed over yet.
    pub(super) waiting: Vec<CompletionBox>,
    /// Slots that are taken.
    pub(super) taken: usize,
}

impl Store for StoreHandle {
    fn submit(&mut self, id: RequestId, request: Request) -> bool {
        let is_taken = self.room() > 0 && !self.shared.stopping.load(Ordering::Acquire);
        if is_taken {
            let asked = Completion::new(id, request, Outcome::Unknown);
            self.waiting.push(asked.into());
            self.taken += 1;
        }
        is_taken
    }

    fn flush(&mut self) {
        if !self.waiting.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            // If the thread is gone, so is who would wait for an answer.
            let _ = self.orders.send(Order::Submitted(waiting));
        }
    }

    fn room(&self) -> usize {
        SLOTS.saturating_sub(self.taken)
    }

    fn release(&mut self) {
        // Only a release that belongs to no submission could bring this below zero; it is not counted.
        self.taken = self.taken.saturating_sub(1);
    }
}

/// For a thread that can wait, such as the control socket's. Each clone has at most one request under way, so
/// their number is bounded by the number of such threads.
#[derive(Clone)]
pub struct StoreCaller {
    pub(super) orders: Arc<RwLock<Option<Sender<Order>>>>,
    pub(super) shared: Arc<Shared>,
}

impl StoreCaller {
    /// How many transactions were made durable since the thread began.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// Whether the files were removed or replaced when something was last asked.
    #[must_use]
    pub fn is_displaced(&self) -> bool {
        self.shared.is_displaced.load(Ordering::Relaxed)
    }

    /// How long groups have taken since the thread began.
    #[must_use]
    pub fn stalls(&self) -> StallReport {
        self.shared.stalls.report()
    }

    /// The longest that a group has taken since this was last asked, in microseconds; for one thread that asks.
    #[must_use]
    pub fn take_recent_stall_us(&self) -> u64 {
        self.shared.stalls.take_recent_us()
    }

    /// Has the thread look at what [`Replication`](super::Replication) has.
    pub fn wake(&self) {
        let orders = self.orders.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(orders) = &*orders {
            // If the queue is gone, so is who would look.
            let _ = orders.send(Order::Wake);
        }
    }

    /// Makes a request and waits for what comes of it; [`Outcome::Unknown`] too if the store has stopped.
    #[must_use]
    pub fn call(&self, request: impl Into<Request>) -> Outcome {
        let (answer, answered) = mpsc::channel();
        let orders = self.orders.read().unwrap_or_else(PoisonError::into_inner);
        let sent = orders
            .as_ref()
            .is_some_and(|orders| orders.send(Order::Called(request.into(), answer)).is_ok());
        drop(orders);
        if sent {
            answered.recv().unwrap_or(Outcome::Unknown)
        } else {
            Outcome::Unknown
        }
    }
}
