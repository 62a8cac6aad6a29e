//! Where several servers follow one log: a write is not executed when it is asked for but when the log says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

use super::orders::Group;
use crate::protocol::ConversationId;
use crate::store::{
    Completion, CompletionBox, Engine, MemberMark, Outcome, Read, Request, RequestId, Write,
};

/// The log has ended for this server: nothing is executed any more.
#[derive(Debug)]
pub struct Halted;

/// What those who learn of a write need beside it and its outcome, if it was asked for at another server.
#[derive(Debug, Default, PartialEq)]
pub struct Details {
    /// Of a message, the name of its author.
    pub author_name: Option<String>,
    /// Of marks that have moved, where they stand.
    pub marks: Vec<(ConversationId, MemberMark)>,
}

/// A write that another server was asked for, which this one has applied.
#[derive(Debug)]
pub struct AppliedElsewhere {
    /// The write and its outcome.
    pub completion: CompletionBox,
    /// What else is to be known.
    pub details: Details,
    /// Counts it as long as it has not been dropped.
    pub place: Place,
}

/// A place among those that are counted; given back when it is dropped.
#[derive(Debug)]
pub struct Place(Arc<AtomicUsize>);

impl Place {
    /// Takes one.
    #[must_use]
    pub fn take(taken: &Arc<AtomicUsize>) -> Self {
        taken.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(taken))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Decides when writes are executed. It is called on the storage thread and must not wait.
pub trait Replication: Send {
    /// Takes what all servers are to do, and reads that are to see what the log has now.
    fn submit(&mut self, asked: Vec<CompletionBox>);

    /// Executes what the log says by now, up to something that was submitted here, and returns that. It is called again until it
    /// returns nothing.
    ///
    /// # Errors
    /// If it has stopped for good. Whoever has made it knows why.
    fn advance(&mut self, engine: &mut Engine, now: Instant) -> Result<Vec<CompletionBox>, Halted>;

    /// When [`Replication::advance`] is to be called, whatever happens.
    fn deadline(&self) -> Instant;
}

/// The same, with those who wait.
pub(super) struct Replicated {
    replication: Box<dyn Replication>,
    /// Who waits for an answer, by the number of the request; all others are the hub's.
    callers: BTreeMap<RequestId, Sender<Outcome>>,
}

/// The hub numbers its requests from below, and callers' are numbered from here.
const CALLERS: u64 = 1 << 63;

/// The number of requests of which nobody wants to know what came.
pub const NOBODY: RequestId = RequestId(u64::MAX);

/// Such a request.
#[must_use]
pub fn nobodys(write: Write) -> CompletionBox {
    Completion::new(NOBODY, write.into(), Outcome::Unknown).into()
}

impl Replicated {
    pub(super) fn new(replication: Box<dyn Replication>) -> Self {
        Self {
            replication,
            callers: BTreeMap::new(),
        }
    }

    /// Takes out of a group what is not executed here at once.
    pub(super) fn take(&mut self, engine: &Engine, group: &mut Group) {
        let mut callers = std::mem::take(&mut group.callers).into_iter().peekable();
        let mut shared = Vec::new();
        for (place, mut asked) in std::mem::take(&mut group.requests).into_iter().enumerate() {
            let caller = callers.next_if(|(of, _)| *of == place);
            if !is_shared(&asked.request) {
                if let Some((_, answer)) = caller {
                    group.callers.push((group.requests.len(), answer));
                }
                group.requests.push(asked);
                continue;
            }
            if let Some((_, answer)) = caller {
                let last = self.callers.last_key_value().map(|(id, _)| id.0);
                asked.id = RequestId(last.map_or(CALLERS, |last| last + 1));
                self.callers.insert(asked.id, answer);
            }
            let moved = engine.split_hello(&mut asked.request);
            shared.extend(moved.map(nobodys));
            shared.push(asked);
        }
        if !shared.is_empty() {
            self.replication.submit(shared);
        }
    }

    /// Executes what the log says by now, up to something that the hub has asked for, and answers callers; returns that, and
    /// nothing at the end.
    pub(super) fn advance(
        &mut self,
        engine: &mut Engine,
        now: Instant,
    ) -> Result<Vec<CompletionBox>, Halted> {
        loop {
            let mut done = self.replication.advance(engine, now)?;
            let is_over = done.is_empty();
            done.retain(|done| match self.callers.remove(&done.id) {
                // A caller that is gone wants no answer.
                Some(answer) => {
                    drop(answer.send(done.outcome.clone()));
                    false
                }
                None => done.id != NOBODY,
            });
            if is_over || !done.is_empty() {
                return Ok(done);
            }
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.replication.deadline()
    }
}

/// Whether a request is for the log: it writes, or decides by what it reads who may sign in, or whether there is somebody to write
/// to, who may have signed up elsewhere a moment ago; or it reads marks, for which those that the hub has just asked to be written
/// would be missing here.
/// What says which files are kept is for it as well: a file goes that nobody keeps.
#[must_use]
pub const fn is_shared(request: &Request) -> bool {
    match request {
        Request::Write(_) => true,
        Request::Read(read) => matches!(
            read,
            Read::FindAccount { .. }
                | Read::FindCode { .. }
                | Read::FilesKept { .. }
                | Read::Hello { .. }
                | Read::Marks { .. }
                | Read::Resolve { .. }
        ),
        Request::Checkpoint => false,
    }
}
