//! Receipts: how far each member has received, and who is told.

mod counted;
pub mod counts;
pub mod marks;
mod subscriptions;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::ctx::Ctx;
use crate::protocol::{AccountId, ConversationId};
use crate::transport::SessionId;
use counts::CountTable;
use marks::DeliveryMarks;

/// The receipts of all conversations: what is to be written, and who is told by name or by count.
#[derive(Debug, Default)]
pub struct Receipts {
    pub(super) subscribers: BTreeMap<ConversationId, BTreeSet<SessionId>>,
    marks: DeliveryMarks,
    counts: CountTable,
}

impl Receipts {
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
