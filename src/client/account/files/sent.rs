//! The requests for parts of files that the server has yet to answer, of all files together.
//!
//! A request that is no longer wanted is answered all the same, and the server counts it until then. It answers all of a session in
//! the order in which they came.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::STALL_WAIT;
use super::stream::Asked;
use crate::protocol::DownloadPiece;

/// How many may be unanswered. Chosen: a server refuses the fifth. At the limit nothing more is asked for.
const REQUESTS_MAX: usize = 4;

/// After how long without any answer the server is believed to have none. Chosen: what was asked for again after a stall has had its
/// time, too.
const UNANSWERED_WAIT: Duration = STALL_WAIT.saturating_mul(2);

/// The requests of a session, in the order sent.
#[derive(Debug, Default)]
pub(super) struct SentRequests {
    all: VecDeque<Asked>,
    /// When the last answer came, or the first request of these was sent.
    heard_at: Option<Instant>,
}

impl SentRequests {
    /// How many more may be sent.
    pub(super) fn room(&self) -> usize {
        REQUESTS_MAX.saturating_sub(self.all.len())
    }

    /// When the server last answered, as long as it has something to answer.
    pub(super) fn heard_at(&self) -> Option<Instant> {
        self.heard_at.filter(|_| !self.all.is_empty())
    }

    /// A request was sent.
    pub(super) fn note_sent(&mut self, now: Instant, asked: Asked) {
        if self.all.is_empty() {
            self.heard_at = Some(now);
        }
        self.all.push_back(asked);
    }

    /// A piece has come: what was asked for before it is answered, and with its last one so is its own request.
    pub(super) fn note_piece(&mut self, now: Instant, piece: &DownloadPiece) {
        let Some(at) = self.all.iter().position(|asked| asked.tag == piece.tag) else {
            return;
        };
        self.heard_at = Some(now);
        let asked = self.all[at];
        let end = piece.offset.saturating_add(piece.bytes.len() as u64);
        let is_last = piece.bytes.is_empty() || end >= asked.offset.saturating_add(asked.length);
        self.all.drain(..at + usize::from(is_last));
    }

    /// A request has failed.
    pub(super) fn end(&mut self, tag: u32) {
        self.all.retain(|asked| asked.tag != tag);
    }

    /// When [`SentRequests::forget_unanswered`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.heard_at().map(|at| at + UNANSWERED_WAIT)
    }

    /// Forgets what is not going to be answered any more.
    pub(super) fn forget_unanswered(&mut self, now: Instant) {
        if self.deadline().is_some_and(|at| at <= now) {
            self.all.clear();
        }
    }
}
