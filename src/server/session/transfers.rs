//! What one session transfers of files, in both directions, and what of that waits for room.

use std::collections::{BTreeMap, VecDeque};

use crate::protocol::{ConversationId, EntryId, ServerBody, ServerMessage};
use crate::server::ctx::requests::RequestOrigin;
use crate::store::BlobKey;

/// Pieces of a session that are being written at most. Chosen: the disk always has some, and what they hold is a quarter
/// of a megabyte. At the limit the bulk channel is not read.
pub const WRITES_MAX: usize = 8;

/// Tags of uploads that a session may have used. Chosen: four times as many as an account may have uploads under way. At the
/// limit those of uploads that are over are forgotten.
pub const TAGS_MAX: usize = 16;

/// What an upload's tag means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadTag {
    /// It brings this.
    Of(BlobKey),
    /// The client has been told that it is over: what was under way is dropped.
    Over,
}

/// A request for a part of a file.
#[derive(Debug)]
pub struct Download {
    pub origin: RequestOrigin,
    /// The entry that has the file.
    pub entry: (ConversationId, EntryId),
    /// None until the store has told.
    pub key: Option<BlobKey>,
    /// The store is asked whether the reader is given the entry.
    pub is_asked: bool,
    /// Up to here in the stream the answer holds.
    pub allowed: u64,
    /// Where in the stream the next piece begins that was not asked for yet.
    pub next: u64,
    /// Where the last one ends.
    pub end: u64,
    /// Pieces that are being read.
    pub reads: usize,
}

/// What a session transfers.
#[derive(Debug, Default)]
pub struct Transfers {
    pub tags: BTreeMap<u32, UploadTag>,
    /// Pieces that came and are being written.
    pub writes: usize,
    /// In the order in which they were asked for.
    pub downloads: VecDeque<Download>,
    /// It waits for its turn to have pieces read.
    pub is_stalled: bool,
    /// Pieces that were read, and for which there was no room yet.
    pub pieces: VecDeque<ServerMessage>,
    /// Other answers for which there was none. Until they have gone out nothing is taken from the bulk channel.
    pub answers: VecDeque<ServerMessage>,
}

impl Transfers {
    /// Whether the bulk channel is not read for now.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.writes >= WRITES_MAX || !self.answers.is_empty()
    }

    /// An answer is to be sent. How far an upload has come is told once, the last time.
    pub fn answer(&mut self, message: ServerMessage) {
        if let ServerBody::UploadState(state) = &message.body {
            let tag = state.tag;
            let is_older = |other: &ServerMessage| matches!(&other.body, ServerBody::UploadState(other) if other.tag == tag);
            self.answers.retain(|other| !is_older(other));
        }
        self.answers.push_back(message);
    }

    /// A tag is used for an upload from now on; `false` if too many are.
    pub fn set_tag(&mut self, tag: u32, key: BlobKey) -> bool {
        let is_new = !self.tags.contains_key(&tag);
        if is_new && self.tags.len() >= TAGS_MAX {
            self.tags.retain(|_, used| *used != UploadTag::Over);
        }
        let has_room = !is_new || self.tags.len() < TAGS_MAX;
        if has_room {
            self.tags.insert(tag, UploadTag::Of(key));
        }
        has_room
    }

    /// The upload of a tag is over.
    pub fn end_tag(&mut self, tag: u32) {
        if let Some(used) = self.tags.get_mut(&tag) {
            *used = UploadTag::Over;
        }
    }

    /// Nothing is known of a tag.
    pub fn forget_tag(&mut self, tag: u32) {
        self.tags.remove(&tag);
    }

    /// Pieces that are read, or being read.
    #[must_use]
    pub fn ahead(&self) -> usize {
        let reads: usize = self.downloads.iter().map(|download| download.reads).sum();
        reads + self.pieces.len()
    }
}
