//! What the servers of a cluster do about the files that all of them have, on a shelf (`store::blobs::shelf`): what nobody keeps is
//! removed from it, and what is here and has to be there is put there.
//!
//! A server passes once an hour, in steps. Its first pass also looks at the files that are here: those of a server that was
//! a single one before are put on the shelf then.

use std::time::{Duration, Instant};

use super::Files;
use super::sweep::UNKNOWN_KEPT;
use super::uploads::Stage;
use crate::protocol::{ErrorCode, Failure};
use crate::server::ctx::Ctx;
use crate::server::ctx::blob_link::PendingBlob;
use crate::server::ctx::requests::Pending;
use crate::server::retention::{PASS_EVERY, STEP_EVERY};
use crate::store::{BlobKey, BlobOutcome, BlobRequest, Outcome, Read, Reply};

/// How long after its start a server passes for the first time. Chosen: soon, since others lack the files that only it has.
const FIRST_AFTER: Duration = Duration::from_secs(2);

/// Of how many files the store is asked at once. Chosen: a millisecond of the storage thread.
const ASKED_AT_ONCE: usize = 200;

/// What is looked at in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The files that are here, which have to be on the shelf.
    Here,
    /// Those on the shelf, which somebody has to keep.
    Shelf,
}

/// Where the current pass stands.
#[derive(Debug)]
pub struct ShelfPass {
    /// When the next step is due; none while one is under way.
    at: Option<Instant>,
    side: Side,
    /// The files whose roots begin with this byte are listed next.
    next: u8,
    /// Of these the store is to be asked.
    unasked: Vec<BlobKey>,
    /// With these something is to be done.
    todo: Vec<BlobKey>,
    /// How many were condemned.
    condemned: u64,
}

impl ShelfPass {
    pub fn new(now: Instant) -> Self {
        Self::pass_at(now + FIRST_AFTER)
    }

