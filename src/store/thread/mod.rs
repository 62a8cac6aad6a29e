//! The storage thread: requests come in through a queue, what is waiting shares one record and one sync, completions go out.
//!
//! Neither of the two threads ever waits for the other. A request is taken only with the slot of its completion
//! reserved, so there are never more completions under way than [`SLOTS`]: the sink that takes them has room for
//! all and never blocks, and so the storage thread never waits for the network thread, nor that one for it.
//!
//! Requests are executed in order, except that pages of logs (`pages`) wait until there is time for them. Completions go
//! out in the order in which requests were executed.

mod handles;
mod orders;
mod pages;
mod replication;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

#[cfg(doc)]
use super::Store;
use super::catch_panic::guard;
use super::engine::RECORD_MAX;
use super::engine::open_store::Written;
use super::error::StoreError;
use super::schema::buffer::Writing;
use super::{CompletionBox, Engine, Request};
use crate::stalls::Stalls;
use handles::Shared;
pub use handles::{StoreCaller, StoreHandle};
use orders::{Asker, Group, Order};
use pages::Pages;
use replication::Replicated;
pub use replication::{
    AppliedElsewhere, Details, Halted, NOBODY, Place, Replication, is_shared, nobodys,
};

/// A group of so many requests is full. Chosen: a sync costs about as much as some dozens of appends, so more
/// would add waiting and little else.
pub const BATCH_MAX: usize = 128;

const _: () = assert!(BATCH_MAX <= RECORD_MAX);

/// How many requests of the hub may be under way, from [`Store::submit`] to [`Store::release`]. At the limit
/// `submit` takes nothing, and the hub keeps what it has. Chosen: 32 full commits, some 10 ms of work.
pub const SLOTS: usize = 32 * BATCH_MAX;

/// How long to wait before the database is opened again after a failure, at first and at most; it doubles in
/// between. Chosen: a passing fault is hardly noticed, a full disk is asked about a few times a minute.
const BACKOFF_MIN: Duration = Duration::from_millis(10);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// How much later than one group the next begins at the earliest, if it is not full. A group costs something whatever is
/// in it: a sync, a write, two threads that wake each other. Chosen: nobody sees it, and a busy server has a hundred
/// requests in a group where it had a dozen; a sync of a real disk takes longer.
const SPACING: Duration = Duration::from_micros(500);

/// How long pages of logs are worked on between two groups. Chosen: as long as a group waits for company, and enough for
/// several pages.
const PAGES_TIME: Duration = SPACING;

/// How long a change waits for a checkpoint at most, if there are not enough for an earlier one. Chosen: the log of a quiet
/// server has nothing that the tables lack within 10 s, and a busy one has written the rows that change all the time once
/// for thousands of messages.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

/// How much later than one step of emptying a segment the next comes. Chosen: some hundredth parts of the thread's
/// time, the sync of a disk included, and a segment is emptied within a minute or two.
const TIDY_EVERY: Duration = Duration::from_millis(50);

/// The storage thread, to be stopped in the end.
pub struct StoreThread {
    orders: Sender<Order>,
    callers: Arc<RwLock<Option<Sender<Order>>>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl StoreThread {
    /// Starts it. The sink is called on the storage thread with the completions of each group of what [`StoreHandle`]
    /// submitted; it must not block: a queue with [`SLOTS`] places, and a wake-up of who reads it, is what it should be.
    /// `clock` says what time it is, and never an earlier one than before: groups are spaced by it.
    ///
    /// # Panics
    /// If the operating system gives no thread.
    #[must_use]
    pub fn spawn(
        engine: Engine,
        clock: fn() -> Instant,
        sink: impl Fn(Vec<CompletionBox>) + Send + 'static,
    ) -> (StoreHandle, Self) {
        Self::spawn_replicated(engine, clock, sink, None)
    }

    /// The same, where writes are executed when `replication` says so.
    ///
    /// # Panics
    /// If the operating system gives no thread.
    #[must_use]
    pub fn spawn_replicated(
        engine: Engine,
        clock: fn() -> Instant,
        sink: impl Fn(Vec<CompletionBox>) + Send + 'static,
        replication: Option<Box<dyn Replication>>,
    ) -> (StoreHandle, Self) {
        let mut engine = engine;
        engine.make_checkpoints_beside();
        let (orders, queue) = mpsc::channel();
        let shared = Arc::new(Shared {
            stopping: AtomicBool::new(false),
            commits: AtomicU64::new(0),
            stalls: Stalls::default(),
            is_displaced: AtomicBool::new(false),
        });
        let worker = Worker {
            engine,
            queue,
            replicated: replication.map(Replicated::new),
            pages: Pages::spawn(orders.clone()),
            orders: orders.clone(),
            checkpoint: None,
            checkpoint_at: clock(),
            tidy_at: clock(),
            clock,
            sink,
            shared: Arc::clone(&shared),
        };
        let thread = thread::Builder::new()
            .name("store".into())
            .spawn(move || worker.run())
            .expect("a process that starts can have a thread");
        let handle = StoreHandle {
            orders: orders.clone(),
            shared: Arc::clone(&shared),
            waiting: Vec::new(),
            taken: 0,
        };
        let callers = Arc::new(RwLock::new(Some(orders.clone())));
        let store = Self {
            orders,
            callers,
            shared,
            thread: Some(thread),
        };
        (handle, store)
    }

    /// A handle for a thread that can wait.
    #[must_use]
    pub fn caller(&self) -> StoreCaller {
        StoreCaller {
            orders: Arc::clone(&self.callers),
            shared: Arc::clone(&self.shared),
        }
    }

    /// Finishes what was submitted before, closes the database, and returns when that is done.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        *self.callers.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.shared.stopping.store(true, Ordering::Release);
        // If the queue is gone, so is the thread that would have read it.
        let _ = self.orders.send(Order::Stop);
        thread.thread().unpark();
        if thread.join().is_err() {
            tracing::error!("the storage thread has panicked");
        }
    }
}

