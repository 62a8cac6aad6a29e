//! The blobs of files in a copy: a backup has them as rows, so that it is one file.
//!
//! A copy takes each blob that its tables know, if that fits its root. A file whose blob does not, or is no longer there, is
//! gone in the copy: it was deleted meanwhile, or is damaged, which `check` says. Before a copy comes into service its rows are
//! written to files again. In the copy of a cluster's server no file is gone: its server fetches what it lacks from where all have
//! it, and its tables have to stay those of the others.

use std::collections::BTreeMap;
use std::io::{self, Read};

use redb::{Database, ReadableDatabase as _};
use serde_bytes::ByteBuf;

use super::ReplicaState;
use super::blobs::{BlobFile, BlobFiles, BlobKey};
use super::error::{StoreError, skip_damaged};
use super::ops::files;
use super::schema::file_records::FileKey;
use super::schema::table::{Bulk, ReadTable as _};
use super::schema::tables::{ReadTables as _, Snapshot, update};
use crate::protocol::{CHUNK_BYTES, FileSize, FileTree};

/// A row of `blobs` in a copy: a file, and which of its chunks.
pub(in crate::store) type ChunkKey = (u64, [u8; 32], u64);

/// How many chunks a copy takes in one transaction. Chosen: 16 MiB, which redb holds in memory until then.
const COMMIT_CHUNKS: u64 = 256;

/// Where a database has its blobs.
#[derive(Clone, Copy)]
pub(in crate::store) struct Source<'s> {
    /// Its tables, which have them if it is a copy.
    pub(in crate::store) tables: &'s Snapshot,
    /// Its files beside the tables, if they can be reached.
    pub(in crate::store) files: Option<&'s dyn BlobFiles>,
}

/// The content of a blob, from its beginning.
pub(in crate::store) enum Content<'s> {
    File {
        file: Box<dyn BlobFile>,
        /// How far it was read.
        at: u64,
        /// Where it ends.
        end: u64,
    },
    Rows {
        tables: &'s Snapshot,
        key: FileKey,
        /// Which row comes next.
        next: u64,
        /// What was read of the one before.
        bytes: Vec<u8>,
        at: usize,
    },
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File { file, at, end } => {
                let left = usize::try_from(*end - *at).unwrap_or(usize::MAX);
                let read = buffer.len().min(left);
                file.read_at(*at, &mut buffer[..read])?;
                *at += read as u64;
                Ok(read)
            }
            Self::Rows {
                tables,
                key,
                next,
                bytes,
                at,
            } => {
                if *at == bytes.len() {
                    let row = tables.blobs().get(&(key.0, key.1, *next));
                    *bytes = row
                        .map_err(io::Error::other)?
                        .unwrap_or_default()
                        .into_vec();
                    (*next, *at) = (*next + 1, 0);
                }
                let read = buffer.len().min(bytes.len() - *at);
                buffer[..read].copy_from_slice(&bytes[*at..*at + read]);
                *at += read;
                Ok(read)
            }
        }
    }
}

impl<'s> Content<'s> {
    /// The content that a copy has in its rows.
    pub(in crate::store) const fn of_rows(tables: &'s Snapshot, blob: &BlobKey) -> Self {
        Self::Rows {
            tables,
            key: (blob.account.0, blob.root.0),
            next: 0,
            bytes: Vec::new(),
            at: 0,
        }
    }

    /// The content that a file has.
    pub(in crate::store) const fn of_file(file: Box<dyn BlobFile>, size: FileSize) -> Self {
        Self::File {
            file,
            at: size.tree_bytes(),
            end: size.stream_bytes(),
        }
    }

    /// The tree of a blob, if this is its content: all of it is read.
    pub(in crate::store) fn tree(&mut self, blob: &BlobKey) -> io::Result<Option<FileTree>> {
        let tree = FileTree::read(self)?;
        let fits = (tree.root(), tree.size()) == (blob.root, blob.size);
        Ok(fits.then_some(tree))
    }
}

impl Source<'_> {
    /// The tree and the content of a blob that is whole.
    pub(in crate::store) fn whole(&self, blob: &BlobKey) -> Option<(FileTree, Content<'_>)> {
        let from_rows = || Some(Content::of_rows(self.tables, blob));
        let from_file = || match self.files?.open(blob) {
            Ok(file) => Some(Content::of_file(file, blob.size)),
            Err(error) => {
                let is_missing = error.kind() == io::ErrorKind::NotFound;
                if !is_missing {
                    tracing::warn!(?blob, %error, "a file cannot be read");
                }
                None
            }
        };
        let tree_of = |mut content: Content<'_>| content.tree(blob).ok().flatten();
        if let Some(tree) = from_file().and_then(tree_of) {
            return Some((tree, from_file()?));
        }
        Some((from_rows().and_then(tree_of)?, from_rows()?))
    }
}

/// The files that are kept, as far as that can be read.
pub(in crate::store) fn kept(tables: &Snapshot) -> Result<Vec<BlobKey>, StoreError> {
    let mut kept = Vec::new();
    for row in tables.files().rows()? {
        let (key, record) = row?;
        if let Some(record) = skip_damaged(record)?.filter(|record| !record.is_gone) {
            kept.extend(files::blob(key, record));
        }
    }
    Ok(kept)
}

