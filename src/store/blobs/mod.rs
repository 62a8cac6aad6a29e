//! Blobs: the files that users attach to what they say, beside the database.
//!
//! By request and completion, as the store: [`Blobs`] executes requests, [`BlobThread`] runs it on a thread of its own behind
//! the [`BlobStore`] trait, and the simulator calls it directly, on [`MemoryBlobs`]. A blob is verified chunk by chunk as it
//! comes, and is there once all of it is durable. Which blobs are kept the store's tables say, not these.

mod directory;
mod engine;
mod layout;
mod memory;
mod part;
pub mod shelf;
#[cfg(test)]
mod tests;
mod thread;

use std::fmt::Debug;
use std::io;

pub use directory::BlobDirectory;
pub use engine::Blobs;
pub use layout::{BlobKey, FoundBlob, all_blobs, blobs_in, counted_bytes};
pub use memory::MemoryBlobs;
pub use thread::{BLOB_SLOTS, BlobHandle, BlobThread};

use super::RequestId;

/// A store of blobs with a queue before it. Requests are executed in the order in which they were submitted, and completed in
/// that order, except that [`BlobRequest::Begin`] may take longer, and so may all that waits for a [shelf]. Reads of one
/// blob are always completed in order.
pub trait BlobStore {
    /// Takes a request, reserving the slot of its completion; `false` if there is no slot, and nothing was taken.
    fn submit(&mut self, id: RequestId, request: BlobRequest) -> bool;

    /// How many more requests [`BlobStore::submit`] takes now.
    fn room(&self) -> usize;

    /// Frees the slot of a completion: to be called once for each, by the one who takes it.
    fn release(&mut self);

    /// Whether other servers have the same blobs, on a [shelf].
    fn is_shared(&self) -> bool {
        false
    }
}

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobRequest {
    /// How much of a blob is there: [`BlobOutcome::Taken`] or [`BlobOutcome::Complete`]. What was there before this process is
    /// verified first.
    Begin(BlobKey),
    /// A part of a blob's stream, which goes on where [`BlobRequest::Begin`] and the parts since have ended, or again from what
    /// was taken: [`BlobOutcome::Taken`], [`BlobOutcome::Complete`], [`BlobOutcome::Damaged`], [`BlobOutcome::Elsewhere`].
    Write {
        /// Of a blob that was begun.
        key: BlobKey,
        /// Where in the stream it begins.
        offset: u64,
        /// The part.
        bytes: Vec<u8>,
    },
    /// A part of a blob's stream, so many bytes or up to its end: [`BlobOutcome::Read`], [`BlobOutcome::Missing`].
    Read {
        /// Of a whole blob.
        key: BlobKey,
        /// Where in the stream it begins.
        offset: u64,
        /// How many bytes.
        length: usize,
    },
    /// Nobody writes to a blob for now: what is in memory for it is forgotten. [`BlobOutcome::Done`].
    Close(BlobKey),
    /// Removes a blob, or what there is of it: [`BlobOutcome::Done`], also if there is none.
    Drop(BlobKey),
    /// The blobs and parts whose roots begin with this byte: [`BlobOutcome::Found`].
    List(u8),
    /// The store's tables know the blob: it has to be on the shelf now, if there is one: [`BlobOutcome::Complete`], or
    /// [`BlobOutcome::Missing`] if it is neither there nor here.
    Confirm(BlobKey),
    /// A blob that is here has to be on the shelf, too, if there is one: [`BlobOutcome::Done`].
    Shelve(BlobKey),
    /// Removes a blob here, and has it count as not being on the shelf: [`BlobOutcome::Condemned`] if it has been there until
    /// now, [`BlobOutcome::Done`] otherwise.
    Condemn {
        /// Which blob.
        key: BlobKey,
        /// Only if it was not put there after this moment, in milliseconds since 1970 (UTC). What is here stays then, too.
        until_ms: Option<u64>,
    },
    /// Nobody needs a blob that was condemned at this position of the shelf: [`BlobOutcome::Done`].
    Purge {
        /// Which blob.
        key: BlobKey,
        /// What it was put before, if it has come again since.
        through: u64,
    },
    /// The blobs on the shelf whose roots begin with this byte: [`BlobOutcome::Shelved`].
    ListShelved(u8),
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobOutcome {
    /// So many bytes of the stream are verified and written.
    Taken(u64),
    /// All of the blob is there, durably.
    Complete,
    /// What came does not fit the root. So much of the stream does.
    Damaged(u64),
    /// The part begins elsewhere than is expected: so much of the stream was taken. Or the blob was not begun: none.
    Elsewhere(u64),
    /// What was read; nothing from the end on.
    Read(Vec<u8>),
    /// There is no such blob, or it is shorter than it was.
    Missing,
    /// It is done.
    Done,
    /// These are there.
    Found(Vec<FoundBlob>),
    /// It is condemned, at this position of the shelf.
    Condemned(u64),
    /// These are on the shelf.
    Shelved(Vec<BlobKey>),
    /// It failed, and may be asked again from [`BlobRequest::Begin`] on. Whether the disk is full.
    Failed {
        /// There was no room for it.
        is_full: bool,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobCompletion {
    /// The request's number.
    pub id: RequestId,
    /// What came of it.
    pub outcome: BlobOutcome,
}

/// Where blobs are.
pub trait BlobFiles: Debug + Send {
    /// Opens what has come of a blob, which is made empty if there is nothing.
    ///
    /// # Errors
    /// If it cannot be opened.
    fn open_part(&self, key: &BlobKey) -> io::Result<Box<dyn BlobFile>>;

    /// Opens a whole blob.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if there is none, or why it cannot be opened.
    fn open(&self, key: &BlobKey) -> io::Result<Box<dyn BlobFile>>;

    /// A part is whole, and was synced: it is durable as such when this returns.
    ///
    /// # Errors
    /// If that cannot be noted.
    fn complete(&self, key: &BlobKey) -> io::Result<()>;

    /// Removes a blob, and what has come of it.
    ///
    /// # Errors
    /// If it cannot be removed. That there is none is no error.
    fn remove(&self, key: &BlobKey) -> io::Result<()>;

    /// The blobs and parts whose roots begin with this byte.
    ///
    /// # Errors
    /// If they cannot be listed.
    fn list(&self, first: u8) -> io::Result<Vec<FoundBlob>>;
}

/// The file of a blob.
pub trait BlobFile: Debug + Send {
    /// How long it is, in bytes.
    ///
    /// # Errors
    /// If that cannot be found out.
    fn length(&self) -> io::Result<u64>;

    /// Reads all of `bytes` from a place on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] if the file ends before, or why it cannot be read.
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;

    /// Writes at a place, also past the end.
    ///
    /// # Errors
    /// If it cannot be written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts it off.
    ///
    /// # Errors
    /// If that fails.
    fn set_len(&self, bytes: u64) -> io::Result<()>;

    /// What was written from a place on may go to the disk, and need not stay in the page cache. Nothing waits for it.
    fn write_out(&self, _offset: u64, _bytes: u64) {}

    /// What was written is durable when this returns.
    ///
    /// # Errors
    /// If it may not be.
    fn sync(&self) -> io::Result<()>;
}
