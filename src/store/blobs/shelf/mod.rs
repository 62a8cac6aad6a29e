//! Blobs of several servers: what one of them has taken is on a shelf that they share before it counts as there, and the others
//! fetch it from there when it is read at them.
//!
//! On the shelf a blob is its stream in pieces of [`SHELF_PIECE_BYTES`], and a label that says what became of it: it is put
//! before the first piece, and once more after the last. Each server's own files are copies of what is there, verified against
//! the root as they come. So nothing on the shelf is believed, and nothing is kept in memory but a few pieces.
//!
//! # What is removed, and what stays
//!
//! One server may remove a blob that nobody needs while another one puts it there again. Neither waits for the other:
//!
//! 1. Who removes labels the blob as condemned, at some position; asks the servers' log whether it is kept; and only then has
//!    the shelf remove what was put up to that position.
//! 2. Who puts it there makes the second label only if the first one is still the last. Once the log says that the blob is
//!    kept, it puts its label once more, if that is still the last ([`BlobRequest::Confirm`](super::BlobRequest::Confirm)); and if
//!    it is not, all of it.
//!
//! So if the blob is condemned before that, all is put again, after the position up to which something is removed; and if after
//! it, whoever removes hears that it is kept.

mod fetch;
mod memory;
mod put;
mod shelved;
#[cfg(test)]
mod tests;

pub use memory::MemoryShelf;
pub use shelved::ShelvedBlobs;

use super::BlobKey;

/// How much of a blob's stream is in one piece on the shelf, in bytes; in the last one there may be less. Chosen: a shelf that takes
/// messages of a megabyte takes it, and a file of 100 MiB is 800 pieces.
pub const SHELF_PIECE_BYTES: usize = 128 * 1024;

/// A number by which an answer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What became of a blob on the shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Its pieces are being put there.
    Begun,
    /// All of them are.
    Whole,
    /// It is to be removed, or is damaged: it does not count as being there.
    Condemned,
}

/// What a blob's label says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// What became of it.
    pub mark: Mark,
    /// Where among all that was ever put on the shelf.
    pub position: u64,
    /// When that was, in milliseconds since 1970 (UTC).
    pub time_ms: u64,
}

/// What the shelf is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShelfRequest {
    /// A blob's label: [`ShelfAnswer::Label`].
    Look(BlobKey),
    /// Labels a blob; if `after` is given, only if its label is the one at that position: [`ShelfAnswer::Put`],
    /// [`ShelfAnswer::Changed`].
    Label {
        /// Which blob.
        key: BlobKey,
        /// What its label is to say.
        mark: Mark,
        /// Where its last label has to be.
        after: Option<u64>,
    },
    /// A piece of a blob, in the place of an earlier one: [`ShelfAnswer::Put`].
    Put {
        /// Which blob.
        key: BlobKey,
        /// Which piece, from 0 on.
        number: u64,
        /// So much of its stream.
        bytes: Vec<u8>,
    },
    /// A piece of a blob: [`ShelfAnswer::Piece`].
    Get {
        /// Which blob.
        key: BlobKey,
        /// Which piece, from 0 on.
        number: u64,
        /// How often what came was damaged: another copy is asked then, if the shelf has several.
        damaged: u32,
    },
    /// Removes what was put of a blob up to this position: [`ShelfAnswer::Done`].
    Purge {
        /// Which blob.
        key: BlobKey,
        /// The last position that goes.
        through: u64,
    },
    /// The blobs that have a label, and whose roots begin with this byte: [`ShelfAnswer::Found`].
    List(u8),
}

/// What the shelf answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShelfAnswer {
    /// The label, if there is one.
    Label(Option<Label>),
    /// It is durable, at this position.
    Put(u64),
    /// The last label is another one; nothing was put.
    Changed,
    /// The piece; none if no copy has it.
    Piece(Option<Vec<u8>>),
    /// It is done.
    Done,
    /// These are there.
    Found(Vec<BlobKey>),
    /// There is no room.
    Full,
    /// The shelf does not answer, or has refused it.
    Failed,
}

/// What takes an answer of the shelf, on any thread.
pub type TakeAnswer = Box<dyn Fn(Ticket, ShelfAnswer) + Send + Sync>;

/// What several servers share. It never waits: each request is answered once, also if that takes too long.
pub trait Shelf: Send {
    /// From now on answers are given to this.
    fn answer_to(&mut self, take: TakeAnswer);

    /// Asks for something.
    fn ask(&mut self, ticket: Ticket, request: ShelfRequest);
}
