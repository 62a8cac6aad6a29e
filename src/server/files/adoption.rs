//! Takes over what an earlier server has left of uploads: it is counted, so that a restart makes no room, and gone on with.
//! Until all is known no upload is begun.

use std::time::{Duration, Instant, SystemTime};

use super::admission::EarlierDays;
use super::uploads::Uploads;
use crate::server::ctx::Ctx;
use crate::server::ctx::blob_link::PendingBlob;
use crate::server::retention::STEP_EVERY;
use crate::store::{BlobKey, BlobRequest, FoundBlob};

/// How far it has come.
#[derive(Debug)]
pub struct Adoption {
    /// The parts of files whose roots begin with this byte are next; none once all are known.
    next: Option<u8>,
    /// When they are to be listed; none while they are being.
    at: Option<Instant>,
    /// The uploads that wait for its end.
    waiting: Vec<BlobKey>,
}

impl Adoption {
    pub const fn new(now: Instant) -> Self {
        Self {
            next: Some(0),
            at: Some(now),
            waiting: Vec::new(),
        }
    }

    /// Whether all is known.
    pub const fn is_over(&self) -> bool {
        self.next.is_none()
    }

    /// When the next step is due.
    pub const fn deadline(&self) -> Option<Instant> {
        self.at
    }

    /// An upload, which waits for nothing else, is begun at the end.
    pub fn wait(&mut self, key: BlobKey) {
        self.waiting.push(key);
    }

    /// Takes the next step, if it is due.
    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        let now = ctx.now.instant;
        let Some(first) = self.next.filter(|_| self.at.is_some_and(|at| at <= now)) else {
            return;
        };
        let is_taken = ctx
            .blobs
            .submit(PendingBlob::Adopt, BlobRequest::List(first));
        self.at = (!is_taken).then(|| now + STEP_EVERY);
    }

    /// What was asked for last is known. Returns the uploads that are begun now, since all is.
    pub fn go_on(&mut self, ctx: &mut Ctx<'_>) -> Vec<BlobKey> {
        self.next = self.next.and_then(|first| first.checked_add(1));
        self.at = self.next.map(|_| ctx.now.instant);
        self.on_timeout(ctx);
        if self.is_over() {
            std::mem::take(&mut self.waiting)
        } else {
            Vec::new()
        }
    }
}

/// Some blobs and parts are listed: counts the parts among the uploads. Returns those for which there is no room.
pub fn adopt_parts(
    ctx: &mut Ctx<'_>,
    uploads: &mut Uploads,
    found: Vec<FoundBlob>,
) -> Vec<BlobKey> {
    let today = SystemTime::UNIX_EPOCH + Duration::from_millis(ctx.now.unix_ms);
    let now = ctx.now.instant;
    let mut surplus = Vec::new();
    for part in found.into_iter().filter(|blob| blob.is_part) {
        // What is younger than now has no age.
        let age = today.duration_since(part.modified).unwrap_or_default();
        let taken = part.stream_bytes.min(part.key.size.stream_bytes());
        let active = now.checked_sub(age).unwrap_or(now);
        EarlierDays::count_part(ctx, part.key.account, taken, age);
        if let Some(key) = uploads.adopt(part.key, taken, active) {
            uploads.remove(&key);
            surplus.push(key);
        }
    }
    surplus
}
