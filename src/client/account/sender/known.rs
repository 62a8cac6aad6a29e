//! A message on its last steps: sealed under its number, and stored.

use std::time::Instant;

use rand_core::RngCore as _;
use serde_bytes::ByteBuf;

use crate::client::account::ctx::Ctx;
use crate::client::account::mending;
use crate::client::account::sender::{Sender, keys};
use crate::client::program::Report;
use crate::client::storage::entry::{Entry, Said};
use crate::client::storage::records::{Numbered, OutboxEntry, QueuedFile, Referred};
use crate::protocol::{
    AccountId, Attachment, Bytes, ClientMessage, ConversationId, DeviceSeq, Digest, EntryBody,
    EntryId, EntryKind, Origin, Reaction, Reference, Stored, Text, seal,
};

/// A message that has left the outbox because it is stored.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) digest: Digest,
    /// When it was typed, if that was in this run.
    pub(crate) typed: Option<Instant>,
    /// The same by the clock, in milliseconds since 1970 (UTC); 0 if that is not known.
    pub(crate) typed_ms: u64,
    /// Whether it is something said, and not a change of that.
    pub(crate) is_said: bool,
}

impl Sender {
    /// Gives a message this number, and makes that durable with the batch.
    pub(super) fn seal_as(
        &mut self,
        ctx: &mut Ctx<'_>,
        sequence: u64,
        id: ConversationId,
        number: DeviceSeq,
    ) {
        let Some(unsent) = self.outbox.get(sequence) else {
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
        if let Some(unsent) = self.outbox.assign(sequence, numbered) {
            ctx.state.put_unsent(sequence, unsent);
        }
    }

    /// A message is durable at the server: it moves from the outbox to the history, unless it is known already that it is
    /// stored.
    pub(crate) fn handle_stored(&mut self, ctx: &mut Ctx<'_>, stored: &Stored) -> Option<Done> {
        let id = stored.conversation;
        if let Some(known) = ctx.conversations.get_mut(id) {
            known.set_last_seq(stored.number);
        }
        let sequence = self.outbox.find(id, stored.number)?;
        let typed = self.outbox.typed(sequence);
        if let Some(said) = self.outbox.line(sequence) {
            ctx.effects.report(Report::Stored {
                said,
                conversation: id,
                place: ctx.name_of(id).to_owned(),
                entry: stored.entry,
                time_ms: stored.time_ms,
                recipients: stored.recipients,
                online: stored.online,
                said_before: false,
                is_elsewhere: false,
            });
        }
        let unsent = self.outbox.remove(sequence)?;
        let numbered = unsent.numbered?;
        self.stored += 1;
        ctx.state.remove_unsent(sequence);
        ctx.save_conversation(id);
        ctx.effects.own_stored(sequence, (id, stored.entry));
        self.place_waiting(ctx, sequence, stored.entry);
        let entry = Entry {
            author: ctx.me.id,
            time_ms: stored.time_ms,
            content: numbered.content,
            digest: numbered.digest,
            prev: stored.prev,
            author_name: None,
            deleted: None,
            was_amendment: false,
        };
        // Its delivery may have come first.
        let is_new = !ctx.holds(id, stored.entry, &entry.digest);
        let said = entry.said(id, ctx.own()).unwrap_or(Said::Unknown);
        let told = mending::keep_late(ctx, (id, stored.entry), entry.clone(), &said);
        if let Some(told) = told.filter(|_| is_new) {
            let line = ctx.amendment_line(id, &entry, &told);
            ctx.effects.show_line(line);
        }
        // How it was typed does not say what is answered, nor how an action reads.
        let is_answer = unsent.kind.is_said() && unsent.refers_to.is_some();
        let is_told = is_answer || matches!(unsent.kind, EntryKind::Action | EntryKind::File);
        if is_told && is_new && ctx.conversations.is_attended {
            let line = ctx.live_line((id, stored.entry), &entry, &said, false);
            ctx.effects.show_line(line);
        }
        Some(Done {
            digest: numbered.digest,
            typed,
            typed_ms: unsent.typed_ms,
            is_said: unsent.kind.is_said(),
        })
    }

    /// A message is this entry now: what is about it can be sent.
    pub(super) fn place_waiting(&mut self, ctx: &mut Ctx<'_>, sequence: u64, entry: EntryId) {
        for waiting in self.outbox.waiting_for(sequence) {
            let placed = |unsent: &mut OutboxEntry| unsent.refers_to = Some(Referred::Entry(entry));
            if let Some(unsent) = self.outbox.change(waiting, placed) {
                ctx.state.put_unsent(waiting, unsent);
            }
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
