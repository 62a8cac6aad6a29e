//! From the log to its readers: what has become durable is sent to every device that stands where the log was before.
//!
//! One that does not, or that has no room, costs a position, and reads the log again when there is room.

use crate::protocol::{
    AccountId, ConversationId, Delivery, DeviceId, Digest, EntryId, Envelope, Hop,
};
use crate::server::hub::{Ctx, Hub};
use crate::server::session::ReadCursor;
use crate::store::{Audience, Event, StoredEntry};
use crate::transport::{Channel, SendError, SessionId};

/// The channel of all that stands in a log, so that a device sees it in the log's order.
pub(in crate::server) const CHAT: Channel = Channel::Chat;

/// What an entry says, and who said it.
pub(in crate::server) struct OutgoingEntry<'a> {
    /// In whose log it stands.
    pub conversation: ConversationId,
    /// Its author.
    pub author: AccountId,
    /// The device that wrote it, which is not sent it.
    pub device: DeviceId,
    /// The author's name, unless the content tells it.
    pub name: Option<&'a str>,
    /// The immutable part.
    pub content: &'a [u8],
    /// The digest over it.
    pub digest: Digest,
}

impl Hub {
    /// Sends an event that the store has written to all who read it, as any other entry.
    pub(in crate::server) fn fan_out_event(&mut self, ctx: &mut Ctx<'_>, event: &Event) {
        let outgoing = OutgoingEntry {
            conversation: event.conversation,
            author: event.author,
            device: DeviceId::SERVER,
            name: None,
            content: &event.content,
            digest: event.digest,
        };
        self.fan_out(ctx, &outgoing, &event.stored);
    }

    /// Sends an entry to all who read it. Entries are forwarded in the order in which the store has answered, which is
    /// that of each log.
    pub(in crate::server) fn fan_out(
        &mut self,
        ctx: &mut Ctx<'_>,
        outgoing: &OutgoingEntry<'_>,
        stored: &StoredEntry,
    ) {
        let conversation = outgoing.conversation;
        let of = |prev, author_name, peer_name| {
            let delivery = Delivery {
                conversation,
                entry: stored.entry,
                prev,
                author: outgoing.author,
                time_ms: stored.time_ms,
                author_name,
                peer_name,
            };
            envelope(delivery, outgoing.content, outgoing.digest)
        };
        // The other one of a pair may have been given less of the log, is perhaps not given this, and calls the pair by
        // another name.
        let (peer_prev, own_name) = match &stored.audience {
            Audience::Pair {
                peer_prev,
                peer_name,
                ..
            } => (*peer_prev, Some(peer_name.as_deref())),
            Audience::Everyone { .. } | Audience::Room { .. } => (Some(stored.prev), None),
        };
        let as_peer = peer_prev.map(|prev| match own_name {
            Some(_) => of(prev, None, outgoing.name),
            None => of(prev, outgoing.name, None),
        });
        let mut as_author = None;
        for id in self.readers(conversation, &stored.audience) {
            let Some(user) = self.sessions.user_mut(id) else {
                continue;
            };
            if !user.ready || user.device == outgoing.device {
                continue;
            }
            let (prev, bytes) =
                if let (true, Some(name)) = (user.account == outgoing.author, own_name) {
                    let bytes = as_author.get_or_insert_with(|| of(stored.prev, None, name));
                    (stored.prev, &*bytes)
                } else if let (Some(prev), Some(bytes)) = (peer_prev, &as_peer) {
                    (prev, bytes)
                } else {
                    continue;
                };
            if let Some(reader) = user.lagging.get_mut(&conversation) {
                reader.head = reader.head.max(stored.entry);
                continue;
            }
            let told = ctx.endpoint.send(ctx.now.instant, id, CHAT, bytes);
            self.counters.delivered += u64::from(told.is_ok());
            self.note_sent(id, conversation, prev, stored.entry, told);
        }
        self.update_receipt_mode(ctx, conversation, &stored.audience);
    }

    /// About how many accounts a message of this author goes to now. Who has not signed in hears nothing and is not
    /// counted, and what goes to nobody tells its author nothing of a conversation of others.
    pub(in crate::server) fn reader_count(
        &self,
        author: AccountId,
        conversation: ConversationId,
    ) -> usize {
        if conversation == ConversationId::EVERYONE {
            self.presence.online_count()
        } else if self.presence.is_in(author, conversation) {
            self.presence.count_in_room(conversation)
        } else {
            0
        }
    }

    /// The sessions of those who read a conversation.
    fn readers(&self, conversation: ConversationId, audience: &Audience) -> Vec<SessionId> {
        match audience {
            Audience::Pair { low, high, .. } => [low, high]
                .into_iter()
                .filter_map(|account| self.presence.get(*account))
                .flat_map(crate::server::presence::OnlineAccount::sessions)
                .collect(),
            Audience::Everyone { .. } => self.presence.sessions().collect(),
            Audience::Room { .. } => self
                .presence
                .in_room(conversation)
                .flat_map(|(_, here)| here.sessions())
                .collect(),
        }
    }

    /// Notes what came of sending an entry, or the news of it, to a device that stood at `prev`.
    pub(in crate::server) fn note_sent(
        &mut self,
        id: SessionId,
        conversation: ConversationId,
        prev: EntryId,
        entry: EntryId,
        told: Result<(), SendError>,
    ) {
        let Some(user) = self.sessions.user_mut(id) else {
            return;
        };
        if let Some(reader) = user.lagging.get_mut(&conversation) {
            reader.head = reader.head.max(entry);
        } else if told.is_ok() {
            user.note_sent(conversation, entry);
        } else {
            user.lagging.insert(
                conversation,
                ReadCursor {
                    cursor: prev,
                    head: entry,
                    is_reading: false,
                    is_suspended: false,
                },
            );
        }
    }
}

/// An entry as it is delivered: the author's bytes and digest, unchanged.
pub(in crate::server) fn envelope(
    delivery: Delivery<'_>,
    content: &[u8],
    digest: Digest,
) -> Vec<u8> {
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
