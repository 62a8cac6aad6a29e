//! The entry that follows where a device stands: opened, and where it came from.

use serde_bytes::ByteBuf;

use crate::client::account::attention::Attention;
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::reading;
use crate::client::account::sender::Sender;
use crate::client::name::truncate_name;
use crate::client::storage::entry::{Entry, Said};
use crate::protocol::{
    AccountId, ConversationId, DecodeError, Deletion, Delivery, Digest, EntryId, Envelope, Origin,
    ServerMessage,
};

/// An entry that follows where the device stands, and where it came from.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Next<'a> {
    pub(super) delivery: Delivery<'a>,
    /// As the history keeps it.
    pub(super) entry: Entry,
    /// What it says; nothing if it is damaged.
    pub(super) said: Option<Said>,
    /// Its number, if its author is this device.
    pub(super) from_here: Option<Origin>,
    /// Whether this very state wrote it.
    pub(super) is_written_here: bool,
    /// Whether it was shown before the server sent this device back.
    pub(super) was_shown: bool,
    pub(super) is_hidden: bool,
    /// Whether it has the user's name, or a word of theirs, where there are others whom it could be for.
    pub(super) is_mention: bool,
    /// Whether nothing rings for it: a bot has said it, and not the user's name.
    pub(super) is_silent: bool,
}

impl Next<'_> {
    /// Whether the user has seen it: written it here, or been shown it before the server sent this device back.
    pub(super) const fn is_seen(&self) -> bool {
        self.was_shown || self.is_written_here
    }

    /// Whether the user, who has this account, misses something if they do not look at it: what another says and they have
    /// not seen.
    pub(super) fn is_missable(&self, own: AccountId) -> bool {
        let is_new = !self.is_seen() && !self.is_hidden;
        is_new && reading::is_missable(&self.entry, self.said.as_ref(), own)
    }
}

/// Opens an entry and finds out where it came from.
pub(super) fn next<'a>(
    ctx: &mut Ctx<'_>,
    (sender, blocked, attention): (&Sender, &BlockedUsers, &Attention),
    envelope: &Envelope<'_>,
    delivery: Delivery<'a>,
    opened: Result<ServerMessage, DecodeError>,
) -> Next<'a> {
    let (id, author) = (delivery.conversation, delivery.author);
    let author_name = delivery.author_name;
    let is_own = author == ctx.me.id;
    let was_shown = has_shown(ctx, id, delivery.entry, &envelope.digest);
    let message = opened.as_ref().ok().filter(|_| delivery.deleted.is_none());
    let entry = message.and_then(|message| message.header.entry);
    let from_here = entry
        .map(|entry| entry.origin)
        .filter(|origin| is_own && origin.device == ctx.me.device);
    let is_written_here = from_here.is_some_and(|origin| {
        let place = (id, delivery.entry);
        sender.has_written(ctx, place, origin.number, &envelope.digest)
    });
    let said = match opened {
        _ if delivery.deleted.is_some() => delivery.deleted.map(Said::Deleted),
        Ok(message) => Some(Said::of(&message, id, author, ctx.own())),
        Err(DecodeError::Digest) => None,
        Err(_) => Some(Said::Unknown),
    };
    let words = said.as_ref().and_then(Said::words);
    let names_user = words.is_some_and(|text| attention.is_mentioned(text));
    Next {
        is_mention: ctx.is_many(id) && names_user,
        is_silent: delivery.bot == Some(true) && !names_user,
        is_hidden: blocked.hides(author, said.as_ref().unwrap_or(&Said::Unknown)),
        entry: Entry {
            author,
            time_ms: delivery.time_ms,
            content: match delivery.deleted {
                Some(_) => ByteBuf::new(),
                None => ByteBuf::from(envelope.content),
            },
            digest: envelope.digest,
            deleted: delivery.deleted,
            was_amendment: delivery.deleted.is_some_and(Deletion::was_amendment),
            prev: delivery.prev,
            author_name: author_name.map(|name| truncate_name(name.to_owned())),
        },
        delivery,
        said,
        from_here,
        is_written_here,
        was_shown,
    }
}

/// Whether this very entry was shown, before the server sent this device back.
fn has_shown(ctx: &mut Ctx<'_>, id: ConversationId, entry: EntryId, digest: &Digest) -> bool {
    was_rewound_from(ctx, id, entry) && ctx.holds(id, entry, digest)
}

/// Whether this device stood at this entry, or after it, before the server sent it back.
pub(super) fn was_rewound_from(ctx: &Ctx<'_>, id: ConversationId, entry: EntryId) -> bool {
    let known = ctx.conversations.get(id);
    known.is_some_and(|known| entry <= known.stored.rewound_from)
}
