//! Reads the log for lagging devices: those that were away, that had no room, or that ask again. Each costs a position; the
//! log is read when there is room.

use super::fanout::envelope;
use crate::protocol::{
    Command, ConversationId, DeliverAgain, Delivery, EntryId, ErrorCode, Failure, Hop,
    ServerMessage, encode,
};
use crate::server::ctx::reply::failure_of;
use crate::server::ctx::requests::Pending;
use crate::server::ctx::{CHAT, Ctx};
use crate::server::receipts::Receipts;
use crate::server::session::ReadCursor;
use crate::store::{Entry, Outcome, Read, Refusal, Reply};
use crate::transport::{Channel, SessionId};

/// How much one look into the log brings for one reader, in bytes. Chosen: a few round trips' worth.
const READ_BYTES: usize = 32 * 1024;

/// Conversations in which one device may be lagging at once; a request that would add one more is refused. A
/// HELLO can bring as many as the account has.
const LAGGING_MAX: usize = 16_384;

/// A device asks to be sent a conversation again from a place on: something came damaged, or not in its
/// turn.
pub fn deliver_again(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: DeliverAgain) {
    let Some(user) = ctx.sessions.user_mut(id) else {
        return;
    };
    if user.lagging.len() >= LAGGING_MAX {
        let failure = Failure::new(ErrorCode::Unavailable, "too many conversations at once");
        return ctx.send_error(id, channel, Command::Receive, failure);
    }
    let earlier = user.lagging.get(&body.conversation);
    let head = earlier.map_or(body.after, |reader| reader.head);
    // What is being read is read to its end: a device that asks again and again costs one reading at a time.
    let is_reading = earlier.is_some_and(|reader| reader.is_reading);
    // The store says where the log ends; until then there is one entry more, at least.
    let head = head.max(body.after.next());
    let reader = ReadCursor {
        cursor: body.after,
        head,
        is_reading,
        is_suspended: false,
    };
    user.lagging.insert(body.conversation, reader);
    read_next(ctx, id);
}

/// There is room on a session's chat channel again.
pub fn on_writable(ctx: &mut Ctx<'_>, receipts: &mut Receipts, id: SessionId) {
    let Some(user) = ctx.sessions.user_mut(id) else {
        return;
    };
    for conversation in user.subscribed.take_deferred() {
        receipts.request(ctx, id, conversation);
    }
    read_next(ctx, id);
}

/// Asks the store for what a device has not been sent yet, one conversation at a time.
pub fn read_next(ctx: &mut Ctx<'_>, id: SessionId) {
    let Some(user) = ctx.sessions.user(id) else {
        return;
    };
    // The answer to HELLO comes before all deliveries.
    let is_reading = user.lagging.values().any(|reader| reader.is_reading);
    if is_reading || !user.pending_responses.is_empty() {
        return;
    }
    let mut waiting = user
        .lagging
        .iter()
        .filter(|(_, reader)| !reader.is_suspended);
    let Some((&conversation, &reader)) = waiting.next() else {
        return;
    };
    let after = reader.cursor;
    let request = Read::Entries {
        conversation,
        reader: user.account,
        after,
        max_bytes: READ_BYTES,
    };
    if !ctx.store.submit(
        Pending::Read {
            session: id,
            device: user.device,
            conversation,
            after,
        },
        request,
    ) {
        return ctx.retry_soon();
    }
    if let Some(user) = ctx.sessions.user_mut(id)
        && let Some(reader) = user.lagging.get_mut(&conversation)
    {
        reader.is_reading = true;
    }
}

