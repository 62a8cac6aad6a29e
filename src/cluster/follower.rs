//! What executes the log on the storage thread: the replica, its log, and who is told of what other servers were asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{Halt, Log, Progress, Replica};
use crate::store::{AppliedElsewhere, CompletionBox, Engine, Halted, Place, Replication};

/// How many writes of other servers may be on their way to the hub. Past it the log waits, as it would for a slow disk.
const TOLD_MAX: usize = 4096;

/// How soon it is looked again whether the hub has taken some.
const TOLD_AGAIN: Duration = Duration::from_millis(2);

/// Follows the log.
pub struct Follower<L> {
    replica: Replica,
    log: L,
    told: Arc<AtomicUsize>,
    tell: Box<dyn Fn(Vec<AppliedElsewhere>) + Send>,
    halt: Box<dyn Fn(Halt) + Send>,
    progress: Arc<Progress>,
    /// When the hub had no room.
    full_at: Option<Instant>,
}

impl<L: Log> Follower<L> {
    /// One for a replica that is up. `tell` is given what other servers were asked for and what came of it, and `halt`
    /// why it stops; `progress` says how far it is.
    pub fn new(
        replica: Replica,
        log: L,
        tell: impl Fn(Vec<AppliedElsewhere>) + Send + 'static,
        halt: impl Fn(Halt) + Send + 'static,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            replica,
            log,
            told: Arc::default(),
            tell: Box::new(tell),
            halt: Box::new(halt),
            progress,
            full_at: None,
        }
    }

    fn step(&mut self, engine: &mut Engine, now: Instant) -> Result<Vec<CompletionBox>, Halt> {
        if engine.is_broken() {
            return Err(self.replica.broken());
        }
        take_events(&mut self.replica, &mut self.log, now)?;
        let mut own = Vec::new();
        // What comes after a group of this server's is told after that, so that the hub learns of all in the log's order.
        while own.is_empty() {
            let is_full = self.told.load(Ordering::Relaxed) >= TOLD_MAX;
            self.full_at = is_full.then_some(now);
            if is_full {
                break;
            }
            let Some(applied) = self.replica.apply_next(engine)? else {
                break;
            };
            own = applied.own;
            let others = applied.others.into_iter();
            let told = others.map(|(completion, details)| AppliedElsewhere {
                completion,
                details,
                place: Place::take(&self.told),
            });
            let told: Vec<AppliedElsewhere> = told.collect();
            if !told.is_empty() {
                (self.tell)(told);
            }
        }
        self.replica.run(now, &mut self.log)?;
        let applied = self.replica.state().applied;
        self.progress.note(applied, self.replica.lag());
        Ok(own)
    }
}

impl<L: Log + Send> Replication for Follower<L> {
    fn submit(&mut self, asked: Vec<CompletionBox>) {
        self.replica.submit(asked);
    }

    fn advance(&mut self, engine: &mut Engine, now: Instant) -> Result<Vec<CompletionBox>, Halted> {
        self.step(engine, now).map_err(|halt| {
            (self.halt)(halt);
            Halted
        })
    }

    fn deadline(&self) -> Instant {
        let deadline = self.replica.deadline();
        match self.full_at {
            Some(at) => deadline.min(at + TOLD_AGAIN),
            None => deadline,
        }
    }
}

/// Takes all that the log says.
fn take_events(replica: &mut Replica, log: &mut impl Log, now: Instant) -> Result<(), Halt> {
    while let Some(event) = log.poll() {
        replica.on_event(now, event)?;
    }
    Ok(())
}

/// Applies what the log has had before this server started, and its start, from `now` on. `wait` waits for the log until that moment at most
/// and says what time it is.
///
/// # Errors
/// If the server has to stop.
pub fn catch_up(
    replica: &mut Replica,
    engine: &mut Engine,
    log: &mut impl Log,
    mut now: Instant,
    mut wait: impl FnMut(Instant) -> Instant,
) -> Result<(), Halt> {
    while !catch_up_now(replica, engine, log, now)? {
        now = wait(replica.deadline());
    }
    Ok(())
}

/// The part of it that can be done without waiting; whether the server is up.
///
/// # Errors
/// If the server has to stop.
pub fn catch_up_now(
    replica: &mut Replica,
    engine: &mut Engine,
    log: &mut impl Log,
    now: Instant,
) -> Result<bool, Halt> {
    take_events(replica, log, now)?;
    while replica.apply_next(engine)?.is_some() {
        engine.checkpoint_if_due();
    }
    replica.run(now, log)?;
    Ok(replica.is_up())
}
