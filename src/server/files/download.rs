//! The way of a file to those who are given the entry that it belongs to: in pieces, a few of which are read ahead.

use serde_bytes::ByteBuf;

use super::{Files, answer, refuse, transfers};
use crate::protocol::{
    Command, DownloadPiece, DownloadRequest, ErrorCode, Failure, Message, PIECE_MAX_BYTES,
};
use crate::server::ctx::blob_link::PendingBlob;
use crate::server::ctx::reply::{failure_of, send};
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::server::ctx::{Ctx, HISTORY};
use crate::server::session::transfers::Download;
use crate::store::{BlobKey, BlobOutcome, BlobRequest, Outcome, Read, Reply};
use crate::transport::{Channel, SessionId};

/// Requests of a session that are not answered in full. Chosen: twice as many as a client needs so that there is always one. At
/// the limit another is refused.
const REQUESTS_MAX: usize = 4;

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
    let read = Read::File {
        conversation: body.conversation,
        entry: body.entry,
        reader: origin.account,
    };
    if !ctx.store.submit(Pending::File(origin), read) {
        return refuse(
            ctx,
            Command::Download,
            origin,
            Failure::new(ErrorCode::Unavailable, ""),
        );
    }
    if let Some(user) = ctx.sessions.user_mut(id) {
        user.transfers.downloads.push_back(Download {
            origin,
            key: None,
            next: body.offset,
            end: body.offset.saturating_add(body.length),
            reads: 0,
        });
    }
}

impl Files {
    /// The store has found the file of an entry.
    pub fn on_file_found(&mut self, ctx: &mut Ctx<'_>, origin: RequestOrigin, outcome: &Outcome) {
        if !ctx.is_connected(origin) {
            return;
        }
        let Outcome::Done(Reply::File(key)) = outcome else {
            return self.fail_download(ctx, origin, failure_of(outcome));
        };
        let Some(transfers) = transfers(ctx, origin.session) else {
            return;
        };
        let is_it = |download: &&mut Download| download.origin == origin && download.key.is_none();
        let Some(download) = transfers.downloads.iter_mut().find(is_it) else {
            return;
        };
        download.key = Some(*key);
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
                tracing::warn!(
                    root = ?key.root,
                    account = key.account.0,
                    "a file that the database has is not beside it: run `udpchat store check`"
                );
                let failure = Failure::new(ErrorCode::NoSuchFile, "the server has lost the file");
                self.fail_download(ctx, origin, failure);
            }
            _ => {
                let detail = "the server cannot read the file";
                self.fail_download(ctx, origin, Failure::new(ErrorCode::Unavailable, detail));
            }
        }
    }

    fn fail_download(&mut self, ctx: &mut Ctx<'_>, origin: RequestOrigin, failure: Failure) {
        if let Some(transfers) = transfers(ctx, origin.session) {
            transfers.downloads.retain(|other| other.origin != origin);
        }
        refuse(ctx, Command::Download, origin, failure);
        self.pump(ctx, origin.session);
    }

    /// Sends what was read, as far as there is room, and reads ahead.
    pub fn pump(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let Some(user) = ctx.sessions.user_mut(id) else {
            return;
        };
        let pieces = &mut user.transfers.pieces;
        let had_some = !pieces.is_empty();
        while let Some(message) = pieces.front() {
            // Event::Writable goes on from here; a session that is closed needs nothing more.
            if send(ctx.now, ctx.endpoint, id, HISTORY, message).is_err() {
                break;
            }
            pieces.pop_front();
        }
        let mut ahead = user.transfers.ahead();
        'read: for download in &mut user.transfers.downloads {
            // What comes later has to wait, so that the order stays.
            let Some(key) = download.key else {
                break;
            };
            while download.next < download.end {
                if ahead >= READ_AHEAD {
                    break 'read;
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
                    self.stalled.insert(id);
                    break 'read;
                }
                download.next += length as u64;
                download.reads += 1;
                ahead += 1;
            }
        }
        if had_some {
            ctx.note_pending_responses(id);
        }
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
