//! What has come of a blob: verified chunk by chunk before it is written, and again if another process has written it.

use std::io;

use super::{BlobFile, BlobKey, BlobOutcome};
use crate::protocol::{CHUNK_BYTES, FileTree};

/// Chunks of what was there before that are verified in one step. Chosen: a millisecond, for which the others wait.
const CHECKED_CHUNKS: u64 = 16;

/// After so many bytes the disk is to begin with them. Chosen: the sync at the end has little left to do, for which other
/// transfers wait, and the page cache stays for others.
const WRITTEN_OUT_BYTES: u64 = 8 * 1024 * 1024;

/// A blob that is being written.
#[derive(Debug)]
pub(super) struct Part {
    key: BlobKey,
    file: Box<dyn BlobFile>,
    /// None until all of it has come.
    tree: Option<FileTree>,
    /// What has come of the tree until then. It is verified as a whole, and written before that.
    unverified: Vec<u8>,
    /// So much of the stream is written, and verified from the tree's end on.
    taken: u64,
    /// Up to here the disk has begun.
    written_out: u64,
    /// What has come of the next chunk.
    pending: Vec<u8>,
}

/// What was there before this process, while it is verified.
#[derive(Debug)]
pub(super) struct Check {
    part: Part,
    /// How much of the stream is there, in bytes.
    length: u64,
}

impl Check {
    pub(super) fn new(key: BlobKey, file: Box<dyn BlobFile>) -> io::Result<Self> {
        let length = file.length()?.min(key.size.stream_bytes());
        let part = Part {
            key,
            file,
            tree: FileTree::verify(key.root, key.size, &[]),
            unverified: Vec::new(),
            taken: 0,
            written_out: 0,
            pending: Vec::new(),
        };
        Ok(Self { part, length })
    }

    pub(super) const fn key(&self) -> BlobKey {
        self.part.key
    }

    /// Verifies a little more; whether that was all.
    pub(super) fn step(&mut self) -> io::Result<bool> {
        let tree_bytes = self.part.key.size.tree_bytes();
        let first = self.part.taken;
        let most = if first < tree_bytes {
            tree_bytes - first
        } else {
            CHECKED_CHUNKS * CHUNK_BYTES as u64
        };
        let end = (first + most).min(self.length);
        let mut bytes = vec![0; usize::try_from(end - first).map_err(io::Error::other)?];
        self.part.file.read_at(first, &mut bytes)?;
        let is_damaged = self.part.take(&bytes, false)?;
        Ok(is_damaged || end == self.length)
    }

    /// The part as far as it fits the root; the rest is cut off.
    pub(super) fn finish(self) -> io::Result<Part> {
        let mut part = self.part;
        part.pending.clear();
        part.file.set_len(part.taken)?;
        part.written_out = part.taken;
        Ok(part)
    }
}

impl Part {
    /// So much of the stream is verified and written, in bytes.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    /// A part of the stream has come.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<BlobOutcome> {
        let end = offset.saturating_add(bytes.len() as u64);
        if offset == self.taken {
            self.pending.clear();
        }
        if offset != self.taken + self.pending.len() as u64 || end > self.key.size.stream_bytes() {
            return Ok(BlobOutcome::Elsewhere(self.taken));
        }
        if self.take(bytes, true)? {
            return Ok(BlobOutcome::Damaged(self.taken));
        }
        let new = self.taken.saturating_sub(self.written_out);
        if new >= WRITTEN_OUT_BYTES {
            self.file.write_out(self.written_out, new);
            self.written_out = self.taken;
        }
        Ok(BlobOutcome::Taken(self.taken))
    }

    /// Whether all of the blob is verified and written.
    pub(super) fn is_whole(&self) -> bool {
        // No chunk has told of the root of an empty file.
        let is_empty = self.key.size.bytes() == 0;
        let fits = |tree: &FileTree| !is_empty || tree.is_chunk(0, &[]);
        self.taken == self.key.size.stream_bytes() && self.tree.as_ref().is_some_and(fits)
    }

    /// Reads what was verified.
    pub(super) fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, bytes)
    }

    /// Makes what was written durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    /// Verifies what follows, and writes it if that is wanted; whether it is damaged.
    fn take(&mut self, bytes: &[u8], is_new: bool) -> io::Result<bool> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let size = self.key.size;
            if let Some(tree) = &self.tree {
                let chunk = size.content_within(self.taken) / CHUNK_BYTES as u64;
                let missing = size.chunk_bytes(chunk) - self.pending.len();
                let (next, after) = rest.split_at(missing.min(rest.len()));
                rest = after;
                self.pending.extend_from_slice(next);
                if next.len() < missing {
                    break;
                }
                let is_damaged = !tree.is_chunk(chunk, &self.pending);
                if is_new && !is_damaged {
                    self.file.write_at(self.taken, &self.pending)?;
                }
                if !is_damaged {
                    self.taken += self.pending.len() as u64;
                }
                self.pending.clear();
                if is_damaged {
                    return Ok(true);
                }
                continue;
            }
            let missing = size.tree_bytes() - self.taken;
            let missing = usize::try_from(missing).unwrap_or(usize::MAX);
            let (next, after) = rest.split_at(missing.min(rest.len()));
            rest = after;
            if is_new {
                self.file.write_at(self.taken, next)?;
            }
            self.unverified.extend_from_slice(next);
            self.taken += next.len() as u64;
            if next.len() == missing {
                let tree = std::mem::take(&mut self.unverified);
                self.tree = FileTree::verify(self.key.root, size, &tree);
                if self.tree.is_none() {
                    self.taken = 0;
                    self.file.set_len(0)?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
