//! A message at its end: it is stored, or was before.

use std::time::Instant;

use crate::client::account::ctx::Ctx;
use crate::client::account::mending;
use crate::client::account::sender::{Sender, amend};
use crate::client::env::{Fault, Tone};
use crate::client::program::Report;
use crate::client::storage::entry::{Entry, Said};
use crate::client::ui::render;
use crate::protocol::{Digest, EntryKind, ErrorCode, Failure, SaidBefore, Stored};

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
        amend::place(ctx, &mut self.outbox, sequence, stored.entry);
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

    /// Whether the server has refused a message because an entry has its key already. What was to be reached is reached then: the
    /// number is used up by a VOID. Returns that entry, and when a program said it in this run.
    pub(crate) fn take_said_before(
        &mut self,
        ctx: &mut Ctx<'_>,
        failure: &Failure,
    ) -> Option<(SaidBefore, Option<Instant>)> {
        let before = failure.said_before.as_deref().copied();
        let before = before.filter(|_| failure.code == ErrorCode::SaidBefore)?;
        let sequence = self.outbox.find(failure.conversation?, failure.number?)?;
        let unsent = self.outbox.get(sequence)?;
        if unsent.key.is_none() || unsent.refused {
            return None;
        }
        let line = self.outbox.line(sequence);
        let is_elsewhere = failure.conversation != Some(before.conversation);
        // A program is told who has it, as often as it asks; of what was said to others it is told nothing more.
        let is_asked = line.is_some() && !is_elsewhere;
        let typed = self.outbox.typed(sequence).filter(|_| is_asked);
        let (what, target) = (unsent.described(), unsent.target.clone());
        self.stored += 1;
        let at = (before.conversation, before.entry);
        ctx.effects.own_stored(sequence, at);
        if let Some(said) = line {
            ctx.effects.report(Report::Stored {
                said,
                conversation: before.conversation,
                place: ctx.name_of(before.conversation).to_owned(),
                entry: before.entry,
                time_ms: before.time_ms,
                recipients: before.recipients,
                online: before.online,
                said_before: true,
                is_elsewhere,
            });
        }
        if is_elsewhere {
            let place = match ctx.name_of(before.conversation) {
                "" => "another conversation",
                place => place,
            };
            let text = format!(
                "nothing was sent to {target}: the id was used for a message to {place}; use another id"
            );
            ctx.effects.refuse(line, Fault::Usage, &text);
            amend::drop_waiting_for(ctx, &mut self.outbox, sequence);
        } else {
            let time = ctx.clock().show(before.time_ms);
            ctx.effects
                .show(Tone::Event, render::said_before(&what, &time));
            amend::place(ctx, &mut self.outbox, sequence, before.entry);
        }
        if let Some(unsent) = self.outbox.refuse(sequence) {
            ctx.state.put_unsent(sequence, unsent);
        }
        Some((before, typed))
    }
}
