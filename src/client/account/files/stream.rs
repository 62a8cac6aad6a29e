//! One file on its way to this device: which part of its stream is asked for, and what of it is verified.
//!
//! What comes is put together in memory until a chunk of it is whole, and only what fits the file's root is written.

use std::collections::VecDeque;
use std::io;

use super::super::ctx::pending::PendingRequests;
use crate::client::transfers::{TransferId, Transfers};
use crate::protocol::{CHUNK_BYTES, DownloadPiece, FileRoot, FileSize, FileTree, PIECE_MAX_BYTES};

/// How much is asked for at once, in bytes. Chosen: several turns of a fast path.
const REQUEST_BYTES: u64 = 1024 * 1024;

/// How many requests are under way, so that the next one is at the server when it has answered the one before.
const REQUESTS_MAX: usize = 2;

/// How many chunks that an earlier run has written are verified at a time. Chosen: a few milliseconds.
const CHECKED_AT_ONCE: usize = 32;

/// How often in a row what comes may not be what was asked for. At the limit the file is given up.
const DAMAGED_MAX: u32 = 4;

/// A request for a part of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) tag: u32,
    pub(super) offset: u64,
    pub(super) length: u64,
    got: u64,
}

/// How far a file has come.
#[derive(Debug)]
pub(super) struct Stream {
    root: FileRoot,
    size: FileSize,
    tree: Option<FileTree>,
    /// How much of the content an earlier run has written, as long as that is to be verified.
    unchecked: u64,
    /// How much of the content is verified and written.
    done: u64,
    /// What has come of the stream after that.
    buffer: Vec<u8>,
    asked: VecDeque<Asked>,
    damaged: u32,
}

/// What a step has done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Something has to come first.
    Waits,
    /// There is more to do at once.
    GoesOn,
    /// All of it is written.
    Complete,
    /// It is never going to fit.
    Damaged,
}

impl Stream {
    /// A file of which an earlier run has written so much.
    pub(super) fn new((root, size): (FileRoot, FileSize), written: u64) -> Self {
        Self {
            root,
            size,
            tree: FileTree::verify(root, size, &[]),
            unchecked: written.min(size.bytes()),
            done: 0,
            buffer: Vec::new(),
            asked: VecDeque::new(),
            damaged: 0,
        }
    }

    /// How much of the content is verified and written, in bytes.
    pub(super) const fn done(&self) -> u64 {
        self.done
    }

    /// Whether something is on its way.
    pub(super) fn is_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Where in the stream the next byte stands that has not come.
    fn received(&self) -> u64 {
        let written = match &self.tree {
            Some(_) => self.size.tree_bytes() + self.done,
            None => 0,
        };
        written + self.buffer.len() as u64
    }

    /// What is to be asked for now, by so many requests at most.
    pub(super) fn ask(&mut self, pending: &mut PendingRequests, room: usize) -> Vec<Asked> {
        // What is here already is not asked for, and what of it is good the tree tells.
        let end = match (&self.tree, self.unchecked) {
            (Some(_), 1..) => return Vec::new(),
            (None, 1..) => self.size.tree_bytes(),
            (_, 0) => self.size.stream_bytes(),
        };
        let mut new = Vec::new();
        while self.asked.len() < REQUESTS_MAX && new.len() < room {
            let last = self.asked.back();
            let offset = last.map_or_else(|| self.received(), |last| last.offset + last.length);
            if offset >= end {
                break;
            }
            let asked = Asked {
                tag: pending.next_tag(),
                offset,
                length: (end - offset).min(REQUEST_BYTES),
                got: 0,
            };
            self.asked.push_back(asked);
            new.push(asked);
        }
        new
    }

    /// Whether a piece, or a failure, is the answer to a request of this file.
    pub(super) fn has_asked(&self, tag: u32) -> bool {
        self.asked.iter().any(|asked| asked.tag == tag)
    }

    /// The link or a message was lost: the pieces under way will not come.
    pub(super) fn forget_asked(&mut self) {
        self.asked.clear();
        self.buffer = Vec::new();
    }

