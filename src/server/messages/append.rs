//! The way of a message from its author into the log. It goes on to its readers only once it is durable.

use crate::protocol::{
    AccountId, CONTENT_MAX_BYTES, Command, ConversationId, DeviceId, DeviceSeq, EntryBody,
    EntryKind, Envelope, ErrorCode, Failure, Header, Message, Origin, Resolve, Resolved,
    SaidBefore, Stored, Void, Voided,
};
use crate::server::ctx::reply::failure_of;
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::server::ctx::{CHAT, Ctx};
use crate::server::names::Name;
use crate::server::policy;
use crate::server::receipts::Receipts;
use crate::server::roster::people;
use crate::store::{Append, Audience, Outcome, Read, Refusal, Relation, Reply, StoredEntry, Write};
use crate::transport::{Channel, SendError, SessionId};

/// A client asks for the conversation with a user.
pub fn resolve(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: &Resolve) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    match Name::parse(&body.name) {
        // A text that cannot be a name is nobody's.
        Err(error) => {
            let failure = Failure::new(ErrorCode::NoSuchUser, error.to_string());
            ctx.reject_request(origin, Command::Resolve, failure);
        }
        Ok(name) => {
            let request = Read::Resolve {
                account: origin.account,
                device: origin.device,
                name: name.canonical().to_owned(),
            };
            ctx.submit_for(origin, Command::Resolve, Pending::Resolve(origin), request);
        }
    }
}

pub fn on_resolved(ctx: &mut Ctx<'_>, origin: RequestOrigin, outcome: Outcome) {
    let Outcome::Done(Reply::Resolved { standing, peer }) = outcome else {
        return ctx.send_error_if_connected(origin, Command::Resolve, failure_of(&outcome));
    };
    let answer = Resolved {
        tag: origin.tag,
        conversation: standing.conversation,
        name: standing.name,
        account: peer,
        last_number: standing.last_number,
        start: standing.start,
    };
    ctx.respond_if_connected(origin, answer);
}

/// A message of a user: it is appended to the log.
pub fn on_entry(
    ctx: &mut Ctx<'_>,
    id: SessionId,
    channel: Channel,
    header: &Header,
    body: &EntryBody,
    envelope: &Envelope<'_>,
) {
    let (Some(user), Some(entry)) = (ctx.sessions.user(id), header.entry) else {
        return;
    };
    let Origin {
        conversation,
        device,
        number,
    } = entry.origin;
    let refused = match policy::check_entry(header, &entry, body) {
        Err(refused) => Some(refused),
        Ok(()) if envelope.content.len() > CONTENT_MAX_BYTES => {
            Some((ErrorCode::TextTooLong, String::new()))
        }
        Ok(()) if device != user.device => Some((ErrorCode::NotPermitted, String::new())),
        Ok(()) => None,
    };
    if let Some((code, detail)) = refused {
        let failure = Failure {
            detail,
            ..Failure::of_number(code, conversation, number)
        };
        return ctx.send_error(id, channel, header.command, failure);
    }
    let pending = Pending::Append(id, user.name.clone());
    let request = Write::Append(Append {
        conversation,
        author: user.account,
        device,
        number,
        digest: envelope.digest,
        content: envelope.content.to_vec(),
        time_ms: ctx.now.unix_ms,
        quota: ctx.config.limits.quota(),
        relation: entry.refers_to.map(|refers_to| Relation {
            kind: entry.kind,
            refers_to,
        }),
        has_file: entry.root.is_some(),
        key: entry.key.map(|key| key.0),
    });
    if !ctx.store.submit(pending, request) {
        let failure = Failure::of_number(ErrorCode::Unavailable, conversation, number);
        ctx.send_error(id, channel, header.command, failure);
    }
}

/// The store has answered: the author is told.
pub fn on_appended(
    ctx: &mut Ctx<'_>,
    receipts: &mut Receipts,
    id: SessionId,
    append: &Append,
    outcome: &Outcome,
) {
    if let Outcome::Done(Reply::Stored(stored)) = outcome {
        ctx.counters.stored += u64::from(!stored.repeated);
        ack_stored(ctx, receipts, id, append, stored);
    } else if ctx.is_on(id, append.device) {
        // Else another device has signed in on this session since, which did not send it.
        let failure = Failure {
            conversation: Some(append.conversation),
            number: Some(append.number),
            said_before: said_before(ctx, append.author, outcome),
            ..failure_of(outcome)
        };
        ctx.counters.over_quota += u64::from(failure.code == ErrorCode::QuotaFull);
        ctx.send_error(id, CHAT, Command::SendMessage, failure);
    }
}

