//! Refused messages, and names that the server finds or does not find.

use std::time::Duration;

use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::account::sender::{Sender, amend, files, keys, show_unconfirmed};
use crate::client::account::switching;
use crate::client::env::Fault;
use crate::client::name::{canonical_target, truncate_name};
use crate::client::storage::records::StoredConversation;
use crate::client::ui::render;
use crate::protocol::{DeviceSeq, ErrorCode, Failure, Resolved};

/// How long the client waits before it tries again what the server could not do. Chosen: the server reopens its
/// storage in about that time.
const RETRY_DELAY: Duration = Duration::from_secs(1);

impl Sender {
    /// The conversation with a user is known.
    pub(crate) fn handle_resolved(
        &mut self,
        ctx: &mut Ctx<'_>,
        resolved: &Resolved,
    ) -> Option<String> {
        let Some(PendingRequest::Resolve { target }) = ctx.pending.take(resolved.tag) else {
            return None;
        };
        let (id, name) = (resolved.conversation, truncate_name(resolved.name.clone()));
        if ctx.focus.take_resolving(&target) {
            switching::focus_on(ctx, &name);
        }
        if ctx.conversations.get(id).is_none()
            && !ctx
                .conversations
                .insert(id, StoredConversation::at(&name, resolved.start))
        {
            return Some(target);
        }
        if let Some(known) = ctx.conversations.get_mut(id) {
            known.set_last_seq(resolved.last_number);
            known.stored.name = name;
        }
        ctx.save_conversation(id);
        // What was typed may differ from the canonical name in ways that only the server knows.
        self.numbering
            .assign_waiting(ctx, &mut self.outbox, id, |typed| typed == target);
        Some(target)
    }

    /// There is no user of this name: what waits for them is not sent.
    pub(crate) fn handle_unresolved(&mut self, ctx: &mut Ctx<'_>, target: &str, failure: &Failure) {
        if is_temporary(failure.code) {
            self.retry_later(ctx, failure);
            if ctx.focus.take_resolving(target) {
                switching::focus_on(ctx, &canonical_target(target));
            }
            return;
        }
        if ctx.focus.take_resolving(target) {
            ctx.fail(Fault::of(failure.code), render::refusal(failure, target));
        }
        for (line, unsent) in self.take_waiting(ctx, |typed| typed == target) {
            let (refusal, quoted) = (render::refusal(failure, target), unsent.described());
            let text = format!("{refusal}; not sent: {quoted}");
            ctx.effects.refuse(line, Fault::of(failure.code), &text);
        }
        let name = canonical_target(target);
        if ctx.focus.leave(&name) {
            switching::show_focus_lost(ctx, &name);
        }
    }

    /// A message, or a VOID, was refused. Returns whether this device has to give its id up: its numbers are another's.
    pub(crate) fn handle_refused(&mut self, ctx: &mut Ctx<'_>, failure: &Failure) -> bool {
        let found = failure
            .conversation
            .zip(failure.number)
            .and_then(|(id, number)| Some((id, number, self.outbox.find(id, number)?)));
        let Some((id, number, sequence)) = found else {
            match (failure.number, failure.code) {
                (Some(_), _) => {}
                (None, ErrorCode::TooManyAttempts) => {
                    self.show_slowed(ctx, failure.wait_ms.unwrap_or_default());
                }
                (None, code) => {
                    ctx.effects
                        .fail_at(None, Fault::of(code), render::refusal(failure, ""));
                }
            }
            return false;
        };
        match failure.code {
            ErrorCode::Expect => {
                let expected = failure.expected.map_or(number, DeviceSeq);
                if self.outbox.find(id, expected).is_some() {
                    self.outbox.hold(id, expected, sequence);
                } else {
                    self.numbering.renumber(ctx, &mut self.outbox, id, expected);
                }
            }
            ErrorCode::Digest => self.outbox.requeue(sequence),
            ErrorCode::Conflict => return true,
            ErrorCode::UnknownNumber => {
                if let Some(known) = ctx.conversations.get_mut(id) {
                    known.set_last_seq(number);
                }
                ctx.save_conversation(id);
                if keys::say_again(ctx.state, &mut self.outbox, sequence) {
                    return false;
                }
                ctx.state.remove_unsent(sequence);
                let line = self.outbox.line(sequence);
                ctx.effects.own_failed(sequence);
                if let Some(unsent) = self.outbox.remove(sequence)
                    && !unsent.refused
                {
                    show_unconfirmed(&unsent, line, ctx.effects);
                }
                amend::drop_waiting_for(ctx, &mut self.outbox, sequence);
            }
            code if is_temporary(code) => {
                self.outbox.requeue(sequence);
                self.retry_later(ctx, failure);
            }
            _ if files::upload_again(ctx, &mut self.outbox, sequence, failure) => {}
            _ => return self.refuse(ctx, sequence, failure),
        }
        false
    }

    /// A message is refused for good: its number is used up by a VOID. Returns whether even that was refused, so that this
    /// device cannot use the number up.
    fn refuse(&mut self, ctx: &mut Ctx<'_>, sequence: u64, failure: &Failure) -> bool {
        let Some(unsent) = self.outbox.get(sequence) else {
            return false;
        };
        if unsent.refused {
            return true;
        }
        let reason = render::refusal(failure, &unsent.target);
        let text = unsent.not_sent(&reason);
        ctx.effects.own_failed(sequence);
        let line = self.outbox.line(sequence);
        ctx.effects.refuse(line, Fault::of(failure.code), &text);
        amend::drop_waiting_for(ctx, &mut self.outbox, sequence);
        if let Some(unsent) = self.outbox.refuse(sequence) {
            ctx.state.put_unsent(sequence, unsent);
        }
        false
    }

    /// The server does not read what this account sends for now. Nothing of it was refused.
    fn show_slowed(&self, ctx: &mut Ctx<'_>, wait_ms: u64) {
        // What is not stored yet; the server may speak of another device's.
        if self.outbox.len() > 0 {
            let text = render::slowed(self.outbox.len(), wait_ms, ctx.clock());
            ctx.notice(text);
        }
    }

    /// The server cannot do it now: tries again later.
    pub(crate) fn retry_later(&mut self, ctx: &mut Ctx<'_>, failure: &Failure) {
        let wait = failure.wait_ms.map_or(RETRY_DELAY, |wait_ms| {
            Duration::from_millis(wait_ms.clamp(1, 60_000))
        });
        self.retry_at = Some(ctx.now.instant + wait);
    }
}

/// Whether it may succeed later.
pub(crate) const fn is_temporary(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Unavailable | ErrorCode::TooManyAttempts | ErrorCode::OutOfTurn
    )
}