impl Drop for StoreThread {
    fn drop(&mut self) {
        self.finish();
    }
}

struct Worker<S> {
    engine: Engine,
    queue: Receiver<Order>,
    replicated: Option<Replicated>,
    pages: Pages,
    /// For the thread that writes a checkpoint.
    orders: Sender<Order>,
    /// The thread that writes one.
    checkpoint: Option<JoinHandle<Result<Written, StoreError>>>,
    /// When the last one began.
    checkpoint_at: Instant,
    /// When the next step of emptying a segment may come.
    tidy_at: Instant,
    clock: fn() -> Instant,
    sink: S,
    shared: Arc<Shared>,
}

impl<S: Fn(Vec<CompletionBox>)> Worker<S> {
    fn run(mut self) {
        let mut begun = None;
        loop {
            let mut group = Group::default();
            match self.queue.recv_timeout(self.until_due()) {
                Ok(first) => group.push(first),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.fill(&mut group);
            if !group.is_full() && !group.requests.is_empty() {
                self.wait_since(begun);
                self.fill(&mut group);
            }
            let last = group.last;
            let now = (self.clock)();
            if !group.requests.is_empty() {
                begun = Some(now);
            }
            let is_asked = |asked: &CompletionBox| matches!(asked.request, Request::Checkpoint);
            if group.is_written || last || group.requests.iter().any(is_asked) {
                self.end_checkpoint();
            }
            self.execute(group);
            if !self.follow(now) {
                break;
            }
            self.answer_pages(PAGES_TIME);
            self.maintain();
            self.shared.stalls.record((self.clock)() - now);
            if last {
                break;
            }
            // A replica ends by itself: opened again, it would be where its last checkpoint was.
            if self.engine.is_broken() && self.replicated.is_none() {
                // It has the database's file open.
                self.end_checkpoint();
                if !self.recover() {
                    break;
                }
            }
        }
        self.finish_pages();
        self.end_checkpoint();
    }

    /// Executes what the log says that several servers share, if there is one; `false` if it has stopped for good.
    fn follow(&mut self, now: Instant) -> bool {
        while let Some(replicated) = &mut self.replicated {
            let Ok(done) = replicated.advance(&mut self.engine, now) else {
                return false;
            };
            if done.is_empty() {
                break;
            }
            self.hand_over(done);
        }
        true
    }

    /// What is done beside requests.
    fn maintain(&mut self) {
        self.begin_checkpoint();
        let now = (self.clock)();
        if self.engine.has_to_tidy() && now >= self.tidy_at {
            self.engine.tidy();
            self.tidy_at = now + TIDY_EVERY;
        }
    }

    /// How long nothing need be done if nobody asks for anything.
    fn until_due(&self) -> Duration {
        let own = self.until_own_due();
        match &self.replicated {
            None => own,
            Some(replicated) => {
                let deadline = replicated.deadline();
                own.min(deadline.saturating_duration_since((self.clock)()))
            }
        }
    }

    fn until_own_due(&self) -> Duration {
        if self.pages.has_work() {
            return Duration::ZERO;
        }
        if self.engine.has_to_tidy() {
            return self.tidy_at.saturating_duration_since((self.clock)());
        }
        if self.checkpoint.is_some() || !self.engine.is_ahead() {
            // As long as a channel can wait; then it is asked again.
            return Duration::from_hours(24);
        }
        let since = (self.clock)().saturating_duration_since(self.checkpoint_at);
        CHECKPOINT_EVERY.saturating_sub(since)
    }

    /// Begins a checkpoint if one is due, on a thread of its own.
    fn begin_checkpoint(&mut self) {
        if self.checkpoint.is_some() {
            return;
        }
        let now = (self.clock)();
        let is_time = now.saturating_duration_since(self.checkpoint_at) >= CHECKPOINT_EVERY;
        let Some(checkpoint) = self.engine.begin_checkpoint(is_time) else {
            return;
        };
        self.checkpoint_at = now;
        let orders = self.orders.clone();
        let write = move || {
            let written = guard(|| checkpoint.write(&Writing::default()));
            // If the queue is gone, so is who would ask.
            let _ = orders.send(Order::Written);
            written
        };
        match thread::Builder::new()
            .name("checkpoint".into())
            .spawn(write)
        {
            Ok(thread) => self.checkpoint = Some(thread),
            Err(error) => self.engine.end_checkpoint(Err(error.into())),
        }
    }

    /// Waits for the checkpoint under way, if there is one.
    fn end_checkpoint(&mut self) {
        if let Some(checkpoint) = self.checkpoint.take() {
            let written = checkpoint.join().unwrap_or(Err(StoreError::Unreadable));
            self.engine.end_checkpoint(written);
        }
    }

    /// Waits until the last group began long enough ago.
    fn wait_since(&self, begun: Option<Instant>) {
        let rest = begun.and_then(|begun| SPACING.checked_sub((self.clock)() - begun));
        if let Some(rest) = rest
            && !self.shared.stopping.load(Ordering::Acquire)
        {
            thread::park_timeout(rest);
        }
    }

    /// Adds what is waiting already.
    fn fill(&self, group: &mut Group) {
        while !group.is_full()
            && let Ok(order) = self.queue.try_recv()
        {
            group.push(order);
        }
    }

    fn execute(&mut self, mut group: Group) {
        if let Some(replicated) = &mut self.replicated {
            replicated.take(&self.engine, &mut group);
        }
        let mut done = group.requests;
        self.engine.execute_all(&mut done);
        let commits = self.engine.commits();
        self.shared.commits.store(commits, Ordering::Relaxed);
        let is_displaced = self.engine.is_displaced();
        self.shared
            .is_displaced
            .store(is_displaced, Ordering::Relaxed);
        // From the last one, so that the places of the others stay right.
        while let Some((place, answer)) = group.callers.pop() {
            let completion = done.remove(place);
            // A caller that is gone wants no answer.
            drop(answer.send(completion.outcome));
        }
        self.hand_over(done);
        self.pages.ask(group.pages);
        self.pages.take_back(group.fetched);
    }

    /// Plans and answers pages for so long at most.
    fn answer_pages(&mut self, time: Duration) {
        let (clock, begun) = (self.clock, (self.clock)());
        let has_time = || clock() - begun < time;
        let mut done = Vec::new();
        for (asker, completion) in self.pages.work(&mut self.engine, has_time) {
            match asker {
                Asker::Hub => done.push(completion),
                Asker::Caller(answer) => drop(answer.send(completion.outcome)),
            }
        }
        self.hand_over(done);
    }

    /// Answers all pages that were asked for.
    fn finish_pages(&mut self) {
        self.pages.stop();
        let mut rest = Group::default();
        for order in self.queue.try_iter() {
            if matches!(order, Order::Fetched(..)) {
                rest.push(order);
            }
        }
        self.pages.take_back(rest.fetched);
        self.answer_pages(Duration::MAX);
    }

    /// Hands the hub's completions over.
    fn hand_over(&self, done: Vec<CompletionBox>) {
        if !done.is_empty() {
            (self.sink)(done);
        }
    }

    /// Opens the database again, however long that takes; `false` if the thread is to end instead. Meanwhile each
    /// failed attempt answers what is waiting as unknown: whoever asks again at once is held back by the next wait.
    fn recover(&mut self) -> bool {
        let mut backoff = BACKOFF_MIN;
        loop {
            if !self.shared.stopping.load(Ordering::Acquire) {
                thread::park_timeout(backoff);
            }
            match self.engine.recover() {
                Ok(()) => {
                    tracing::info!("the database is open again");
                    return true;
                }
                Err(error) => tracing::warn!(%error, "the database cannot be opened again yet"),
            }
            backoff = (backoff * 2).min(BACKOFF_MAX);
            let mut waiting = Group::default();
            loop {
                self.fill(&mut waiting);
                let last = waiting.last;
                let full = waiting.is_full();
                self.execute(std::mem::take(&mut waiting));
                self.answer_pages(Duration::MAX);
                if last {
                    return false;
                }
                if !full {
                    break;
                }
            }
        }
    }
}
