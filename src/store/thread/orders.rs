//! What goes through the queue of the storage thread, and what it takes from there at once.

use std::sync::mpsc::Sender;

use super::BATCH_MAX;
use crate::store::engine::page::Page;
use crate::store::{Completion, CompletionBox, Outcome, Request, RequestId};

/// Something for the storage thread to do.
pub(super) enum Order {
    /// The hub's, of one turn: the answers go to the sink.
    Submitted(Vec<CompletionBox>),
    /// A caller's who waits for the answer.
    Called(Request, Sender<Outcome>),
    /// The entries of a page are fetched.
    Fetched(PageRequest, Page),
    /// The checkpoint under way is written, or has failed.
    Written,
    /// The log that several servers share has something.
    Wake,
    /// Everything before this is to be finished, and nothing after it.
    Stop,
}

/// Where a completion goes.
pub(super) enum Asker {
    Hub,
    Caller(Sender<Outcome>),
}

/// A request for a page of a log.
pub(super) struct PageRequest {
    pub(super) asker: Asker,
    pub(super) asked: CompletionBox,
}

/// Orders that share a commit.
#[derive(Default)]
pub(super) struct Group {
    pub(super) requests: Vec<CompletionBox>,
    /// Who waits for some of them, by their places, in order; the others are the hub's.
    pub(super) callers: Vec<(usize, Sender<Outcome>)>,
    /// Those are answered after the rest, see `pages`.
    pub(super) pages: Vec<PageRequest>,
    pub(super) fetched: Vec<(PageRequest, Page)>,
    /// A checkpoint is written.
    pub(super) is_written: bool,
    /// Nothing follows them.
    pub(super) last: bool,
}

impl Group {
    pub(super) fn push(&mut self, order: Order) {
        match order {
            Order::Submitted(submitted) => {
                self.requests.reserve(submitted.len());
                for asked in submitted {
                    self.add(Asker::Hub, asked);
                }
            }
            Order::Called(request, answer) => {
                let asked = Completion::new(RequestId(0), request, Outcome::Unknown);
                self.add(Asker::Caller(answer), asked.into());
            }
            Order::Fetched(asked, page) => self.fetched.push((asked, page)),
            Order::Written => self.is_written = true,
            Order::Wake => {}
            Order::Stop => self.last = true,
        }
    }

    fn add(&mut self, asker: Asker, order: CompletionBox) {
        if Page::max_bytes(&order.request).is_some() {
            return self.pages.push(PageRequest {
                asker,
                asked: order,
            });
        }
        if let Asker::Caller(answer) = asker {
            self.callers.push((self.requests.len(), answer));
        }
        self.requests.push(order);
    }

    /// Whether it is executed at once. It may have more than [`BATCH_MAX`], by what came in one turn.
    pub(super) fn is_full(&self) -> bool {
        self.last || self.requests.len() >= BATCH_MAX
    }
}