    /// Takes a piece that was asked for. Only the next one of the stream is one.
    pub(super) fn take(&mut self, piece: &DownloadPiece) {
        let Some(asked) = self.asked.front_mut() else {
            return;
        };
        let bytes = piece.bytes.len() as u64;
        let is_next = asked.tag == piece.tag && piece.offset == asked.offset + asked.got;
        let is_fitting =
            (1..=PIECE_MAX_BYTES).contains(&piece.bytes.len()) && bytes <= asked.length - asked.got;
        if !is_next || !is_fitting {
            self.note_damage();
            return;
        }
        asked.got += bytes;
        if asked.got == asked.length {
            self.asked.pop_front();
        }
        self.buffer.extend_from_slice(&piece.bytes);
    }

    /// What came was not what was asked for: it is asked for again.
    pub(super) fn note_damage(&mut self) {
        self.damaged += 1;
        self.forget_asked();
    }

    /// Verifies and writes what has come.
    pub(super) fn step(&mut self, id: TransferId, disk: &mut dyn Transfers) -> io::Result<Step> {
        if self.damaged >= DAMAGED_MAX {
            return Ok(Step::Damaged);
        }
        let damaged = self.damaged;
        let Some(tree) = self.take_tree() else {
            let is_worse = self.damaged > damaged;
            return Ok(if is_worse { Step::GoesOn } else { Step::Waits });
        };
        let step = if self.unchecked > 0 {
            self.check_written(&tree, id, disk)
        } else {
            self.write(&tree, id, disk)
        };
        self.tree = Some(tree);
        step
    }

    /// The tree, once it has come and fits.
    fn take_tree(&mut self) -> Option<FileTree> {
        if let Some(tree) = self.tree.take() {
            return Some(tree);
        }
        let length = usize::try_from(self.size.tree_bytes()).ok()?;
        let bytes = self.buffer.get(..length)?;
        let tree = FileTree::verify(self.root, self.size, bytes);
        if tree.is_some() {
            self.buffer.drain(..length);
        } else {
            self.note_damage();
        }
        tree
    }

    /// Verifies what an earlier run has written, some of it at a time: after a loss of power it may not be what that has written.
    fn check_written(
        &mut self,
        tree: &FileTree,
        id: TransferId,
        disk: &mut dyn Transfers,
    ) -> io::Result<Step> {
        for _ in 0..CHECKED_AT_ONCE {
            let chunk = self.done / CHUNK_BYTES as u64;
            let length = self.size.chunk_bytes(chunk);
            if length == 0 || self.done + length as u64 > self.unchecked {
                self.unchecked = 0;
                return Ok(Step::GoesOn);
            }
            let mut bytes = vec![0; length];
            let read = disk.read_part(id, self.done, &mut bytes)?;
            if !tree.is_chunk(chunk, &bytes[..read]) {
                self.unchecked = 0;
                return Ok(Step::GoesOn);
            }
            self.done += length as u64;
        }
        Ok(Step::GoesOn)
    }

    /// Writes each chunk that is whole, and that is it.
    fn write(
        &mut self,
        tree: &FileTree,
        id: TransferId,
        disk: &mut dyn Transfers,
    ) -> io::Result<Step> {
        let mut used = 0;
        let mut is_good = true;
        while self.done < self.size.bytes() {
            let chunk = self.done / CHUNK_BYTES as u64;
            let length = self.size.chunk_bytes(chunk);
            let Some(bytes) = self.buffer.get(used..used + length) else {
                break;
            };
            is_good = tree.is_chunk(chunk, bytes);
            if !is_good {
                break;
            }
            disk.write_part(id, self.done, bytes)?;
            self.done += length as u64;
            self.damaged = 0;
            used += length;
        }
        if !is_good {
            self.note_damage();
            return Ok(Step::GoesOn);
        }
        self.buffer.drain(..used);
        if self.done < self.size.bytes() {
            return Ok(Step::Waits);
        }
        // An empty file has no chunk that could tell.
        let is_it = self.size.bytes() > 0 || tree.is_chunk(0, &[]);
        Ok(if is_it { Step::Complete } else { Step::Damaged })
    }
}
