//! A server's end of the log: records are applied in its order, and compared with what other servers have come to. What this
//! server publishes is in `publishing`, what it hears in `reading`.
//!
//! It has no socket and no clock: the log's events and the time go in, and what is to be done comes out. It is the same for a
//! real log and for a simulated one.

use std::time::Instant;

use serde_bytes::ByteBuf;

use super::chain::{Mark, Marks, chained, outcomes};
use super::publishing::Publishing;
use super::reading::Reading;
use super::record::{Body, Record, damaged, writes};
use super::{Event, Halt, Log};
use crate::store::{
    Completion, CompletionBox, Details, Engine, NodeLife, Outcome, ReplicaState, Request,
    RequestId, StoreError,
};

/// What came of a record.
#[derive(Debug, Default)]
pub struct Applied {
    /// Requests of this server's, in the order in which it was asked.
    pub own: Vec<CompletionBox>,
    /// What other servers were asked for.
    pub others: Vec<(CompletionBox, Details)>,
}

/// A server of a cluster.
pub struct Replica {
    state: ReplicaState,
    marks: Marks,
    reading: Reading,
    publishing: Publishing,
}

impl Replica {
    /// A server that goes on from where its database has come to. `nonce` is random; it tells this start from another one.
    #[must_use]
    pub fn new(now: Instant, node: String, nonce: [u8; 16], state: ReplicaState) -> Self {
        Self {
            marks: Marks::new(&state),
            reading: Reading::new(now, state.applied),
            publishing: Publishing::new(node, nonce),
            state,
        }
    }

    /// Whether all was applied that the log had when this server started.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.publishing.life().is_some()
    }

    /// How far the log was applied.
    #[must_use]
    pub const fn state(&self) -> &ReplicaState {
        &self.state
    }

    /// How many records the log is known to have that were not applied.
    #[must_use]
    pub const fn lag(&self) -> u64 {
        self.reading.lag(self.state.applied)
    }

    /// Why it stops where the database has failed.
    #[must_use]
    pub fn broken(&self) -> Halt {
        local(self.state.applied + 1, "the database has failed")
    }

    /// Takes requests: writes, and reads that are to see what the log has now. They are done in this order.
    pub fn submit(&mut self, asked: impl IntoIterator<Item = CompletionBox>) {
        self.publishing.submit(asked);
    }

    /// Takes what the log says.
    ///
    /// # Errors
    /// If this server has to stop.
    pub fn on_event(&mut self, now: Instant, event: Event) -> Result<(), Halt> {
        if let Event::Record(at, record) = &event
            && self.marks.was_another(*at, record)
        {
            return Err(damaged(*at, "another record was applied there"));
        }
        self.reading.on_event(now, self.state.applied, event)
    }

    /// Applies the next record, if it is there.
    ///
    /// # Errors
    /// If this server has to stop. What it was asked for is not known to be done or not.
    pub fn apply_next(&mut self, engine: &mut Engine) -> Result<Option<Applied>, Halt> {
        let at = self.state.applied + 1;
        let Some(bytes) = self.reading.take(at) else {
            return Ok(None);
        };
        let Record { node, body } = Record::decode(at, &bytes)?;
        let chain = chained(&self.state.chain, at, &bytes);
        let next = ReplicaState {
            applied: at,
            chain,
            ..self.state.clone()
        };
        let applied = match body {
            Body::Up { nonce } => self.start(engine, next, node, nonce),
            Body::Group {
                life,
                group,
                seen,
                chain,
                outcomes,
                writes,
            } => {
                let theirs = Mark {
                    at: seen,
                    chain,
                    outcomes,
                };
                self.marks.compare(at, &node, theirs)?;
                self.apply_group(engine, next, node, (life, group), &writes)
            }
        }?;
        self.marks.note(&self.state);
        Ok(Some(applied))
    }

    /// A server has started.
    fn start(
        &mut self,
        engine: &mut Engine,
        mut next: ReplicaState,
        node: String,
        nonce: [u8; 16],
    ) -> Result<Applied, Halt> {
        let at = next.applied;
        let is_known = |life: &NodeLife| life.nonce == nonce;
        let is_repeated = next.nodes.get(&node).is_some_and(is_known);
        if node == self.publishing.node && !is_repeated {
            self.publishing.on_start(at, nonce)?;
        }
        if !is_repeated {
            let life = NodeLife {
                life: at,
                group: 0,
                nonce,
            };
            next.nodes.insert(node, life);
        }
        self.execute(engine, next, &mut [])?;
        Ok(Applied::default())
    }

    fn apply_group(
        &mut self,
        engine: &mut Engine,
        mut next: ReplicaState,
        node: String,
        number: (u64, u64),
        shared: &[ByteBuf],
    ) -> Result<Applied, Halt> {
        let at = next.applied;
        let Some(last) = next.nodes.get_mut(&node) else {
            return Err(damaged(at, "its server has never started"));
        };
        if number.0 > last.life {
            return Err(damaged(at, "its server has not started so"));
        }
        if number <= (last.life, last.group) {
            // It is in the log a second time, or of a server that has started again since.
            self.execute(engine, next, &mut [])?;
            return Ok(Applied::default());
        }
        last.group = number.1;
        let is_own = node == self.publishing.node;
        let own = is_own.then(|| self.publishing.take_own(number.0, number.1));
        if let Some(mut own) = own.flatten() {
            self.execute(engine, next, &mut own)?;
            return Ok(Applied {
                own,
                ..Applied::default()
            });
        }
        let asked = writes(at, shared)?.into_iter().map(|write| {
            let request = Request::Write(write);
            Completion::new(RequestId(0), request, Outcome::Unknown).into()
        });
        let mut asked: Vec<CompletionBox> = asked.collect();
        self.execute(engine, next, &mut asked)?;
        let others = asked
            .into_iter()
            .map(|done| engine.details(&done).map(|details| (done, details)))
            .collect::<Result<_, _>>()
            .map_err(|error| local(at, error))?;
        Ok(Applied {
            others,
            ..Applied::default()
        })
    }

    /// Does what a record asks for, and has come so far.
    fn execute(
        &mut self,
        engine: &mut Engine,
        next: ReplicaState,
        asked: &mut [CompletionBox],
    ) -> Result<(), Halt> {
        let at = next.applied;
        let before = self.state.outcomes;
        let state = &mut self.state;
        let after = |done: &[CompletionBox]| {
            *state = ReplicaState {
                outcomes: outcomes(&before, at, done),
                ..next
            };
            state.clone()
        };
        engine.apply(asked, after).map_err(|error| match error {
            StoreError::UnknownRecord(what) => Halt::Later { at, what },
            error => local(at, error),
        })
    }

    /// Has the log do what is due.
    ///
    /// # Errors
    /// If this server has to stop.
    pub fn run(&mut self, now: Instant, log: &mut impl Log) -> Result<(), Halt> {
        let (applied, is_up) = (self.state.applied, self.is_up());
        self.reading.look(now, applied, is_up)?;
        self.publishing.run(now, &self.state, log);
        self.reading.read_if_due(now, applied, log);
        Ok(())
    }

    /// When [`Replica::run`] has something to do if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        let read = self.reading.deadline();
        let again = self.publishing.deadline();
        again.map_or(read, |again| again.min(read))
    }
}

fn local(at: u64, error: impl ToString) -> Halt {
    Halt::Local {
        at,
        reason: error.to_string(),
    }
}
