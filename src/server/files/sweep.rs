//! Looks for files that nobody needs, once an hour, in steps: those that no entry has named for a day, parts that nobody goes on
//! with, and blobs that the store knows nothing of.

use std::time::{Duration, Instant, SystemTime};

use crate::protocol::{AccountId, FileRoot};
use crate::server::ctx::Ctx;
use crate::server::ctx::blob_link::PendingBlob;
use crate::server::ctx::requests::Pending;
use crate::server::retention::{FIRST_AFTER, PASS_EVERY, STEP_EVERY};
use crate::store::{BlobKey, BlobRequest, FoundBlob, Outcome, Read, Reply, Write};

/// How long a part stays that nobody goes on with. Chosen: a laptop that is away for some days finds what it has sent.
const PART_KEPT: Duration = Duration::from_hours(7 * 24);

/// How long a blob stays of which the store knows nothing: it was written and not noted before the server was killed, or its
/// entry was deleted and not it. Chosen: the client has come back by then, or brings it again.
pub(super) const UNKNOWN_KEPT: Duration = Duration::from_hours(24);

/// Of how many blobs the store is asked at once. Chosen: a millisecond of the storage thread.
const ASKED_AT_ONCE: usize = 200;

/// What the next step is.
#[derive(Debug)]
enum Step {
    /// The store forgets files, after this one.
    Rows(Option<(AccountId, FileRoot)>),
    /// The blobs with this first byte are listed.
    List(u8),
    /// The store is asked which of these it knows; then it goes on with that first byte.
    Ask(Vec<BlobKey>, Option<u8>),
}

/// Where the current pass stands.
#[derive(Debug)]
pub struct Sweep {
    /// When the next step is due; none while one is under way.
    at: Option<Instant>,
    step: Step,
    /// The first byte that was listed last.
    listed: u8,
    removed: u64,
}

impl Sweep {
    /// The first pass, soon after the start.
    pub fn new(now: Instant) -> Self {
        Self::pass_at(now + FIRST_AFTER)
    }

    const fn pass_at(at: Instant) -> Self {
        Self {
            at: Some(at),
            step: Step::Rows(None),
            listed: 0,
            removed: 0,
        }
    }

    /// When the next step is due.
    pub const fn deadline(&self) -> Option<Instant> {
        self.at
    }

    /// Takes the next step, if it is due.
    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        let now = ctx.now.instant;
        if self.at.is_none_or(|at| at > now) {
            return;
        }
        let is_taken = match &mut self.step {
            Step::Rows(after) => {
                let request = Write::SweepFiles {
                    after: *after,
                    kept_ms: ctx.config.files_kept_ms,
                    now_ms: ctx.now.unix_ms,
                };
                ctx.store.submit(Pending::SweepFiles, request)
            }
            Step::List(first) => {
                self.listed = *first;
                ctx.blobs
                    .submit(PendingBlob::List, BlobRequest::List(*first))
            }
            Step::Ask(files, _) => {
                let at = files.len().saturating_sub(ASKED_AT_ONCE);
                let asked = files[at..].to_vec();
                let request = Read::FilesKept {
                    files: asked.clone(),
                };
                let is_taken = ctx.store.submit(Pending::FilesKept(asked), request);
                if is_taken {
                    files.truncate(at);
                }
                is_taken
            }
        };
        // What has no room is busy with messages and transfers, which go first.
        self.at = if is_taken {
            None
        } else {
            Some(now + STEP_EVERY)
        };
    }

    /// The store has forgotten some files.
    pub fn on_rows_swept(&mut self, ctx: &Ctx<'_>, outcome: &Outcome) {
        let mut next = None;
        if let Outcome::Done(Reply::FilesSwept {
            removed,
            next: follows,
        }) = outcome
        {
            self.removed += removed;
            next = *follows;
        }
        self.step = next.map_or(Step::List(0), |next| Step::Rows(Some(next)));
        self.at = Some(ctx.now.instant + STEP_EVERY);
    }

    /// Some blobs are listed; those that can be dropped at once.
    pub fn on_listed(
        &mut self,
        ctx: &Ctx<'_>,
        found: Vec<FoundBlob>,
        is_used: impl Fn(&BlobKey) -> bool,
    ) -> Vec<BlobKey> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(ctx.now.unix_ms);
        let mut dropped = Vec::new();
        let mut asked = Vec::new();
        for blob in found {
            // What is younger than now has no age.
            let age = now.duration_since(blob.modified).unwrap_or_default();
            if is_used(&blob.key) {
                continue;
            }
            if !blob.is_part && age >= UNKNOWN_KEPT {
                asked.push(blob.key);
            } else if blob.is_part && age >= PART_KEPT {
                dropped.push(blob.key);
            }
        }
        // Who has a part of a blob that is whole drops both, so that one waits for the next pass.
        dropped.retain(|key| !asked.contains(key));
        self.removed += dropped.len() as u64;
        self.step = Step::Ask(asked, self.listed.checked_add(1));
        self.go_on(ctx);
        dropped
    }

    /// The store has said which of these it knows; those that it does not.
    pub fn on_asked(
        &mut self,
        ctx: &Ctx<'_>,
        asked: Vec<BlobKey>,
        outcome: &Outcome,
    ) -> Vec<BlobKey> {
        let mut unknown = Vec::new();
        if let Outcome::Done(Reply::FilesKept(kept)) = outcome {
            unknown = asked;
            unknown.retain(|key| !kept.contains(key));
        }
        self.removed += unknown.len() as u64;
        self.go_on(ctx);
        unknown
    }

    fn go_on(&mut self, ctx: &Ctx<'_>) {
        let now = ctx.now.instant;
        if let Step::Ask(files, next) = &self.step
            && files.is_empty()
        {
            if let Some(next) = *next {
                self.step = Step::List(next);
            } else {
                if self.removed > 0 {
                    tracing::info!(
                        removed = self.removed,
                        "attached files that nobody needs were removed"
                    );
                }
                *self = Self::pass_at(now + PASS_EVERY);
                return;
            }
        }
        self.at = Some(now + STEP_EVERY);
    }
}
