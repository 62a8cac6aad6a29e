//! Attached files: they are uploaded before an entry names them, and downloaded by those who are given the entry.
//!
//! What a file is, the store's tables know; its bytes are in the blobs (`store::blobs`), which answer by themselves. A transfer
//! goes over the bulk channel, behind everything else, and waits wherever something is short: a piece of an upload is taken
//! only while few are being written, and a piece of a download read only while few wait to be sent.

mod admission;
mod adoption;
pub mod download;
pub mod shelf;
mod sweep;
mod upload;
mod uploads;

use std::collections::BTreeMap;
use std::time::Instant;

use super::ctx::blob_link::PendingBlob;
use super::ctx::reply::send;
use super::ctx::requests::RequestOrigin;
use super::ctx::{Ctx, Followup, HISTORY};
use super::session::User;
use super::session::transfers::Transfers;
use crate::protocol::{Command, ErrorCode, Failure, Message, ServerMessage};
use crate::store::{BlobCompletion, BlobKey, BlobOutcome, BlobRequest, FoundBlob, Outcome};
use crate::transport::{Now, SessionId};
use admission::EarlierDays;
use adoption::Adoption;
use download::Downloads;
use shelf::ShelfPass;
use sweep::Sweep;
use uploads::Uploads;

#[cfg(test)]
pub use uploads::{OPEN_MAX, PER_ACCOUNT};

/// Blobs that are still to be dropped, because there was no room for the request. At the limit they are left to the sweep.
const DROPS_MAX: usize = 4096;

/// From where a blob is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    /// This server only: others have it still, or have removed it themselves.
    Here,
    /// All servers of a cluster, if this is one of several.
    Everywhere,
}

/// All transfers.
pub struct Files {
    uploads: Uploads,
    adoption: Adoption,
    pub sweep: Sweep,
    pub downloads: Downloads,
    drops: BTreeMap<BlobKey, Where>,
    pub shelf: ShelfPass,
    /// The days before the start.
    days: EarlierDays,
}

impl Files {
    pub fn new(now: Now) -> Self {
        Self {
            uploads: Uploads::default(),
            adoption: Adoption::new(now.instant),
            sweep: Sweep::new(now.instant),
            downloads: Downloads::default(),
            drops: BTreeMap::new(),
            shelf: ShelfPass::new(now.instant),
            days: EarlierDays::new(now.instant),
        }
    }

    /// The blobs have answered.
    pub fn on_completion(&mut self, ctx: &mut Ctx<'_>, completion: BlobCompletion) {
        let outcome = completion.outcome;
        match ctx.blobs.complete(completion.id) {
            None => tracing::error!("the blobs have answered what nobody has asked"),
            Some(PendingBlob::Begin(key)) => self.on_begun(ctx, key, &outcome),
            Some(PendingBlob::Write(key, session)) => {
                self.on_written(ctx, key, session, &outcome);
            }
            Some(PendingBlob::Read(origin, key, offset)) => {
                let downloads = &mut self.downloads;
                downloads.on_piece_read(ctx, origin, (key, offset), outcome);
            }
            Some(PendingBlob::Adopt) => {
                let surplus = adoption::adopt_parts(ctx, &mut self.uploads, found(outcome));
                self.drop_blobs(ctx, surplus, Where::Here);
                for key in self.adoption.go_on(ctx) {
                    self.ask(ctx, key);
                }
            }
            Some(PendingBlob::List) => {
                let found = found(outcome);
                let is_used = |key: &BlobKey| self.uploads.is_open(key);
                let dropped = self.sweep.on_listed(ctx, found, is_used);
                // Elsewhere it may have been brought to its end.
                self.drop_left(ctx, dropped, Where::Here);
            }
            Some(PendingBlob::Confirm(key)) => self.on_confirmed(ctx, key, &outcome),
            Some(PendingBlob::Condemn(key)) => shelf::on_condemned(ctx, key, &outcome),
            Some(PendingBlob::PassListed) => self.shelf.on_listed(ctx, outcome),
            Some(PendingBlob::Passed(key)) => {
                shelf::on_condemned(ctx, key, &outcome);
                self.shelf.on_passed(ctx, &outcome);
            }
            Some(PendingBlob::Done) => {}
        }
        self.retry(ctx);
    }

    /// What had no room before.
    fn retry(&mut self, ctx: &mut Ctx<'_>) {
        self.downloads.read_for_stalled(ctx);
        while let Some((key, place)) = self.drops.first_key_value()
            && drop_blob(ctx, *key, *place)
        {
            self.drops.pop_first();
        }
    }

