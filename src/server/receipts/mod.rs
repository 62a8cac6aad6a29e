//! Receipts: how far each member has received, and who is told.

mod counted;
pub mod counts;
pub mod marks;
mod subscriptions;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::ctx::Ctx;
use crate::protocol::{AccountId, ConversationId, Mark};
use crate::transport::SessionId;
use counts::CountTable;
use marks::{DeliveryMarks, UNWRITTEN_MAX};

/// The receipts of all conversations: what is to be written, and who is told by name or by count.
#[derive(Debug, Default)]
pub struct Receipts {
    pub(super) subscribers: BTreeMap<ConversationId, BTreeSet<SessionId>>,
    marks: DeliveryMarks,
    counts: CountTable,
    /// Marks that have moved here, for the other servers of the cluster, if there are any.
    hints: Option<Vec<(ConversationId, Mark)>>,
}

impl Receipts {
    /// Other servers are told from now on which marks have moved here.
    pub fn tell_hints(&mut self) {
        self.hints = Some(Vec::new());
    }

    /// The marks that have moved since this was asked last.
    pub fn take_hints(&mut self) -> Vec<(ConversationId, Mark)> {
        self.hints.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// A mark has moved here. Of a reader who blocks somebody others learn it once it is written, which tells who may.
    fn note_hint(&mut self, ctx: &Ctx<'_>, conversation: ConversationId, mark: &Mark) {
        if let Some(hints) = &mut self.hints
            && hints.len() < UNWRITTEN_MAX
            && (ctx.is_member(mark.account, conversation) || !ctx.blocks.hides_any(mark.account))
        {
            hints.push((conversation, mark.clone()));
        }
    }

    /// An account was online until now.
    pub fn note_seen(&mut self, ctx: &Ctx<'_>, account: AccountId) {
        let now = ctx.now;
        self.marks.seen(now.instant, account, now.unix_ms);
    }

    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        if self
            .marks
            .deadline()
            .is_some_and(|at| at <= ctx.now.instant)
        {
            self.write_marks(ctx);
        }
        self.publish_counts(ctx);
    }

    /// The server stops: all who are online were seen until now.
    pub fn write_last(&mut self, ctx: &mut Ctx<'_>) {
        for (account, _) in ctx.presence.online() {
            self.marks.seen(ctx.now.instant, account, ctx.now.unix_ms);
        }
        self.write_marks(ctx);
    }

    /// Everything that came together was handled: it is told together.
    pub fn publish(&mut self, ctx: &mut Ctx<'_>) {
        self.publish_receipts(ctx);
        self.publish_counts(ctx);
        if self.marks.is_full() {
            self.write_marks(ctx);
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.marks.deadline(), self.counts.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// A member has left a room: its receipts are not for them, nor is their mark counted.
    pub fn leave(&mut self, ctx: &mut Ctx<'_>, account: AccountId, room: ConversationId) {
        self.counts.leave(ctx.now.instant, room, account);
        for id in ctx.sessions_of(account) {
            self.unsubscribe(ctx, id, room);
        }
    }
}