/// The entry that has the key of what was refused.
fn said_before(ctx: &Ctx<'_>, author: AccountId, outcome: &Outcome) -> Option<Box<SaidBefore>> {
    let Outcome::Refused(Refusal::SaidBefore(before)) = outcome else {
        return None;
    };
    let (recipients, online, _) = recipients(ctx, (author, before.conversation), &before.audience);
    Some(Box::new(SaidBefore {
        conversation: before.conversation,
        entry: before.entry,
        time_ms: before.time_ms,
        recipients,
        online,
    }))
}

fn ack_stored(
    ctx: &mut Ctx<'_>,
    receipts: &mut Receipts,
    id: SessionId,
    append: &Append,
    stored: &StoredEntry,
) {
    let conversation = append.conversation;
    if !ctx.is_on(id, append.device) {
        return;
    }
    // Nobody is told who has received what only changes something.
    let kind = append.relation.map(|relation| relation.kind);
    let is_said = kind.is_none_or(EntryKind::is_said);
    let (recipients, online, last_seen_ms) = if is_said {
        recipients(ctx, (append.author, conversation), &stored.audience)
    } else {
        (0, 0, None)
    };
    let away = match stored.audience {
        Audience::Pair { low, high, .. } if is_said => {
            let peer = if append.author == low { high } else { low };
            people::away_of(ctx, peer).map(str::to_owned)
        }
        _ => None,
    };
    let message = Message::control(Stored {
        conversation,
        number: append.number,
        entry: stored.entry,
        prev: stored.prev,
        time_ms: stored.time_ms,
        recipients,
        online,
        last_seen_ms,
        away,
    });
    // A former member may still learn that their message is stored, but gets no receipts.
    let gets_receipts = match stored.audience {
        Audience::Pair { .. } | Audience::Everyone { .. } => true,
        Audience::Room { .. } => ctx.presence.is_in(append.author, conversation),
        Audience::Notes { .. } => false,
    };
    if is_said && gets_receipts {
        receipts.subscribe(ctx, id, conversation);
    }
    let sent = ctx.try_respond(id, CHAT, &message);
    if sent == Err(SendError::Full) && stored.repeated {
        // It was sent the entry and has asked again; nothing else would tell it.
        return ctx.close_unread(id);
    }
    let is_sent = sent.is_ok();
    if let Some(user) = ctx.sessions.user_mut(id) {
        user.note_sending(conversation, stored.prev, stored.entry, is_sent);
    }
}

/// How many others a message goes to, how many of them are online, and when the only one was last seen, who is not.
/// Whether it is withheld makes no difference to what its author is told.
fn recipients(
    ctx: &Ctx<'_>,
    (author, conversation): (AccountId, ConversationId),
    audience: &Audience,
) -> (u32, u32, Option<u64>) {
    let count = |online: usize| u32::try_from(online).unwrap_or(u32::MAX);
    match audience {
        Audience::Pair {
            low,
            high,
            peer_seen_ms,
            ..
        } => {
            let peer = if author == *low { *high } else { *low };
            let online = ctx.presence.is_online(peer);
            let last_seen_ms = (!online && *peer_seen_ms > 0).then_some(*peer_seen_ms);
            (1, u32::from(online), last_seen_ms)
        }
        Audience::Notes { .. } => (0, 0, None),
        Audience::Everyone { accounts } => {
            let author_too = usize::from(ctx.presence.is_online(author));
            let online = ctx.presence.online_count() - author_too;
            (accounts.saturating_sub(1), count(online), None)
        }
        Audience::Room { members } => {
            let online = ctx.presence.others_in_room(author, conversation);
            (members.saturating_sub(1), count(online), None)
        }
    }
}

/// A device uses a number up without an entry.
pub fn void(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: Void) {
    let Void {
        conversation,
        number,
    } = body;
    let Some(user) = ctx.sessions.user(id) else {
        return;
    };
    let request = Write::Void {
        conversation,
        account: user.account,
        device: user.device,
        number,
    };
    if !ctx.store.submit(
        Pending::Void {
            session: id,
            device: user.device,
            conversation,
            number,
        },
        request,
    ) {
        let failure = Failure::of_number(ErrorCode::Unavailable, conversation, number);
        ctx.send_error(id, channel, Command::Void, failure);
    }
}

pub fn on_voided(
    ctx: &mut Ctx<'_>,
    (id, device): (SessionId, DeviceId),
    conversation: ConversationId,
    number: DeviceSeq,
    outcome: &Outcome,
) {
    if !ctx.is_on(id, device) {
        return;
    }
    if let Outcome::Done(_) = outcome {
        let message = Message::control(Voided {
            conversation,
            number,
        });
        return ctx.respond(id, CHAT, &message);
    }
    let failure = Failure {
        conversation: Some(conversation),
        number: Some(number),
        ..failure_of(outcome)
    };
    ctx.send_error(id, CHAT, Command::Void, failure);
}
