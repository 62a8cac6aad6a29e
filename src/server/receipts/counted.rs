//! Receipts of large conversations: counts, told at most once a second, in place of names.

use crate::protocol::{
    AccountId, ConversationId, Mark, Message, NAMED_RECEIPTS_MAX, ReceiptCounts,
};
use crate::server::hub::completions::Pending;
use crate::server::hub::{Ctx, Hub};
use crate::server::messages::fanout::CHAT;
use crate::store::{Audience, Outcome, Read, Reply};
use crate::transport::{SendError, SessionId};

impl Hub {
    /// Somebody has received something: it is told by name, or counted.
    pub(in crate::server) fn on_mark_advanced(
        &mut self,
        ctx: &Ctx<'_>,
        conversation: ConversationId,
        mark: Mark,
    ) {
        if self.is_silenced(mark.account, conversation) {
            return;
        }
        if !self.counts.is_counted(conversation) {
            self.marks.queue_receipt(conversation, mark);
        } else if self.is_member(mark.account, conversation) {
            self.counts.advance(ctx.now.instant, conversation, &mark);
        }
    }

    /// An entry has told how many read a conversation: whether its receipts are counted follows from that.
    pub(in crate::server) fn update_receipt_mode(
        &mut self,
        ctx: &mut Ctx<'_>,
        conversation: ConversationId,
        audience: &Audience,
    ) {
        let members = match audience {
            Audience::Pair { .. } => return,
            Audience::Everyone { accounts } => *accounts,
            Audience::Room { members } => *members,
        };
        if members > NAMED_RECEIPTS_MAX {
            self.count(ctx, conversation, members);
        } else if self.counts.forget(conversation) {
            // By name again: what was counted is told anew.
            for id in self.subscribers_of(conversation) {
                self.request_receipts(ctx, id, conversation);
            }
        }
    }

    /// Counts the receipts of a conversation, if anybody watches it.
    pub(in crate::server) fn count(
        &mut self,
        ctx: &mut Ctx<'_>,
        conversation: ConversationId,
        members: u32,
    ) {
        if self.subscribers.contains_key(&conversation) {
            self.counts.count(conversation, members);
            self.request_count(ctx, conversation);
        }
    }

    /// Asks the store once more where it could not say how far everybody was.
    pub(in crate::server) fn request_counts(&mut self, ctx: &Ctx<'_>) {
        for conversation in self.counts.waiting() {
            self.request_count(ctx, conversation);
        }
    }

    /// Asks the store for the marks of what is counted from now on, if it was not asked.
    fn request_count(&mut self, ctx: &Ctx<'_>, conversation: ConversationId) {
        if !self.counts.is_waiting(conversation) {
            return;
        }
        // In the name of somebody who watches it and may know.
        let mut subscribers = self.subscribers_of(conversation).into_iter();
        let account = subscribers.find_map(|id| {
            let account = self.sessions.user(id)?.account;
            self.is_member(account, conversation).then_some(account)
        });
        let Some(account) = account else {
            self.counts.forget(conversation);
            return;
        };
        // What has not been written yet would be missing in what the store says.
        self.write_marks(ctx.now);
        let request = Read::Marks {
            conversation,
            account,
            named_max: u32::MAX,
        };
        let is_asked = self.submit(Pending::Counts(conversation), request);
        self.counts.set_asked(conversation, is_asked);
        if !is_asked {
            self.retry_soon(ctx.now);
        }
    }

    /// The store has said how far everybody was.
    pub(in crate::server) fn on_counts_loaded(
        &mut self,
        ctx: &mut Ctx<'_>,
        conversation: ConversationId,
        outcome: Outcome,
    ) {
        if let Outcome::Done(Reply::Marks { members, marks, .. }) = outcome {
            self.counts
                .load(ctx.now.instant, conversation, members, &marks);
        } else {
            // A storage error, or the one in whose name it was asked has left meanwhile.
            self.counts.set_asked(conversation, false);
            self.retry_soon(ctx.now);
        }
    }

    /// Tells the counts that have changed to all who watch them, when it is time.
    pub(in crate::server) fn publish_counts(&mut self, ctx: &mut Ctx<'_>) {
        for conversation in self.counts.take_due(ctx.now.instant) {
            if !self.counts.is_loaded(conversation) {
                continue;
            }
            for id in self.subscribers_of(conversation) {
                self.send_counts(ctx, id, conversation);
            }
        }
    }

    /// Tells the counts of a conversation, as far as they are known.
    pub(in crate::server) fn send_counts(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        conversation: ConversationId,
    ) {
        let Some(user) = self.sessions.user_mut(id) else {
            return;
        };
        if user.unverified.contains(&conversation) {
            // Whether the account may hear of it the store has not said yet.
            user.deferred.insert(conversation);
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
        if Self::send(ctx, id, CHAT, &message) == Err(SendError::Full) {
            user.defer_receipts(conversation);
        }
    }

    pub(in crate::server) fn subscribers_of(&self, conversation: ConversationId) -> Vec<SessionId> {
        let subscribers = self.subscribers.get(&conversation);
        subscribers.into_iter().flatten().copied().collect()
    }

    /// Whether an account with a session belongs to everyone, or to a room. Of pairs it says nothing.
    pub(in crate::server) fn is_member(
        &self,
        account: AccountId,
        conversation: ConversationId,
    ) -> bool {
        conversation == ConversationId::EVERYONE || self.presence.is_in(account, conversation)
    }
}
