//! What the hub may ask of a store, and what comes back: by request and completion, never by waiting.
//!
//! The same trait is meant to stand before other engines later, so an answer has three forms: it was done, it
//! was refused for a reason that will not change by itself, or it is unknown whether it was done, in which case
//! the same request may be made again (every request is safe to repeat).

#![allow(missing_docs, reason = "a field that its name explains has no comment")]

mod administration;
mod ban;
mod limits;
mod people;
mod read;
mod replica;
mod replies;
mod write;
mod write_parts;

use crate::store::blobs::BlobKey;

pub use administration::{AuditedAction, Chore, CodeUse, OpenCode, Removal};
pub use ban::{BAN_REASON_MAX_BYTES, Ban, BanOf, BanSubject, Prefix, PrefixError};
pub use limits::StoreLimit;
pub use people::{Acquaintance, Joined, Member, RoomMember, RoomSummary, RoomUse};
pub use read::Read;
pub use replica::{NodeLife, ReplicaState, decode_shared, encode_shared};
pub use replies::*;
pub(super) use write::LAST_TAG;
pub use write::Write;
pub use write_parts::{
    Append, Audited, CodeHash, DeviceUse, LogOf, NewAccount, NewCode, Operation, Purge, Quota,
    Relation, Retention, TicketHash,
};

/// The asker's own number of a request, given back with its completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A store with a queue before it. Writes are completed in the order in which they were submitted; a read may be completed
/// later than what was submitted after it. What it returns is how things stand between the completions before it and
/// those after it.
pub trait Store {
    /// Takes a request, reserving the slot of its completion; `false` if there is no slot, and nothing was taken.
    fn submit(&mut self, id: RequestId, request: Request) -> bool;

    /// What was submitted may begin: nothing is added to it for now. Until then it may wait for company.
    fn flush(&mut self) {}

    /// How many more requests [`Store::submit`] takes now.
    fn room(&self) -> usize;

    /// Frees the slot of a completion: to be called once for each, by whoever takes it.
    fn release(&mut self);
}

/// A request to the store. Names are canonical already.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Only reads.
    Read(Read),
    /// Is recorded in the message log.
    Write(Write),
    /// Brings all writes so far into the tables' file, for a process that reads that file beside the engine:
    /// [`Reply::Nothing`].
    Checkpoint,
}

impl From<Read> for Request {
    fn from(read: Read) -> Self {
        Self::Read(read)
    }
}

impl From<Write> for Request {
    fn from(write: Write) -> Self {
        Self::Write(write)
    }
}

/// A request and its answer, or [`Outcome::Unknown`] until it has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// The request's number.
    pub id: RequestId,
    /// What was asked for: a write with its [`Reply`] is the event that others learn of.
    pub request: Request,
    /// The result.
    pub outcome: Outcome,
    /// The files that are kept no longer since this write: their blobs can be dropped.
    pub freed: Vec<BlobKey>,
}

/// A completion that stays in one place in memory on its way to the store and back.
pub type CompletionBox = Box<Completion>;

impl Completion {
    /// A request with this outcome, which has freed no file.
    #[must_use]
    pub fn new(id: RequestId, request: Request, outcome: Outcome) -> Self {
        Self {
            id,
            request,
            outcome,
            freed: Vec::new(),
        }
    }
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is done, and durable where it wrote anything.
    Done(Reply),
    /// It was refused; nothing was written.
    Refused(Refusal),
    /// It is not known whether it was done: ask again.
    Unknown,
}
