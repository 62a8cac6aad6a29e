//! The way of a file to the server: asked for, in pieces, verified and written by the blobs, noted by the store.

use super::admission::{EarlierDays, account_full, at_limit, check_room, server_full};
use super::uploads::{DAMAGED_MAX, Room, Stage, Upload, per_account};
use super::{Files, Where, answer, refuse, transfers};
use crate::protocol::{
    Command, ErrorCode, Failure, FileSize, Message, PIECE_MAX_BYTES, UploadPiece, UploadRequest,
    UploadState,
};
use crate::server::ctx::blob_link::PendingBlob;
use crate::server::ctx::reply::failure_of;
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::server::ctx::{Ctx, Followup, HISTORY};
use crate::server::session::transfers::UploadTag;
use crate::store::{BlobKey, BlobOutcome, BlobRequest, Outcome, Read, Refusal, Reply, Write};
use crate::text::number;
use crate::transport::{Channel, SessionId};

impl Files {
    /// A client wants to bring a file.
    pub fn upload(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: UploadRequest,
    ) {
        let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
            return;
        };
        let most = ctx.config.limits.files.most_bytes();
        let Some(bytes) = FileSize::new(body.size).filter(|size| size.bytes() <= most) else {
            let detail = match most {
                0 => "files are not taken here".into(),
                most => format!("files may be at most {}", number::size(most)),
            };
            ctx.counters.at_file_limits.file += 1;
            return refuse(
                ctx,
                Command::Upload,
                origin,
                Failure::new(ErrorCode::LimitReached, detail),
            );
        };
        let key = BlobKey {
            account: origin.account,
            root: body.root,
            size: bytes,
        };
        self.leave_tags(ctx, origin, &key);
        if !transfers(ctx, id).is_some_and(|transfers| transfers.set_tag(body.tag, key)) {
            return refuse(ctx, Command::Upload, origin, at_limit(per_account()));
        }
        // What had no room to be dropped is wanted again.
        self.drops.remove(&key);
        let now = ctx.now.instant;
        if let Some(upload) = self.uploads.get_mut(&key)
            && upload.stage != Stage::Closed
        {
            upload.attach(now, origin);
            if upload.stage == Stage::Streaming {
                upload.begin();
                self.tell_if_due(ctx, key);
            }
            return;
        }
        if let Err(failure) = self.make_room(ctx, &key) {
            ctx.counters.at_file_limits.uploads += 1;
            return refuse(ctx, Command::Upload, origin, failure);
        }
        let mut upload = self
            .uploads
            .remove(&key)
            .unwrap_or_else(|| Upload::new(now));
        upload.stage = Stage::Asked;
        upload.attach(now, origin);
        self.uploads.insert(key, upload);
        if self.adoption.is_over() {
            self.ask(ctx, key);
        } else {
            self.adoption.wait(key);
        }
    }

    /// Makes room for one more upload, or says which limit is reached.
    fn make_room(&mut self, ctx: &mut Ctx<'_>, key: &BlobKey) -> Result<(), Failure> {
        // At most one of each kind has to go.
        for _ in 0..3 {
            match self.uploads.room_for(ctx.now.instant, key) {
                Room::Free => return Ok(()),
                Room::None(limit) => return Err(at_limit(limit)),
                Room::Drop(other) => {
                    self.uploads.remove(&other);
                    self.drop_blobs(ctx, [other], Where::Here);
                }
                Room::Close(other) => self.close(ctx, other),
                Room::Interrupt(other) => {
                    let detail = "others have fewer uploads under way: yours goes on later";
                    self.fail(ctx, other, at_limit(detail.into()));
                }
            }
        }
        Err(at_limit("the server has no room for another upload".into()))
    }

    /// Asks the store whether a file is there.
    pub(super) fn ask(&mut self, ctx: &mut Ctx<'_>, key: BlobKey) {
        let upload = self.uploads.get(&key);
        if upload.is_none_or(|upload| upload.stage != Stage::Asked) {
            return;
        }
        let read = Read::HasFile {
            account: key.account,
            root: key.root,
            day_ms: self.days.take_wanted(ctx, key.account),
        };
        if !ctx.store.submit(Pending::HasFile(key), read) {
            self.fail(ctx, key, Failure::new(ErrorCode::Unavailable, ""));
        }
    }

    /// What the session has brought under this tag, or under another one of the same file, it brings no longer.
    fn leave_tags(&mut self, ctx: &mut Ctx<'_>, origin: RequestOrigin, key: &BlobKey) {
        let Some(transfers) = transfers(ctx, origin.session) else {
            return;
        };
        for (tag, used) in &mut transfers.tags {
            let UploadTag::Of(other) = *used else {
                continue;
            };
            if *tag == origin.tag || other == *key {
                *used = UploadTag::Over;
                if let Some(upload) = self.uploads.get_mut(&other) {
                    upload.attached.retain(|it| it.session != origin.session);
                }
            }
        }
    }

    /// The store has said whether a file is there, and how much of files is.
    pub fn on_file_checked(&mut self, ctx: &mut Ctx<'_>, key: BlobKey, outcome: &Outcome) {
        let Outcome::Done(Reply::HasFile {
            size: found,
            account_bytes,
            all_bytes,
            day_bytes,
        }) = outcome
        else {
            return self.fail(ctx, key, failure_of(outcome));
        };
        EarlierDays::count(ctx, key.account, *day_bytes);
        let Some(upload) = self.uploads.get_mut(&key) else {
            return;
        };
        // One of another size has another content, and is yet to come.
        upload.has_row = *found == Some(key.size);
        let left = key.size.stream_bytes().saturating_sub(upload.taken);
        if !upload.has_row
            && let Err(failure) =
                check_room(ctx, &self.uploads, &key, (*account_bytes, *all_bytes), left)
        {
            return self.fail(ctx, key, failure);
        }
        if !ctx
            .blobs
            .submit(PendingBlob::Begin(key), BlobRequest::Begin(key))
        {
            return self.fail(ctx, key, Failure::new(ErrorCode::Unavailable, ""));
        }
        if let Some(upload) = self.uploads.get_mut(&key) {
            upload.stage = Stage::Beginning;
        }
    }

    /// The blobs have said how much of a file is there.
    pub fn on_begun(&mut self, ctx: &mut Ctx<'_>, key: BlobKey, outcome: &BlobOutcome) {
        let Some(upload) = self.uploads.get_mut(&key) else {
            return;
        };
        match *outcome {
            BlobOutcome::Taken(taken) => {
                upload.stage = Stage::Streaming;
                upload.taken = taken;
                upload.begun = ctx.now.instant;
                upload.begin();
                self.tell_if_due(ctx, key);
            }
            BlobOutcome::Complete if upload.has_row => self.end(ctx, key),
            BlobOutcome::Complete => self.add(ctx, key),
            BlobOutcome::Damaged(_) => self.give_up(ctx, key),
            _ => self.fail_to_write(ctx, key, outcome),
        }
    }

    /// A piece of a file has come.
    pub fn on_piece(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: UploadPiece,
    ) {
        let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
            return;
        };
        let used = transfers(ctx, id).and_then(|transfers| transfers.tags.get(&body.tag).copied());
        let key = match used {
            Some(UploadTag::Of(key)) => key,
            Some(UploadTag::Over) => return,
            None => {
                let failure = Failure::new(ErrorCode::OutOfTurn, "no upload has this tag");
                return refuse(ctx, Command::Upload, origin, failure);
            }
        };
        let Some(upload) = self.uploads.get_mut(&key) else {
            return;
        };
        let length = body.bytes.len();
        let end = body.offset.saturating_add(length as u64);
        if !(1..=PIECE_MAX_BYTES).contains(&length) || end > key.size.stream_bytes() {
            let detail = "the piece is empty, too long, or beyond the end of the file";
            return refuse(
                ctx,
                Command::Upload,
                origin,
                Failure::new(ErrorCode::Malformed, detail),
            );
        }
        if !upload.is_writer(id, body.tag) {
            return;
        }
        if !upload.expects(body.offset) {
            return self.tell_if_due(ctx, key);
        }
        let request = BlobRequest::Write {
            key,
            offset: body.offset,
            bytes: body.bytes.into_vec(),
        };
        if !ctx.blobs.submit(PendingBlob::Write(key, id), request) {
            upload.go_back();
            return self.tell_if_due(ctx, key);
        }
        upload.active = ctx.now.instant;
        upload.expected = end;
        upload.writes += 1;
        if let Some(transfers) = transfers(ctx, id) {
            transfers.writes += 1;
        }
    }

    /// A piece was written, or not.
    pub fn on_written(
        &mut self,
        ctx: &mut Ctx<'_>,
        key: BlobKey,
        session: SessionId,
        outcome: &BlobOutcome,
    ) {
        if let Some(transfers) = transfers(ctx, session) {
            // If another user has signed in on it meanwhile, none of theirs is.
            transfers.writes = transfers.writes.saturating_sub(1);
            ctx.followups
                .push_back(Followup::Readable(session, HISTORY));
        }
        let Some(upload) = self.uploads.get_mut(&key) else {
            return;
        };
        upload.writes = upload.writes.saturating_sub(1);
        let before = upload.taken;
        let came = match *outcome {
            BlobOutcome::Taken(taken) => taken,
            BlobOutcome::Complete => key.size.stream_bytes(),
            _ => before,
        };
        ctx.counters.uploaded_bytes += came.saturating_sub(before);
        match (upload.stage, outcome) {
            // It was interrupted since, and this was under way: it counts.
            (Stage::Closed, BlobOutcome::Taken(_)) => upload.taken = before.max(came),
            (Stage::Streaming | Stage::Closed, BlobOutcome::Complete) => self.add(ctx, key),
            (Stage::Streaming, _) => self.on_streamed(ctx, key, outcome),
            // It has failed since. Who goes on with it is told what there is.
            _ => {}
        }
    }

    /// A piece of an upload that goes on was written, or not.
    fn on_streamed(&mut self, ctx: &mut Ctx<'_>, key: BlobKey, outcome: &BlobOutcome) {
        let Some(upload) = self.uploads.get_mut(&key) else {
            return;
        };
        match *outcome {
            BlobOutcome::Taken(taken) => {
                let is_news = taken > upload.taken && !upload.is_answer_due;
                upload.taken = taken;
                if is_news {
                    self.tell(ctx, &key, false);
                }
            }
            BlobOutcome::Damaged(taken) => {
                upload.taken = taken;
                upload.damaged += 1;
                if upload.damaged >= DAMAGED_MAX {
                    return self.give_up(ctx, key);
                }
                upload.go_back();
                if let Some(writer) = upload.attached.last().copied() {
                    refuse(
                        ctx,
                        Command::Upload,
                        writer,
                        Failure::new(ErrorCode::FileDamaged, ""),
                    );
                }
            }
            BlobOutcome::Elsewhere(taken) => {
                upload.taken = taken;
                upload.go_back();
            }
            _ => return self.fail_to_write(ctx, key, outcome),
        }
        self.tell_if_due(ctx, key);
    }

    /// All of a file is there: the store notes it.
    fn add(&mut self, ctx: &mut Ctx<'_>, key: BlobKey) {
        let write = Write::AddFile {
            account: key.account,
            root: key.root,
            size: key.size.bytes(),
            time_ms: ctx.now.unix_ms,
            quota: ctx.config.limits.files.quota(),
        };
        if !ctx.store.submit(Pending::AddFile(key), write) {
            return self.fail(ctx, key, Failure::new(ErrorCode::Unavailable, ""));
        }
        if let Some(upload) = self.uploads.get_mut(&key) {
            upload.stage = Stage::Adding;
            upload.taken = key.size.stream_bytes();
        }
    }

    /// The store has noted a file, or not.
    pub fn on_added(&mut self, ctx: &mut Ctx<'_>, key: BlobKey, outcome: &Outcome) {
        let failure = match outcome {
            Outcome::Done(_) => return self.confirm(ctx, key),
            Outcome::Refused(Refusal::QuotaFull(limit)) => {
                ctx.counters.at_file_limits.account += 1;
                account_full(*limit)
            }
            Outcome::Refused(Refusal::StorageFull) => {
                ctx.counters.at_file_limits.all += 1;
                server_full()
            }
            _ => failure_of(outcome),
        };
        self.fail(ctx, key, failure);
        let is_refused = matches!(outcome, Outcome::Refused(_));
        self.drop_left(ctx, is_refused.then_some(key), Where::Everywhere);
    }

    /// An upload is complete.
    pub(super) fn end(&mut self, ctx: &mut Ctx<'_>, key: BlobKey) {
        if let Some(upload) = self.uploads.get_mut(&key) {
            upload.taken = key.size.stream_bytes();
        }
        self.tell(ctx, &key, true);
        self.forget(ctx, &key);
    }

    /// What comes of a file never fits its root.
    fn give_up(&mut self, ctx: &mut Ctx<'_>, key: BlobKey) {
        let detail =
            "the upload was given up: the file does not have the content that it is named by";
        self.fail(ctx, key, Failure::new(ErrorCode::FileDamaged, detail));
        self.drop_left(ctx, Some(key), Where::Everywhere);
    }

    pub(super) fn fail_to_write(&mut self, ctx: &mut Ctx<'_>, key: BlobKey, outcome: &BlobOutcome) {
        let failure = match outcome {
            BlobOutcome::Failed { is_full: true } => {
                Failure::new(ErrorCode::QuotaFull, "the server's disk is full")
            }
            _ => Failure::new(ErrorCode::Unavailable, "the server cannot write the file"),
        };
        self.fail(ctx, key, failure);
    }

    /// An upload has failed; what there is of it stays, for another, and counts.
    pub(super) fn fail(&mut self, ctx: &mut Ctx<'_>, key: BlobKey, failure: Failure) {
        if let Some(upload) = self.forget(ctx, &key) {
            for origin in &upload.attached {
                if ctx.is_connected(*origin) {
                    refuse(ctx, Command::Upload, *origin, failure.clone());
                }
            }
            if upload.taken > 0 {
                self.uploads.insert(key, upload.closed());
            } else if upload.stage != Stage::Asked {
                // Not even an empty file is left that nobody counts.
                return self.drop_blobs(ctx, [key], Where::Here);
            }
        }
        // If there is no room, it is forgotten with its next upload, or its last one.
        ctx.blobs.submit(PendingBlob::Done, BlobRequest::Close(key));
    }

    /// An upload is over, and so are its tags.
    fn forget(&mut self, ctx: &mut Ctx<'_>, key: &BlobKey) -> Option<Upload> {
        let upload = self.uploads.remove(key)?;
        for origin in &upload.attached {
            if let Some(transfers) = transfers(ctx, origin.session) {
                transfers.end_tag(origin.tag);
            }
        }
        Some(upload)
    }

    /// Says where an upload goes on, if that is due.
    fn tell_if_due(&mut self, ctx: &mut Ctx<'_>, key: BlobKey) {
        let upload = self.uploads.get_mut(&key);
        if upload.is_some_and(Upload::take_answer) {
            self.tell(ctx, &key, false);
        }
    }

    fn tell(&mut self, ctx: &mut Ctx<'_>, key: &BlobKey, is_complete: bool) {
        let Some(upload) = self.uploads.get(key) else {
            return;
        };
        for origin in &upload.attached {
            if ctx.is_connected(*origin) {
                let state = UploadState {
                    tag: origin.tag,
                    taken: upload.taken,
                    is_complete,
                };
                answer(ctx, origin.session, Message::control(state));
            }
        }
    }

    /// Nobody is signed in on a session any longer. What it brought another may go on with.
    pub fn on_signed_out(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        self.downloads.forget_session(id);
        for key in self.uploads.detach(ctx.now.instant, id) {
            if let Some(upload) = self.uploads.get_mut(&key) {
                upload.go_back();
            }
            self.tell_if_due(ctx, key);
        }
    }

    /// Forgets what is in memory of uploads that nobody goes on with.
    pub fn close_idle(&mut self, ctx: &mut Ctx<'_>) {
        for key in self.uploads.idle(ctx.now.instant) {
            self.close(ctx, key);
        }
    }

    /// Keeps nothing of an upload in memory but that there is one.
    fn close(&mut self, ctx: &mut Ctx<'_>, key: BlobKey) {
        let Some(upload) = self.uploads.get_mut(&key) else {
            return;
        };
        upload.stage = Stage::Closed;
        for origin in std::mem::take(&mut upload.attached) {
            if let Some(transfers) = transfers(ctx, origin.session) {
                // Its next piece is told that there is no such upload.
                transfers.forget_tag(origin.tag);
            }
        }
        // If there is no room, it is forgotten with its next upload, or its last one.
        ctx.blobs.submit(PendingBlob::Done, BlobRequest::Close(key));
    }
}
