//! History: entries of a log that a device does not have, because it is newer than they are, or has forgotten them.
//!
//! They go on the bulk channel, beside new entries, and move no position: the reader places them by their own ids. A session has one such request at a time; the next is taken once the answer to the
//! one before has room to go out.

use serde_bytes::ByteBuf;

use crate::protocol::{
    CONTENT_MAX_BYTES, Command, ConversationId, History, HistoryEntry, HistoryRequest,
    MESSAGE_MAX_BYTES, Message,
};
use crate::server::ctx::reply::{failure_of, send};
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::server::ctx::{Ctx, Followup, HISTORY};
use crate::server::session::Paging;
use crate::store::{Entry, Outcome, Read, Reply};
use crate::transport::{Channel, SessionId};

/// Entries in one answer. Chosen: several screens.
const ENTRIES_MAX: usize = 200;

/// What an entry takes in an answer beside its content, in bytes: four numbers of up to 9, the digest's 34, a name of up
/// to 130, and what frames them.
const ENTRY_OVERHEAD_BYTES: usize = 210;

/// How much one answer brings, in bytes of entries. Chosen: it fits a message, whatever the last entry adds.
const ANSWER_BYTES: usize = 40 * 1024;

const _: () = assert!(
    CONTENT_MAX_BYTES + ENTRY_OVERHEAD_BYTES <= ANSWER_BYTES
        && ANSWER_BYTES + 1024 < MESSAGE_MAX_BYTES
);

/// A device asks for entries before a place.
pub fn load_history(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: HistoryRequest) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    let limit = usize::try_from(body.limit).unwrap_or(usize::MAX);
    let request = Read::History {
        conversation: body.conversation,
        reader: origin.account,
        before: body.before,
        max_entries: limit.clamp(1, ENTRIES_MAX),
        max_bytes: ANSWER_BYTES,
    };
    let pending = Pending::History(origin, body.conversation);
    if ctx.submit_for(origin, Command::History, pending, request)
        && let Some(user) = ctx.sessions.user_mut(id)
    {
        user.paging = Paging::Asked;
    }
}

/// The store has looked: the answer goes out, now or when there is room.
pub fn on_history_page(
    ctx: &mut Ctx<'_>,
    origin: RequestOrigin,
    conversation: ConversationId,
    outcome: Outcome,
) {
    if !ctx.is_connected(origin) {
        return;
    }
    let message = if let Outcome::Done(Reply::History { entries, more }) = outcome {
        let (entries, is_cut) = fitting(entries);
        Message::control(History {
            tag: origin.tag,
            conversation,
            entries,
            more: more || is_cut,
        })
    } else {
        let mut failure = failure_of(&outcome);
        failure.tag = Some(origin.tag);
        Message::error(Command::History, failure)
    };
    if let Some(user) = ctx.sessions.user_mut(origin.session) {
        user.paging = Paging::Ready(Box::new(message));
    }
    flush_history(ctx, origin.session);
}

/// Sends the answer that waits for room, and takes the next request.
pub fn flush_history(ctx: &mut Ctx<'_>, id: SessionId) {
    let Some(user) = ctx.sessions.user_mut(id) else {
        return;
    };
    let Paging::Ready(message) = &user.paging else {
        return;
    };
    if send(ctx.now, (ctx.endpoint, ctx.scratch), id, HISTORY, message).is_err() {
        // Event::Writable goes on from here; a session that is closed needs nothing more.
        return ctx.note_pending_responses(id);
    }
    user.paging = Paging::Idle;
    ctx.note_pending_responses(id);
    ctx.followups.push_back(Followup::Readable(id, HISTORY));
}

/// The last of the entries, as many as fit one answer, and whether that left any out.
fn fitting(entries: Vec<Entry>) -> (Vec<HistoryEntry>, bool) {
    let mut bytes = 0;
    let kept = entries.iter().rev().take_while(|entry| {
        bytes += entry.content.len() + ENTRY_OVERHEAD_BYTES;
        bytes <= ANSWER_BYTES
    });
    let left_out = entries.len() - kept.count();
    let kept = entries.into_iter().skip(left_out);
    let kept = kept.map(|entry| HistoryEntry {
        entry: entry.entry,
        prev: entry.prev,
        author: entry.author,
        time_ms: entry.time_ms,
        digest: entry.digest,
        content: ByteBuf::from(entry.content),
        author_name: entry.author_name,
        deleted: entry.deleted.map(Into::into),
    });
    (kept.collect(), left_out > 0)
}
