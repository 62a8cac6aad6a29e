//! What goes through the queue of the storage thread, and what it takes from there at once.

use std::sync::mpsc::Sender;

use super::BATCH_MAX;
use crate::store::{Outcome, Request, RequestId};

/// Something for the storage thread to do.
pub(super) enum Order {
    /// The hub's, of one turn: the answers go to the sink.
    Submitted(Vec<(RequestId, Request)>),
    /// A caller's who waits for the answer.
    Called(Request, Sender<Outcome>),
    /// The checkpoint under way is written, or has failed.
    Written,
    /// Everything before this is to be finished, and nothing after it.
    Stop,
}

/// Where a completion goes.
pub(super) enum Asker {
    Hub,
    Caller(Sender<Outcome>),
}

/// Orders that share a commit.
#[derive(Default)]
pub(super) struct Group {
    pub(super) askers: Vec<Asker>,
    pub(super) requests: Vec<(RequestId, Request)>,
    /// A checkpoint is written.
    pub(super) is_written: bool,
    /// Nothing follows them.
    pub(super) last: bool,
}

impl Group {
    pub(super) fn push(&mut self, order: Order) {
        match order {
            Order::Submitted(requests) => {
                self.askers.extend(requests.iter().map(|_| Asker::Hub));
                self.requests.extend(requests);
            }
            Order::Called(request, answer) => {
                self.askers.push(Asker::Caller(answer));
                self.requests.push((RequestId(0), request));
            }
            Order::Written => self.is_written = true,
            Order::Stop => self.last = true,
        }
    }

    /// Whether it waits for no more. It may have more than [`BATCH_MAX`], by what came in one turn.
    pub(super) fn is_full(&self) -> bool {
        self.last || self.requests.len() >= BATCH_MAX
    }
}
