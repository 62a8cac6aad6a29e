//! The way of a file to those who are given the entry that it belongs to: in pieces, a few of which are read ahead.

use std::collections::VecDeque;

use serde_bytes::ByteBuf;

use super::{answer, refuse, transfers};
use crate::protocol::{
    Command, ConversationId, DownloadPiece, DownloadRequest, EntryId, ErrorCode, Failure, Message,
    PIECE_MAX_BYTES,
};
use crate::server::ctx::blob_link::PendingBlob;
use crate::server::ctx::reply::{failure_of, send};
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::server::ctx::store_link::StoreLink;
use crate::server::ctx::{Ctx, HISTORY};
use crate::server::session::User;
use crate::server::session::transfers::Download;
use crate::store::{BlobKey, BlobOutcome, BlobRequest, Outcome, Read, Reply};
use crate::transport::{Channel, SessionId};

/// Requests of a session that are not answered in full. Chosen: twice as many as a client needs so that there is always one. At
/// the limit another is refused.
const REQUESTS_MAX: usize = 4;

/// After so many bytes of a download the store is asked again whether the reader is given the entry. Chosen: as many as a client
/// asks for at once, for which one answer is enough. A member who is removed from a room gets one
/// mebibyte more at most.
const ALLOWED_BYTES: u64 = 1 << 20;

/// Requests that the blobs must have room for beside the reading of pieces. Chosen: uploads, which need less room, and what
/// is dropped do not wait for downloads.
const ROOM_LEFT: usize = 40;

/// Pieces of a session that are read, or being read, and not handed to the transport. Chosen: the disk and the transport
/// never wait for each other, and what they hold is an eighth of a megabyte.
const READ_AHEAD: usize = 4;

/// A client asks for a part of a file.
pub fn request(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: DownloadRequest) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    let Some(transfers) = transfers(ctx, id) else {
        return;
    };
    if transfers.downloads.len() >= REQUESTS_MAX {
        let detail = format!("at most {REQUESTS_MAX} requests for parts of files at once");
        return refuse(
            ctx,
            Command::Download,
            origin,
            Failure::new(ErrorCode::LimitReached, detail),
        );
    }
    let entry = (body.conversation, body.entry);
    if !ask(ctx.store, origin, entry) {
        return refuse(
            ctx,
            Command::Download,
            origin,
            Failure::new(ErrorCode::Unavailable, ""),
        );
    }
    if let Some(user) = ctx.sessions.user_mut(id) {
        user.begin_transfers().downloads.push_back(Download {
            origin,
            entry,
            key: None,
            is_asked: true,
            allowed: body.offset,
            next: body.offset,
            end: body.offset.saturating_add(body.length),
            reads: 0,
        });
    }
}

/// Asks the store for the file of an entry, if there is room for that.
fn ask(store: &mut StoreLink, origin: RequestOrigin, entry: (ConversationId, EntryId)) -> bool {
    let read = Read::File {
        conversation: entry.0,
        entry: entry.1,
        reader: origin.account,
    };
    store.submit(Pending::File(origin, entry), read)
}

/// What the downloads of all sessions share: the turns in which their pieces are read. The rest belongs to the sessions.
#[derive(Debug, Default)]
pub struct Downloads {
    /// Sessions that wait for their turn to have pieces read, each once: the one that has waited longest is first.
    stalled: VecDeque<SessionId>,
}

impl Downloads {
    /// The store has found the file of an entry.
    pub fn on_file_found(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        entry: (ConversationId, EntryId),
        outcome: &Outcome,
    ) {
        if !ctx.is_connected(origin) {
            return;
        }
        let Outcome::Done(Reply::File(key)) = outcome else {
            return self.fail(ctx, origin, no_file(outcome));
        };
        let Some(transfers) = transfers(ctx, origin.session) else {
            return;
        };
        let is_it = |download: &&mut Download| {
            download.origin == origin && download.entry == entry && download.is_asked
        };
        let Some(download) = transfers.downloads.iter_mut().find(is_it) else {
            return;
        };
        download.key = Some(*key);
        download.is_asked = false;
        download.allowed = download.next.saturating_add(ALLOWED_BYTES);
        let end = key.size.stream_bytes();
        download.end = download.end.min(end);
        // So that the client learns where the stream ends.
        if download.next >= download.end {
            let offset = download.next;
            transfers.downloads.retain(|other| other.origin != origin);
            answer(ctx, origin.session, piece(origin, *key, offset, Vec::new()));
        }
        self.pump(ctx, origin.session);
    }

    /// The blobs have read a piece.
    pub fn on_piece_read(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        (key, offset): (BlobKey, u64),
        outcome: BlobOutcome,
    ) {
        if !ctx.is_connected(origin) {
            return;
        }
        if let BlobOutcome::Read(bytes) = &outcome {
            ctx.counters.downloaded_bytes += bytes.len() as u64;
        }
        let Some(transfers) = transfers(ctx, origin.session) else {
            return;
        };
        let mut downloads = transfers.downloads.iter_mut();
        let is_it = |download: &&mut Download| download.origin == origin && download.reads > 0;
        let Some(download) = downloads.find(is_it) else {
            // It has failed before.
            return self.pump(ctx, origin.session);
        };
        download.reads -= 1;
        match outcome {
            BlobOutcome::Read(bytes) => {
                let is_over = download.reads == 0 && download.next >= download.end;
                transfers
                    .pieces
                    .push_back(piece(origin, key, offset, bytes));
                if is_over {
                    // The first of them, as all are answered in order.
                    let at = transfers
                        .downloads
                        .iter()
                        .position(|it| it.origin == origin);
                    at.and_then(|at| transfers.downloads.remove(at));
                }
                self.pump(ctx, origin.session);
            }
            BlobOutcome::Missing => {
                // Its entry may have been deleted since it was found.
                let (conversation, entry) = download.entry;
                let read = Read::File {
                    conversation,
                    entry,
                    reader: origin.account,
                };
                transfers.downloads.retain(|other| other.origin != origin);
                if !ctx.store.submit(Pending::MissingFile(origin, key), read) {
                    let failure = Failure::new(ErrorCode::Unavailable, "");
                    refuse(ctx, Command::Download, origin, failure);
                }
                self.pump(ctx, origin.session);
            }
            BlobOutcome::Damaged(_) => {
                let detail = "what the servers have of it is damaged: it has to be sent again";
                self.fail(ctx, origin, Failure::new(ErrorCode::NoSuchFile, detail));
            }
            _ => {
                let detail = "the server cannot read the file";
                self.fail(ctx, origin, Failure::new(ErrorCode::Unavailable, detail));
            }
        }
    }

