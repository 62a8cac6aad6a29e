//! What the client needs of the disk to send files and to save them.
//!
//! What takes long (copying, hashing, waiting for the disk) is begun here and done elsewhere; that it is done comes as an
//! [`Input`].
//!
//! [`Input`]: crate::client::Input

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::protocol::FileTree;

/// A copy of a file that is to be sent, or a part of one that is being fetched. The client chooses it at random, so that it names
/// nothing else, also in a later run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransferId(pub u64);

/// A user's file of which a copy is in the state directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedFile {
    /// Its name without folders. What is not UTF-8 in it is replaced.
    pub name: String,
    /// Its media type (RFC 6838), as its name or its beginning tells; empty if they tell none.
    pub media_type: String,
    /// Its size, its root, and the values of its chunks.
    pub tree: FileTree,
}

/// Under which name a file is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaveAs {
    /// In the download folder, under the name that its author gave it, which may be anything: as much of it as is harmless, and
    /// another one where that is taken.
    Named(String),
    /// Where the user wants it. A name without a slash is one in the download folder. Here, too, another name is taken where that
    /// one is.
    Chosen {
        /// As the user typed it; if there is a folder, the file is put there under the author's name.
        path: String,
        /// The name that its author gave it.
        name: String,
    },
}

/// The files of the device whose database was opened last: copies of what is to be sent, and parts of what is being fetched. They
/// outlive the client. Only what answers by an input may take longer than reading or writing some bytes does.
pub trait Transfers: Send {
    /// Begins to copy a user's file, and to hash it, so that what becomes of the file does not matter any more. One of more than so
    /// many bytes is refused, and so is what is no regular file. The answer is [`Input::Copied`], once the copy is durable;
    /// nothing is left of one that fails.
    ///
    /// [`Input::Copied`]: crate::client::Input::Copied
    fn copy(&mut self, id: TransferId, path: &Path, max_bytes: u64);

    /// Reads from a copy's stream, the tree and then the content, at this offset: as much as there is room for, less only at the
    /// end.
    ///
    /// # Errors
    /// If there is no such copy, or it cannot be read.
    fn read_copy(&mut self, id: TransferId, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Removes a copy, or stops making it; then no answer comes.
    ///
    /// # Errors
    /// If it cannot be removed. It is no error if it is not there.
    fn remove_copy(&mut self, id: TransferId) -> io::Result<()>;

    /// How much of a file's content was written, in bytes: 0 if there is nothing.
    ///
    /// # Errors
    /// If that cannot be read.
    fn part_bytes(&mut self, id: TransferId) -> io::Result<u64>;

    /// Reads what was written of a file's content at this offset: as much as there is room for, less only at the end.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read_part(&mut self, id: TransferId, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes a file's content from this offset on, which is not beyond what was written: what stood from there on goes.
    ///
    /// # Errors
    /// If it cannot be written.
    fn write_part(&mut self, id: TransferId, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Whether a file can be saved there, as far as that can be told before it has come.
    ///
    /// # Errors
    /// Why not, without its name.
    fn check_place(&mut self, save_as: &SaveAs) -> Result<(), String>;

    /// The content is complete, of an empty file without anything having been written: begins to give it its place. The answer is
    /// [`Input::Saved`], once that is durable. The part stays until it is removed, so that after a crash this can be begun again:
    /// one that has its place already keeps that.
    ///
    /// [`Input::Saved`]: crate::client::Input::Saved
    fn save_part(&mut self, id: TransferId, save_as: &SaveAs);

    /// Removes what was written of a file, or stops giving it a place; then no answer comes.
    ///
    /// # Errors
    /// If it cannot be removed. It is no error if it is not there.
    fn remove_part(&mut self, id: TransferId) -> io::Result<()>;

    /// Removes all copies and parts but these, which an earlier run has left.
    ///
    /// # Errors
    /// If something cannot be removed.
    fn keep(&mut self, ids: &[TransferId]) -> io::Result<()>;
}