    /// Each pass begins with what is here: what the shelf did not take before, or has lost since, comes there.
    const fn pass_at(at: Instant) -> Self {
        Self {
            at: Some(at),
            side: Side::Here,
            next: 0,
            unasked: Vec::new(),
            todo: Vec::new(),
            condemned: 0,
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
        if !ctx.blobs.is_shared() {
            self.at = None;
            return;
        }
        let is_taken = if let Some(key) = self.todo.last().copied() {
            let request = match self.side {
                Side::Here => BlobRequest::Shelve(key),
                Side::Shelf => BlobRequest::Condemn {
                    key,
                    until_ms: Some(old_before(ctx.now.unix_ms)),
                },
            };
            let is_taken = ctx.blobs.submit(PendingBlob::Passed(key), request);
            if is_taken {
                self.todo.pop();
            }
            is_taken
        } else if self.unasked.is_empty() {
            let request = match self.side {
                Side::Here => BlobRequest::List(self.next),
                Side::Shelf => BlobRequest::ListShelved(self.next),
            };
            ctx.blobs.submit(PendingBlob::PassListed, request)
        } else {
            let at = self.unasked.len().saturating_sub(ASKED_AT_ONCE);
            let files = self.unasked[at..].to_vec();
            let pending = Pending::ShelvedKept(files.clone());
            let is_taken = ctx.store.submit(pending, Read::FilesKept { files });
            if is_taken {
                self.unasked.truncate(at);
            }
            is_taken
        };
        // What has no room is busy with messages and transfers, which go first.
        self.at = (!is_taken).then(|| now + STEP_EVERY);
    }

    /// Some files are listed.
    pub fn on_listed(&mut self, ctx: &Ctx<'_>, outcome: BlobOutcome) {
        self.unasked = match outcome {
            BlobOutcome::Found(found) => {
                let whole = found.into_iter().filter(|blob| !blob.is_part);
                whole.map(|blob| blob.key).collect()
            }
            BlobOutcome::Shelved(found) => found,
            _ => Vec::new(),
        };
        self.go_on(ctx);
    }

    /// The store has said which of these are kept.
    pub fn on_asked(&mut self, ctx: &Ctx<'_>, mut asked: Vec<BlobKey>, outcome: &Outcome) {
        if let Outcome::Done(Reply::FilesKept(kept)) = outcome {
            let has_to_be_kept = self.side == Side::Here;
            asked.retain(|key| kept.contains(key) == has_to_be_kept);
            self.todo = asked;
        }
        self.go_on(ctx);
    }

    /// Something was done with one.
    pub fn on_passed(&mut self, ctx: &Ctx<'_>, outcome: &BlobOutcome) {
        self.condemned += u64::from(matches!(outcome, BlobOutcome::Condemned(_)));
        self.go_on(ctx);
    }

    fn go_on(&mut self, ctx: &Ctx<'_>) {
        let now = ctx.now.instant;
        if !self.unasked.is_empty() {
            self.at = Some(now + STEP_EVERY);
            return;
        }
        // What is done with one waits for the shelf, and a list that is empty has cost nothing.
        self.at = Some(now);
        if !self.todo.is_empty() {
            return;
        }
        if let Some(next) = self.next.checked_add(1) {
            self.next = next;
        } else if self.side == Side::Here {
            (self.side, self.next) = (Side::Shelf, 0);
        } else {
            if self.condemned > 0 {
                tracing::info!(
                    removed = self.condemned,
                    "attached files that nobody keeps were removed from where all servers have them"
                );
            }
            *self = Self::pass_at(now + PASS_EVERY);
        }
    }
}

impl Files {
    /// The store knows a file: where there are other servers, it must be where they find it.
    pub(super) fn confirm(&mut self, ctx: &mut Ctx<'_>, key: BlobKey) {
        if !ctx.blobs.is_shared() {
            ctx.counters.uploads += 1;
            return self.end(ctx, key);
        }
        let request = BlobRequest::Confirm(key);
        if !ctx.blobs.submit(PendingBlob::Confirm(key), request) {
            self.fail(ctx, key, Failure::new(ErrorCode::Unavailable, ""));
        }
    }

    /// It was looked whether a file is where other servers find it.
    pub fn on_confirmed(&mut self, ctx: &mut Ctx<'_>, key: BlobKey, outcome: &BlobOutcome) {
        let upload = self.uploads.get(&key);
        if upload.is_none_or(|upload| upload.stage != Stage::Adding) {
            return;
        }
        match outcome {
            BlobOutcome::Complete => {
                ctx.counters.uploads += 1;
                self.end(ctx, key);
            }
            _ => self.fail_to_write(ctx, key, outcome),
        }
    }
}

/// What was put on the shelf later than that may be on its way to be kept.
fn old_before(now_ms: u64) -> u64 {
    let kept_ms = u64::try_from(UNKNOWN_KEPT.as_millis()).unwrap_or(u64::MAX);
    now_ms.saturating_sub(kept_ms)
}

/// A file was condemned: if the store does not keep it, it goes. Where there is no room for the question, it is condemned
/// again in a later pass.
pub fn on_condemned(ctx: &mut Ctx<'_>, key: BlobKey, outcome: &BlobOutcome) {
    if let BlobOutcome::Condemned(position) = *outcome {
        let files = vec![key];
        let pending = Pending::CondemnedKept(key, position);
        ctx.store.submit(pending, Read::FilesKept { files });
    }
}

/// The store has said whether a condemned file is kept.
pub fn on_condemned_asked(ctx: &mut Ctx<'_>, key: BlobKey, through: u64, outcome: &Outcome) {
    if let Outcome::Done(Reply::FilesKept(kept)) = outcome
        && kept.is_empty()
    {
        let request = BlobRequest::Purge { key, through };
        ctx.blobs.submit(PendingBlob::Done, request);
    }
}