/// The store has read the log for a device.
pub fn on_read(
    ctx: &mut Ctx<'_>,
    id: SessionId,
    conversation: ConversationId,
    after: EntryId,
    outcome: Outcome,
) {
    let Some(user) = ctx.sessions.user_mut(id) else {
        return;
    };
    let Some(reader) = user.lagging.get_mut(&conversation) else {
        return;
    };
    reader.is_reading = false;
    if reader.cursor != after {
        // It was sent back meanwhile.
        return read_next(ctx, id);
    }
    match outcome {
        Outcome::Done(Reply::Entries {
            entries,
            head,
            has_expired,
        }) => {
            reader.head = head;
            if !send_entries(ctx, id, conversation, &entries, has_expired) {
                // Event::Writable goes on from here.
                return;
            }
        }
        Outcome::Refused(Refusal::NotPermitted) => {
            user.lagging.remove(&conversation);
            let failure = Failure {
                conversation: Some(conversation),
                ..failure_of(&outcome)
            };
            ctx.send_error(id, CHAT, Command::Receive, failure);
        }
        Outcome::Done(_) | Outcome::Refused(_) | Outcome::Unknown => {
            // A damaged entry must not keep the other conversations from a reader.
            reader.is_suspended = true;
            ctx.retry_soon();
        }
    }
    read_next(ctx, id);
}

/// Sends a reader what was read for it, as far as there is room; whether there was room for all of it.
fn send_entries(
    ctx: &mut Ctx<'_>,
    id: SessionId,
    conversation: ConversationId,
    entries: &[Entry],
    has_expired: bool,
) -> bool {
    // Before the first that is left, so that the reader sees it in its place.
    if has_expired && !entries.is_empty() && !notify_expired(ctx, id, conversation) {
        return false;
    }
    let Some(user) = ctx.sessions.user_mut(id) else {
        return false;
    };
    let Some(reader) = user.lagging.get_mut(&conversation) else {
        return false;
    };
    let first = entries.first().map(|entry| entry.prev);
    if let Some(gap) = first.filter(|prev| *prev > reader.cursor) {
        // What this device is not sent it has not received, however far it gets.
        user.since.insert(conversation, gap);
    }
    let mut last_sent = None;
    let mut is_full = false;
    for entry in entries {
        let delivery = Delivery {
            conversation,
            entry: entry.entry,
            // Between where the device stands and this entry there is nothing for it, even where the log
            // had something: retention has passed there since, or the account has joined the room again.
            prev: reader.cursor,
            author: entry.author,
            time_ms: entry.time_ms,
            author_name: entry.author_name.as_deref(),
            peer_name: entry.peer_name.as_deref(),
            deleted: entry.deleted.map(Into::into),
            bot: ctx.presence.bot_mark(entry.author),
        };
        let bytes = envelope(delivery, &entry.content, entry.digest);
        let sent = ctx.endpoint.send(ctx.now.instant, id, CHAT, &bytes);
        is_full = sent.is_err();
        if is_full {
            break;
        }
        ctx.counters.delivered += 1;
        reader.cursor = entry.entry;
        last_sent = Some(entry.entry);
    }
    let is_done = entries.is_empty() || reader.cursor >= reader.head;
    if let Some(entry) = last_sent {
        user.note_sent(conversation, entry);
    }
    if is_done && !is_full {
        user.lagging.remove(&conversation);
    }
    !is_full
}

/// Asks the store again for what it could not read.
pub fn retry(ctx: &mut Ctx<'_>, id: SessionId) {
    let user = ctx.sessions.user_mut(id);
    for reader in user.into_iter().flat_map(|user| user.lagging.values_mut()) {
        reader.is_suspended = false;
    }
}

/// Tells a reader that retention has overtaken it; `false` if there is no room for that now.
fn notify_expired(ctx: &mut Ctx<'_>, id: SessionId, conversation: ConversationId) -> bool {
    let failure = Failure {
        conversation: Some(conversation),
        ..Failure::new(ErrorCode::Expired, "")
    };
    let message = ServerMessage::error(Command::Receive, failure);
    let bytes = encode(&message, Hop::default());
    ctx.endpoint.send(ctx.now.instant, id, CHAT, &bytes).is_ok()
}