    fn fail(&mut self, ctx: &mut Ctx<'_>, origin: RequestOrigin, failure: Failure) {
        if let Some(transfers) = transfers(ctx, origin.session) {
            transfers.downloads.retain(|other| other.origin != origin);
        }
        refuse(ctx, Command::Download, origin, failure);
        self.pump(ctx, origin.session);
    }

    /// Sends what was read, as far as there is room, and reads ahead.
    pub fn pump(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let user = ctx.sessions.user_mut(id);
        let Some(transfers) = user.and_then(User::transfers_mut) else {
            return;
        };
        let pieces = &mut transfers.pieces;
        let had_some = !pieces.is_empty();
        while let Some(message) = pieces.front() {
            // Event::Writable goes on from here; a session that is closed needs nothing more.
            if send(ctx.now, (ctx.endpoint, ctx.scratch), id, HISTORY, message).is_err() {
                break;
            }
            pieces.pop_front();
        }
        // Who has waited longer goes first.
        if self.stalled.is_empty() {
            self.read_ahead(ctx, id);
        } else {
            self.stall(ctx, id);
        }
        if had_some {
            ctx.note_pending_responses(id);
        }
    }

    /// A session waits for its turn.
    fn stall(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        if let Some(transfers) = transfers(ctx, id)
            && !transfers.downloads.is_empty()
            && !std::mem::replace(&mut transfers.is_stalled, true)
        {
            self.stalled.push_back(id);
        }
    }

    /// Those that have waited for their turn have it, as far as there is room.
    pub(super) fn read_for_stalled(&mut self, ctx: &mut Ctx<'_>) {
        // Each once: one that waits for something else comes back.
        for _ in 0..self.stalled.len() {
            if ctx.blobs.room() <= ROOM_LEFT {
                return;
            }
            let Some(id) = self.stalled.pop_front() else {
                return;
            };
            if let Some(transfers) = transfers(ctx, id) {
                transfers.is_stalled = false;
            }
            self.read_ahead(ctx, id);
        }
    }

    /// Nobody is signed in on a session any longer.
    pub fn forget_session(&mut self, id: SessionId) {
        self.stalled.retain(|other| *other != id);
    }

    fn read_ahead(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let user = ctx.sessions.user_mut(id);
        let Some(transfers) = user.and_then(User::transfers_mut) else {
            return;
        };
        let mut ahead = transfers.ahead();
        for download in &mut transfers.downloads {
            // What comes later has to wait, so that the order stays.
            let Some(key) = download.key.filter(|_| !download.is_asked) else {
                return;
            };
            while download.next < download.end {
                if ahead >= READ_AHEAD {
                    return;
                }
                if download.next >= download.allowed {
                    download.is_asked = ask(ctx.store, download.origin, download.entry);
                    if !download.is_asked {
                        ctx.retry_soon();
                        self.stall(ctx, id);
                    }
                    return;
                }
                if ctx.blobs.room() <= ROOM_LEFT {
                    return self.stall(ctx, id);
                }
                let (offset, left) = (download.next, download.end - download.next);
                let length = usize::try_from(left).unwrap_or(usize::MAX);
                let length = length.min(PIECE_MAX_BYTES);
                let request = BlobRequest::Read {
                    key,
                    offset,
                    length,
                };
                let pending = PendingBlob::Read(download.origin, key, offset);
                if !ctx.blobs.submit(pending, request) {
                    return self.stall(ctx, id);
                }
                download.next += length as u64;
                download.reads += 1;
                ahead += 1;
            }
        }
    }
}

/// The store was asked again for the entry of a file that is not on the disk.
pub fn on_missing_looked_up(
    ctx: &mut Ctx<'_>,
    (origin, key): (RequestOrigin, BlobKey),
    outcome: &Outcome,
) {
    let failure = if let Outcome::Done(_) = outcome {
        tracing::warn!(
            root = ?key.root,
            account = key.account.0,
            "a file that the database has is not beside it: run `udpchat store check`"
        );
        Failure::new(ErrorCode::NoSuchFile, "the server has lost the file")
    } else {
        no_file(outcome)
    };
    if ctx.is_connected(origin) {
        refuse(ctx, Command::Download, origin, failure);
    }
}

/// Why there is no file. That of a deleted entry is one of those that are gone.
fn no_file(outcome: &Outcome) -> Failure {
    let failure = failure_of(outcome);
    match failure.code {
        ErrorCode::BadReference => Failure::new(ErrorCode::NoSuchFile, failure.detail),
        _ => failure,
    }
}

fn piece(
    origin: RequestOrigin,
    key: BlobKey,
    offset: u64,
    bytes: Vec<u8>,
) -> crate::protocol::ServerMessage {
    Message::control(DownloadPiece {
        tag: origin.tag,
        size: key.size.bytes(),
        offset,
        bytes: ByteBuf::from(bytes),
    })
}
