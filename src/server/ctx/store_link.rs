//! The hub's end of the store: requests are submitted here, and each answer finds what is to be done with it.

use std::time::{Duration, Instant};

use super::requests::{Pending, PendingRequests};
use crate::protocol::AccountId;
use crate::server::limits::Limit;
use crate::store::{Request, RequestId, Store};
use crate::transport::Now;

/// How long after a storage error the hub repeats what its readers wait for.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The store, the requests that it has not answered, and when to repeat those that failed.
pub struct StoreLink {
    store: Box<dyn Store + Send>,
    requests: PendingRequests,
    retry_at: Option<Instant>,
}

impl StoreLink {
    pub fn new(store: Box<dyn Store + Send>, requests: PendingRequests) -> Self {
        Self {
            store,
            requests,
            retry_at: None,
        }
    }

    /// What one account may have under way from now on, by weight.
    pub const fn set_share(&mut self, share: Limit) {
        self.requests.set_share(share);
    }

    /// Submits a request, if the store has room for it.
    pub fn submit(&mut self, pending: Pending, request: impl Into<Request>) -> bool {
        if self.store.room() == 0 {
            return false;
        }
        let id = self.requests.add(pending);
        let taken = self.store.submit(id, request.into());
        if !taken {
            self.requests.take(id);
        }
        taken
    }

    /// The store has answered a request: what is to be done with the answer.
    pub fn complete(&mut self, id: RequestId) -> Option<Pending> {
        self.store.release();
        self.requests.take(id)
    }

    /// Requests that the store has room for.
    pub fn room(&self) -> usize {
        self.store.room()
    }

    /// What came in one turn becomes durable together, and goes to its readers together.
    pub fn flush(&mut self) {
        self.store.flush();
    }

    /// Whether the account may have another request under way.
    pub fn has_room_for(&self, account: AccountId) -> bool {
        self.requests.has_room_for(account)
    }

    /// Charges the account for what is submitted until [`StoreLink::end_charge`].
    pub fn begin_charge(&mut self, account: AccountId, weight: u32) {
        self.requests.begin(account, weight);
    }

    pub const fn end_charge(&mut self) {
        self.requests.end();
    }

    pub fn is_idle(&self) -> bool {
        self.requests.is_empty()
    }

    /// Repeats after a while what has failed.
    pub fn retry_soon(&mut self, now: Now) {
        self.retry_at.get_or_insert(now.instant + RETRY_AFTER);
    }

    pub const fn retry_deadline(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Whether it is time to repeat what has failed; once.
    pub fn take_retry(&mut self, now: Now) -> bool {
        self.retry_at.take_if(|at| *at <= now.instant).is_some()
    }
}
