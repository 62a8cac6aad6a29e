//! Gives messages their numbers, and seals each under its own.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;
use serde_bytes::ByteBuf;

use crate::client::account::ctx::Ctx;
use crate::client::account::sender::keys;
use crate::client::account::sender::outbox::Outbox;
use crate::client::storage::records::{Numbered, OutboxEntry, QueuedFile, Referred};
use crate::protocol::{
    AccountId, Attachment, Bytes, ClientMessage, ConversationId, DeviceSeq, EntryBody, EntryKind,
    Origin, Reaction, Reference, Text, seal,
};

pub(crate) struct Numbering {
    /// The salts of the messages come from here.
    random: ChaCha20Rng,
}

impl Numbering {
    pub(super) const fn new(random: ChaCha20Rng) -> Self {
        Self { random }
    }

    /// Gives a message the next number of its conversation.
    pub(super) fn assign_seq(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &mut Outbox,
        sequence: u64,
        id: ConversationId,
    ) {
        let known = ctx
            .conversations
            .get(id)
            .and_then(|known| known.last_number);
        let last = known.max(outbox.last_number(id));
        self.seal_as(ctx, outbox, sequence, id, last.unwrap_or_default().next());
    }

    /// The conversation of those who are `meant` is known: what waits for them is given its numbers.
    pub(crate) fn assign_waiting(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &mut Outbox,
        id: ConversationId,
        meant: impl Fn(&str) -> bool,
    ) {
        for (sequence, typed) in outbox.unnumbered() {
            if meant(&typed) {
                self.assign_seq(ctx, outbox, sequence, id);
            }
        }
    }

    /// The server has lost numbers that this device has no content for any more (a restored backup): what waits
    /// takes the numbers that the server expects. None of these was ever taken, so their contents may change.
    pub(super) fn renumber(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &mut Outbox,
        id: ConversationId,
        expected: DeviceSeq,
    ) {
        let mut number = expected;
        for sequence in outbox.numbered(id) {
            self.seal_as(ctx, outbox, sequence, id, number);
            number = number.next();
        }
    }

    /// Gives a message this number, and makes that durable with the batch.
    fn seal_as(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &mut Outbox,
        sequence: u64,
        id: ConversationId,
        number: DeviceSeq,
    ) {
        let Some(unsent) = outbox.get(sequence) else {
            return;
        };
        let origin = Origin {
            conversation: id,
            device: ctx.me.device,
            number,
        };
        let mut salt = [0; 16];
        self.random.fill_bytes(&mut salt);
        let refers_to = match unsent.refers_to {
            Some(Referred::Entry(entry)) => Some(entry),
            Some(Referred::Waiting(_)) | None => None,
        };
        let body = body(unsent, (ctx.me.id, id), Bytes(salt));
        let mut message = ClientMessage::entry(origin, (unsent.kind, refers_to), body);
        if let Some(header) = &mut message.header.entry {
            let key = unsent.key.as_deref();
            header.key = key.map(|key| keys::hashed(ctx.me.id, key));
            header.root = unsent.file.as_ref().map(|file| file.root);
        }
        let (content, digest) = seal(&message);
        let numbered = Numbered {
            conversation: id,
            number,
            content: ByteBuf::from(content),
            digest,
        };
        if let Some(known) = ctx.conversations.get_mut(id) {
            known.last_number = Some(number);
        }
        if let Some(unsent) = outbox.assign(sequence, numbered) {
            ctx.state.put_unsent(sequence, unsent);
        }
    }
}

/// The body of a message by this author in this conversation.
fn body(
    unsent: &OutboxEntry,
    (sender, receiver): (AccountId, ConversationId),
    salt: Bytes<16>,
) -> EntryBody {
    match unsent.kind {
        EntryKind::Delete | EntryKind::Pin | EntryKind::Unpin => {
            EntryBody::of(&Reference { sender, receiver })
        }
        EntryKind::React => EntryBody::of(&Reaction {
            sender,
            receiver,
            salt,
            sign: unsent.text.clone(),
        }),
        EntryKind::File => EntryBody::of(&attachment(unsent, (sender, receiver), salt)),
        EntryKind::Text
        | EntryKind::Action
        | EntryKind::Edit
        | EntryKind::Event
        | EntryKind::Other(_) => EntryBody::of(&Text {
            sender,
            receiver,
            salt,
            text: unsent.text.clone(),
        }),
    }
}

/// The body of a message that is a file.
fn attachment(
    unsent: &OutboxEntry,
    (sender, receiver): (AccountId, ConversationId),
    salt: Bytes<16>,
) -> Attachment {
    let file = unsent.file.as_ref();
    let told = |field: fn(&QueuedFile) -> &String| file.map(field).cloned().unwrap_or_default();
    Attachment {
        sender,
        receiver,
        salt,
        name: told(|file| &file.name),
        size: file.map_or(0, |file| file.size),
        media_type: told(|file| &file.media_type),
        text: unsent.text.clone(),
    }
}