/// What came of the blobs of a copy.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Copied {
    /// How many rows they are.
    pub(in crate::store) rows: u64,
    /// How many files are gone.
    pub(in crate::store) lost: usize,
}

/// Has a copy have the blobs of its files.
pub(in crate::store) fn copy_into(
    from: &Source<'_>,
    copy: &Database,
) -> Result<Copied, StoreError> {
    let blobs = kept(&Snapshot::open(&copy.begin_read()?, None)?)?;
    let (mut rows, mut lost) = (0, Vec::new());
    for blob in blobs {
        match from.whole(&blob) {
            Some((_, content)) => rows += copy_one(content, &blob, copy)?,
            None => lost.push(blob),
        }
    }
    lose(copy, &lost)?;
    let lost = lost.len();
    Ok(Copied { rows, lost })
}

/// Has files be gone in a copy, as they are in what was copied.
pub(in crate::store) fn lose(copy: &Database, lost: &[BlobKey]) -> Result<(), StoreError> {
    if lost.is_empty() {
        return Ok(());
    }
    if are_elsewhere(&Snapshot::open(&copy.begin_read()?, None)?)? {
        tracing::info!(
            files = lost.len(),
            "files are not in the copy, whose server fetches them from where all servers have them"
        );
        return Ok(());
    }
    tracing::warn!(
        files = lost.len(),
        "files are missing in the copy: they were deleted meanwhile, or are damaged"
    );
    update(copy, |tables| files::upkeep::lose(tables, lost))
}

/// Whether the contents of files need not be beside these tables: other servers have them, too.
pub(in crate::store) fn are_elsewhere(tables: &Snapshot) -> Result<bool, StoreError> {
    Ok(ReplicaState::load(tables)?.is_some())
}

fn copy_one(mut content: Content<'_>, blob: &BlobKey, copy: &Database) -> Result<u64, StoreError> {
    let chunks = blob.size.chunks();
    let mut next = 0;
    while next < chunks {
        let transaction = copy.begin_write()?;
        {
            let mut rows = Bulk::<ChunkKey, ByteBuf>::open("blobs", &transaction)?;
            let end = chunks.min(next + COMMIT_CHUNKS);
            while next < end {
                let mut bytes = vec![0; blob.size.chunk_bytes(next)];
                content.read_exact(&mut bytes)?;
                let key = (blob.account.0, blob.root.0, next);
                rows.insert(&key, &ByteBuf::from(bytes))?;
                next += 1;
            }
        }
        transaction.commit()?;
    }
    Ok(chunks)
}

/// Whether a copy has blobs in rows.
pub(in crate::store) fn has_rows(tables: &Snapshot) -> Result<bool, StoreError> {
    Ok(tables.blobs().rows()?.next().is_some())
}

/// Writes the blobs of a copy to files, except those that are there already. One that does not fit its root is left out: its
/// file is found missing.
pub(in crate::store) fn write_files(
    tables: &Snapshot,
    to: &dyn BlobFiles,
) -> Result<(), StoreError> {
    for blob in kept(tables)? {
        let is_there =
            |file: Box<dyn BlobFile>| file.length().ok() == Some(blob.size.stream_bytes());
        let tree = Content::of_rows(tables, &blob).tree(&blob);
        match tree {
            Ok(Some(tree)) => write_file(&blob, &tree, Content::of_rows(tables, &blob), to)?,
            // A restore has put it there.
            _ if to.open(&blob).is_ok_and(is_there) => {}
            Ok(None) if are_elsewhere(tables)? => {}
            _ => tracing::error!(?blob, "a file of the copy is lost"),
        }
    }
    Ok(())
}

/// Writes a blob with this tree and this content to a file.
pub(in crate::store) fn write_file(
    blob: &BlobKey,
    tree: &FileTree,
    mut content: Content<'_>,
    to: &dyn BlobFiles,
) -> io::Result<()> {
    let part = to.open_part(blob)?;
    part.set_len(0)?;
    part.write_at(0, tree.as_bytes())?;
    let mut at = blob.size.tree_bytes();
    let mut bytes = vec![0; CHUNK_BYTES];
    for chunk in 0..blob.size.chunks() {
        let bytes = &mut bytes[..blob.size.chunk_bytes(chunk)];
        content.read_exact(bytes)?;
        part.write_at(at, bytes)?;
        at += bytes.len() as u64;
    }
    part.sync()?;
    // Who reads it next reads what the disk has.
    part.write_out(0, at);
    to.complete(blob)
}

/// Has a copy that was rescued have what can be found of the files of its entries.
pub(in crate::store) fn rescue_into(
    from: &Source<'_>,
    found: &BTreeMap<FileKey, u64>,
    copy: &Database,
) -> Result<Copied, StoreError> {
    update(copy, |tables| files::upkeep::mend(tables, found))?;
    copy_into(from, copy)
}