    /// Nothing refers to these any longer; `is_own` if this server was asked for that.
    pub fn on_freed(&mut self, ctx: &mut Ctx<'_>, freed: Vec<BlobKey>, is_own: bool) {
        let mut dropped = Vec::new();
        for key in freed {
            // One that is being brought again is noted again at its end.
            if !self.uploads.forget_row(&key) {
                dropped.push(key);
            }
        }
        let place = if is_own {
            Where::Everywhere
        } else {
            Where::Here
        };
        self.drop_blobs(ctx, dropped, place);
    }

    fn drop_blobs(
        &mut self,
        ctx: &mut Ctx<'_>,
        keys: impl IntoIterator<Item = BlobKey>,
        place: Where,
    ) {
        for key in keys {
            if !drop_blob(ctx, key, place) && self.drops.len() < DROPS_MAX {
                self.drops.insert(key, place);
            }
        }
    }

    /// The store has said which of these files are kept.
    pub fn on_asked(&mut self, ctx: &mut Ctx<'_>, asked: Vec<BlobKey>, outcome: &Outcome) {
        let mut unknown = self.sweep.on_asked(ctx, asked, outcome);
        unknown.retain(|key| !self.uploads.is_open(key));
        self.drop_left(ctx, unknown, Where::Everywhere);
    }

    /// Nobody goes on with these, so that nothing is kept of them.
    fn drop_left(
        &mut self,
        ctx: &mut Ctx<'_>,
        keys: impl IntoIterator<Item = BlobKey>,
        place: Where,
    ) {
        for key in keys {
            self.uploads.remove(&key);
            self.drop_blobs(ctx, [key], place);
        }
    }

    /// There is room on a session's bulk channel again.
    pub fn on_writable(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        flush_answers(ctx, id);
        self.downloads.pump(ctx, id);
    }

    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        self.adoption.on_timeout(ctx);
        self.close_idle(ctx);
        self.sweep.on_timeout(ctx);
        self.shelf.on_timeout(ctx);
        self.retry(ctx);
    }

    pub fn deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.adoption.deadline(),
            self.uploads.deadline(),
            self.sweep.deadline(),
            self.shelf.deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// How many uploads are under way, or were left in between.
    pub fn upload_count(&self) -> usize {
        self.uploads.len()
    }
}

/// Asks for a blob to be removed, if there is room for that.
fn drop_blob(ctx: &mut Ctx<'_>, key: BlobKey, place: Where) -> bool {
    if place == Where::Everywhere && ctx.blobs.is_shared() {
        let until_ms = None;
        let request = BlobRequest::Condemn { key, until_ms };
        return ctx.blobs.submit(PendingBlob::Condemn(key), request);
    }
    ctx.blobs.submit(PendingBlob::Done, BlobRequest::Drop(key))
}

/// What a list has; of one that cannot be read, nothing.
fn found(outcome: BlobOutcome) -> Vec<FoundBlob> {
    match outcome {
        BlobOutcome::Found(found) => found,
        _ => Vec::new(),
    }
}

/// Answers about a transfer, now or when there is room.
fn answer(ctx: &mut Ctx<'_>, id: SessionId, message: ServerMessage) {
    if let Some(transfers) = transfers(ctx, id) {
        transfers.answer(message);
    }
    flush_answers(ctx, id);
}

/// Tells that a request for a transfer has failed. An upload's tag is over then, except where what came of it comes again.
fn refuse(ctx: &mut Ctx<'_>, command: Command, origin: RequestOrigin, failure: Failure) {
    if command == Command::Upload
        && failure.code != ErrorCode::FileDamaged
        && let Some(transfers) = transfers(ctx, origin.session)
    {
        transfers.end_tag(origin.tag);
    }
    let failure = Failure {
        tag: Some(origin.tag),
        ..failure
    };
    answer(ctx, origin.session, Message::error(command, failure));
}

/// Sends the answers that wait for room, and takes what follows.
fn flush_answers(ctx: &mut Ctx<'_>, id: SessionId) {
    let user = ctx.sessions.user_mut(id);
    let Some(transfers) = user.and_then(User::transfers_mut) else {
        return;
    };
    let answers = &mut transfers.answers;
    let had_some = !answers.is_empty();
    while let Some(message) = answers.front() {
        // Event::Writable goes on from here; a session that is closed needs nothing more.
        if send(ctx.now, (ctx.endpoint, ctx.scratch), id, HISTORY, message).is_err() {
            return;
        }
        answers.pop_front();
    }
    if had_some {
        ctx.followups.push_back(Followup::Readable(id, HISTORY));
    }
}

fn transfers<'a>(ctx: &'a mut Ctx<'_>, id: SessionId) -> Option<&'a mut Transfers> {
    ctx.sessions.user_mut(id).map(User::begin_transfers)
}
