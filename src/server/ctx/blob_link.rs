//! The hub's end of the blobs: requests are submitted here, and each answer finds what is to be done with it.

use std::collections::BTreeMap;

use super::requests::RequestOrigin;
use crate::store::{BlobKey, BlobRequest, BlobStore, RequestId};
use crate::transport::SessionId;

/// What to do with an answer.
#[derive(Debug, Clone, Copy)]
pub enum PendingBlob {
    /// How far an upload has come.
    Begin(BlobKey),
    /// A part of an upload was written; it came on this session.
    Write(BlobKey, SessionId),
    /// A part of a file was read for a download, from this offset on.
    Read(RequestOrigin, BlobKey, u64),
    /// Some of the blobs are listed, to find what is left of uploads.
    Adopt,
    /// Some of the blobs are listed, to find those that nobody needs.
    List,
    /// A file that the store has noted is on the shelf.
    Confirm(BlobKey),
    /// A file that nobody keeps is condemned.
    Condemn(BlobKey),
    /// Some of the files are listed for a pass over the shelf.
    PassListed,
    /// What such a pass does with one of them is done.
    Passed(BlobKey),
    /// Nothing.
    Done,
}

/// The blobs, and the requests that were not answered.
pub struct BlobLink {
    store: Box<dyn BlobStore + Send>,
    next: u64,
    pending: BTreeMap<RequestId, PendingBlob>,
}

impl BlobLink {
    pub fn new(store: Box<dyn BlobStore + Send>) -> Self {
        Self {
            store,
            next: 0,
            pending: BTreeMap::new(),
        }
    }

    /// Submits a request, if there is room for it.
    pub fn submit(&mut self, pending: PendingBlob, request: BlobRequest) -> bool {
        let id = RequestId(self.next);
        let is_taken = self.store.submit(id, request);
        if is_taken {
            self.next += 1;
            self.pending.insert(id, pending);
        }
        is_taken
    }

    /// A request was answered: what is to be done with the answer.
    pub fn complete(&mut self, id: RequestId) -> Option<PendingBlob> {
        self.store.release();
        self.pending.remove(&id)
    }

    /// Requests that were not answered.
    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    /// Whether other servers have the same blobs.
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// Requests that there is room for.
    pub fn room(&self) -> usize {
        self.store.room()
    }
}
