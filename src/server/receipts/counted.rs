//! Receipts of large conversations: counts, sent at most once a second, instead of names.

use super::Receipts;
use crate::protocol::{
    AccountId, ConversationId, Mark, Message, NAMED_RECEIPTS_MAX, ReceiptCounts,
};
use crate::server::ctx::reply::send;
use crate::server::ctx::requests::Pending;
use crate::server::ctx::{CHAT, Ctx};
use crate::store::{Audience, Outcome, Read, Reply};
use crate::transport::{SendError, SessionId};

impl Receipts {
    /// A mark has advanced: it is sent by name, or counted.
    pub fn on_mark_advanced(
        &mut self,
        ctx: &mut Ctx<'_>,
        conversation: ConversationId,
        mark: Mark,
    ) {
        if self.is_silenced(ctx, mark.account, conversation) {
            return;
        }
        if !self.counts.is_counted(conversation) {
            self.marks.queue_receipt(conversation, mark);
        } else if ctx.is_member(mark.account, conversation) {
            self.counts.advance(ctx.now.instant, conversation, &mark);
        }
    }

    /// How many members read a conversation, as its newest entry says, decides whether its receipts are counted.
    pub fn update_mode(
        &mut self,
        ctx: &mut Ctx<'_>,
        conversation: ConversationId,
        audience: &Audience,
    ) {
        let members = match audience {
            Audience::Pair { .. } | Audience::Notes { .. } => return,
            Audience::Everyone { accounts } => *accounts,
            Audience::Room { members } => *members,
        };
        if members > NAMED_RECEIPTS_MAX {
            self.count(ctx, conversation, members);
        } else if self.counts.forget(conversation) {
            // By name again: subscribers are sent the marks that were counted.
            for id in self.subscribers_of(conversation) {
                self.request(ctx, id, conversation);
            }
        }
    }

    /// Counts the receipts of a conversation, if anybody has subscribed to it.
    pub fn count(&mut self, ctx: &mut Ctx<'_>, conversation: ConversationId, members: u32) {
        if self.subscribers.contains_key(&conversation) {
            self.counts.count(conversation, members);
            self.request_count(ctx, conversation);
        }
    }

    /// Asks the store once more where it could not say how far everybody was.
    pub fn retry(&mut self, ctx: &mut Ctx<'_>) {
        for conversation in self.counts.waiting() {
            self.request_count(ctx, conversation);
        }
    }

    /// Asks the store for the marks of what is counted from now on, if it was not asked.
    fn request_count(&mut self, ctx: &mut Ctx<'_>, conversation: ConversationId) {
        if !self.counts.is_waiting(conversation) {
            return;
        }
        // In the name of a subscriber who may know.
        let mut subscribers = self.subscribers_of(conversation).into_iter();
        let account = subscribers.find_map(|id| {
            let account = ctx.sessions.user(id)?.account;
            ctx.is_member(account, conversation).then_some(account)
        });
        let Some(account) = account else {
            self.counts.forget(conversation);
            return;
        };
        // What has not been written yet would be missing in what the store says.
        self.write_marks(ctx);
        let request = Read::Marks {
            conversation,
            account,
            named_max: u32::MAX,
        };
        let is_asked = ctx.store.submit(Pending::Counts(conversation), request);
        self.counts.set_asked(conversation, is_asked);
        if !is_asked {
            ctx.retry_soon();
        }
    }

    /// The store has said how far everybody was.
    pub fn on_counts_loaded(
        &mut self,
        ctx: &mut Ctx<'_>,
        conversation: ConversationId,
        outcome: &Outcome,
    ) {
        if let Outcome::Done(Reply::Marks { members, marks, .. }) = outcome {
            self.counts
                .load(ctx.now.instant, conversation, *members, marks);
        } else {
            // A storage error, or the one in whose name it was asked has left meanwhile.
            self.counts.set_asked(conversation, false);
            ctx.retry_soon();
        }
    }

    /// Sends the counts that have changed to their subscribers, when it is time.
    pub fn publish_counts(&mut self, ctx: &mut Ctx<'_>) {
        for conversation in self.counts.take_due(ctx.now.instant) {
            if !self.counts.is_loaded(conversation) {
                continue;
            }
            for id in self.subscribers_of(conversation) {
                self.send_counts(ctx, id, conversation);
            }
        }
    }

    /// Sends the counts of a conversation, as far as they are known.
    pub fn send_counts(&mut self, ctx: &mut Ctx<'_>, id: SessionId, conversation: ConversationId) {
        let Some(user) = ctx.sessions.user_mut(id) else {
            return;
        };
        if user.subscribed.defer_unverified(conversation) {
            return;
        }
        if !self.counts.is_loaded(conversation) {
            // It is told with the others, once they are.
            return;
        }
        let Some((members, steps)) = self.counts.steps(conversation, user.account) else {
            return;
        };
        let message = Message::control(ReceiptCounts {
            conversation,
            members,
            steps,
        });
        if send(ctx.now, (ctx.endpoint, ctx.scratch), id, CHAT, &message) == Err(SendError::Full) {
            user.subscribed.defer(conversation);
        }
    }

    pub fn subscribers_of(&self, conversation: ConversationId) -> Vec<SessionId> {
        let subscribers = self.subscribers.get(&conversation);
        subscribers.into_iter().flatten().copied().collect()
    }

    /// Whether a receipt of an account is to be told to nobody: in a pair whose other one it blocks.
    fn is_silenced(&self, ctx: &Ctx<'_>, account: AccountId, conversation: ConversationId) -> bool {
        if ctx.is_member(account, conversation) {
            return false;
        }
        let subscribers = self.subscribers.get(&conversation);
        let mut subscribers = subscribers.into_iter().flatten();
        subscribers.any(|id| {
            let user = ctx.sessions.user(*id);
            user.is_some_and(|user| ctx.blocks.hides(account, user.account))
        })
    }
}
