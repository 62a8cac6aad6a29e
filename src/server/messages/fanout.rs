//! From the log to its readers: a durable entry is sent to every device that is caught up.
//!
//! A device that lags, or has no room, costs a position; the log is read for it when there is room (`catch_up.rs`).

use crate::protocol::{
    AccountId, ConversationId, Delivery, DeviceId, Digest, Envelope, Hop, NOTES_NAME,
};
use crate::server::ctx::{CHAT, Ctx};
use crate::server::presence::{OnlineAccount, Presence};
use crate::store::{Append, Audience, Event, Removal, StoredEntry};
use crate::transport::SessionId;

/// What an entry says, and who said it.
pub struct OutgoingEntry<'a> {
    /// In whose log it stands.
    pub conversation: ConversationId,
    pub author: AccountId,
    /// The device that wrote it, to which it is not sent.
    pub device: DeviceId,
    /// The author's name, unless the content tells it.
    pub name: Option<&'a str>,
    /// The immutable part.
    pub content: &'a [u8],
    /// The digest over it.
    pub digest: Digest,
}

impl<'a> OutgoingEntry<'a> {
    /// A message of this author.
    pub fn of(append: &'a Append, author_name: Option<&'a str>) -> Self {
        Self {
            conversation: append.conversation,
            author: append.author,
            device: append.device,
            name: author_name,
            content: &append.content,
            digest: append.digest,
        }
    }
}

impl<'a> From<&'a Event> for OutgoingEntry<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            conversation: event.conversation,
            author: event.author,
            device: DeviceId::SERVER,
            name: None,
            content: &event.content,
            digest: event.digest,
        }
    }
}

impl<'a> From<&'a Removal> for OutgoingEntry<'a> {
    fn from(removal: &'a Removal) -> Self {
        Self {
            conversation: removal.conversation,
            author: AccountId::OPERATOR,
            device: DeviceId::SERVER,
            name: None,
            content: &removal.content,
            digest: removal.digest,
        }
    }
}

/// Sends an entry to all who read it. Entries are sent in the order in which the store has answered, which is that of
/// each log.
pub fn fan_out(ctx: &mut Ctx<'_>, outgoing: &OutgoingEntry<'_>, stored: &StoredEntry) {
    let conversation = outgoing.conversation;
    let bot = ctx.presence.bot_mark(outgoing.author);
    let of = |prev, author_name, peer_name| {
        let delivery = Delivery {
            conversation,
            entry: stored.entry,
            prev,
            author: outgoing.author,
            time_ms: stored.time_ms,
            author_name,
            peer_name,
            deleted: None,
            bot,
        };
        envelope(delivery, outgoing.content, outgoing.digest)
    };
    let first = first_of(outgoing, stored);
    // The other one of a pair may have been given less of the log, is perhaps not given this, and calls the pair by
    // another name.
    let peer_prev = match &stored.audience {
        Audience::Pair { peer_prev, .. } => *peer_prev,
        Audience::Notes { .. } => None,
        Audience::Everyone { .. } | Audience::Room { .. } => Some(stored.prev),
    };
    let as_peer = peer_prev.map(|prev| match first {
        Some(_) => of(prev, None, outgoing.name),
        None => of(prev, outgoing.name, None),
    });
    let mut as_author = None;
    let (sessions, endpoint, counters) =
        (&mut *ctx.sessions, &mut *ctx.endpoint, &mut *ctx.counters);
    let now = ctx.now.instant;
    for_readers(ctx.presence, conversation, &stored.audience, |id| {
        let Some(user) = sessions.user_mut(id) else {
            return;
        };
        if !user.ready || user.is_sending_only || user.device == outgoing.device {
            return;
        }
        let own = first.filter(|(first, _)| user.account == *first);
        let (prev, bytes) = if let Some((_, name)) = own {
            let bytes = as_author.get_or_insert_with(|| of(stored.prev, None, name));
            (stored.prev, &*bytes)
        } else if let (Some(prev), Some(bytes)) = (peer_prev, &as_peer) {
            (prev, bytes)
        } else {
            return;
        };
        if let Some(reader) = user.lagging.get_mut(&conversation) {
            reader.head = reader.head.max(stored.entry);
            return;
        }
        let is_sent = endpoint.send(now, id, CHAT, bytes).is_ok();
        counters.delivered += u64::from(is_sent);
        user.note_sending(conversation, prev, stored.entry, is_sent);
    });
}

/// The author's account where only one or two read the log, and the name that the conversation has for it, if it is to learn it.
/// What the operator does is told to the first of a pair as to an author.
fn first_of<'a>(
    outgoing: &OutgoingEntry<'_>,
    stored: &'a StoredEntry,
) -> Option<(AccountId, Option<&'a str>)> {
    let (first, name) = match &stored.audience {
        Audience::Pair { low, peer_name, .. } => (*low, peer_name.as_deref()),
        Audience::Notes { account, is_first } => (*account, is_first.then_some(NOTES_NAME)),
        Audience::Everyone { .. } | Audience::Room { .. } => return None,
    };
    let is_operators = outgoing.author == AccountId::OPERATOR;
    Some((if is_operators { first } else { outgoing.author }, name))
}

/// Calls `deliver` with each session of those who read a conversation.
fn for_readers(
    presence: &Presence,
    conversation: ConversationId,
    audience: &Audience,
    deliver: impl FnMut(SessionId),
) {
    let of = |account| {
        presence
            .get(account)
            .into_iter()
            .flat_map(OnlineAccount::sessions)
    };
    match audience {
        Audience::Pair { low, high, .. } => {
            [*low, *high].into_iter().flat_map(of).for_each(deliver);
        }
        Audience::Notes { account, .. } => of(*account).for_each(deliver),
        Audience::Everyone { .. } => presence.sessions().for_each(deliver),
        Audience::Room { .. } => presence
            .in_room(conversation)
            .flat_map(|(_, here)| here.sessions())
            .for_each(deliver),
    }
}

/// An entry as it is delivered: the author's bytes and digest, unchanged.
pub fn envelope(delivery: Delivery<'_>, content: &[u8], digest: Digest) -> Vec<u8> {
    let hop = Hop {
        recipient_data: None,
        delivery: Some(delivery),
    };
    Envelope {
        hop,
        content,
        digest,
    }
    .encode()
}
