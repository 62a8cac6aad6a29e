//! Receipts: who has received what, told to those who wait for it.

use crate::protocol::{
    AccountId, Command, ConversationId, EntryId, Mark, Message, NAMED_RECEIPTS_MAX, Receipts,
    Received,
};
use crate::server::hub::completions::Pending;
use crate::server::hub::{Ctx, Hub};
use crate::server::limits::account_budget::Cost;
use crate::server::messages::fanout::CHAT;
use crate::server::session::WATCHED_MAX;
use crate::store::{MemberMark, Outcome, Reply, Request};
use crate::transport::Now;
use crate::transport::{SendError, SessionId};

/// Marks in one part of a conversation's receipts. Chosen: with names of 32 characters, 32 KB.
const MARKS_PER_PART: usize = 200;

/// Marks that an answer tells at most; of further members a receipt is told only when it moves. Chosen: what a
/// session's send buffer holds.
const MARKS_MAX: usize = 1000;

impl Hub {
    /// A device has made everything up to an entry durable. It cannot have more than it was sent.
    pub(in crate::server) fn received(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: Received) {
        let Some(user) = self.sessions.user_mut(id) else {
            return;
        };
        let Some(sent) = user.sent.get(&body.conversation).copied() else {
            return;
        };
        let entry = body.entry.min(sent);
        if entry == sent {
            user.sent.remove(&body.conversation);
        }
        let mark = user.mark(body.conversation, entry);
        let now = ctx.now.instant;
        if self.marks.advance(now, body.conversation, &mark) {
            self.moved(ctx, body.conversation, mark);
        }
    }

    /// A session is told the receipts of a conversation from now on.
    pub(in crate::server) fn watch(&mut self, id: SessionId, conversation: ConversationId) {
        let Some(user) = self.sessions.user_mut(id) else {
            return;
        };
        if !user.watching.insert(conversation) {
            return;
        }
        let forgotten = if user.watching.len() > WATCHED_MAX {
            user.watching
                .iter()
                .copied()
                .find(|other| *other != conversation)
        } else {
            None
        };
        if let Some(forgotten) = forgotten {
            user.forget_receipts(forgotten);
            self.unwatch(id, forgotten);
        }
        self.watchers.entry(conversation).or_default().insert(id);
    }

    /// A session is told the receipts of a conversation no more.
    pub(in crate::server) fn unwatch(&mut self, id: SessionId, conversation: ConversationId) {
        if let Some(watchers) = self.watchers.get_mut(&conversation) {
            watchers.remove(&id);
            if watchers.is_empty() {
                self.watchers.remove(&conversation);
                self.tallies.forget(conversation);
            }
        }
    }

    /// The same, and nothing is owed to it any more.
    pub(in crate::server) fn stop_watching(&mut self, id: SessionId, conversation: ConversationId) {
        if let Some(user) = self.sessions.user_mut(id) {
            user.forget_receipts(conversation);
        }
        self.unwatch(id, conversation);
    }

    /// A session asks for the receipts of a conversation, those of before too.
    pub(in crate::server) fn request_receipts(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        conversation: ConversationId,
    ) {
        let account = self.sessions.user(id).map(|user| user.account);
        if self.tallies.is_counted(conversation)
            && account.is_some_and(|account| self.is_member(account, conversation))
        {
            self.watch(id, conversation);
            return self.tell_counts(ctx, id, conversation);
        }
        // What has not been written yet would be missing in what the store says.
        self.write_marks(ctx.now);
        // Watched from now on, so that no mark which moves meanwhile is missed; but whether the account may hear of
        // it only the store can say.
        let Some(user) = self.sessions.user_mut(id) else {
            return;
        };
        if !user.watching.contains(&conversation) {
            user.asking.insert(conversation);
        }
        self.watch(id, conversation);
        let Some(user) = self.sessions.user(id) else {
            return;
        };
        let request = Request::Marks {
            conversation,
            account: user.account,
            named_max: NAMED_RECEIPTS_MAX,
        };
        if !self.submit(
            Pending::Marks {
                session: id,
                conversation,
            },
            request,
        ) {
            self.owe_receipts(ctx.now, id, conversation);
        }
    }

    /// The store has said how far everybody has received.
    pub(in crate::server) fn tell_receipts(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        conversation: ConversationId,
        outcome: Outcome,
    ) {
        match outcome {
            Outcome::Done(Reply::Marks { members, .. })
                if members > NAMED_RECEIPTS_MAX && self.is_watching(id, conversation) =>
            {
                if let Some(user) = self.sessions.user_mut(id) {
                    user.asking.remove(&conversation);
                    user.owed_receipts.remove(&conversation);
                    let account = user.account;
                    let now = ctx.now.instant;
                    self.budgets.charge(now, account, Cost::COUNTED, 0);
                }
                self.count(ctx, conversation, members);
                self.tell_counts(ctx, id, conversation);
            }
            Outcome::Done(Reply::Marks { marks, .. }) => {
                let Some(user) = self.sessions.user_mut(id) else {
                    return;
                };
                let has_moved =
                    user.asking.remove(&conversation) && user.owed_receipts.remove(&conversation);
                let marks = marks.into_iter().take(MARKS_MAX).map(Mark::from).collect();
                self.tell_marks(ctx, id, conversation, marks);
                if has_moved {
                    self.request_receipts(ctx, id, conversation);
                }
            }
            Outcome::Unknown => self.owe_receipts(ctx.now, id, conversation),
            other => {
                self.stop_watching(id, conversation);
                Self::refuse_outcome(ctx, id, CHAT, Command::Receipts, &other);
            }
        }
    }

    /// Tells all that moved since the last time to those who watch it.
    pub(in crate::server) fn spread_receipts(&mut self, ctx: &mut Ctx<'_>) {
        for (conversation, marks) in self.marks.take_news() {
            for id in self.watchers_of(conversation) {
                let Some(user) = self.sessions.user_mut(id) else {
                    continue;
                };
                let own = user.account;
                let marks: Vec<Mark> = marks
                    .values()
                    .filter(|mark| mark.account != own)
                    .cloned()
                    .collect();
                if marks.is_empty() {
                    continue;
                }
                if user.asking.contains(&conversation) {
                    user.owed_receipts.insert(conversation);
                } else {
                    self.tell_marks(ctx, id, conversation, marks);
                }
            }
        }
    }

    fn tell_marks(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        conversation: ConversationId,
        marks: Vec<Mark>,
    ) {
        for part in marks.chunks(MARKS_PER_PART) {
            let message = Message::control(Receipts {
                conversation,
                marks: part.to_vec(),
            });
            if Self::send(ctx, id, CHAT, &message) == Err(SendError::Full)
                && let Some(user) = self.sessions.user_mut(id)
            {
                user.owe_receipts(conversation);
                return;
            }
        }
    }

    fn is_watching(&self, id: SessionId, conversation: ConversationId) -> bool {
        let user = self.sessions.user(id);
        user.is_some_and(|user| user.watching.contains(&conversation))
    }

    fn owe_receipts(&mut self, now: Now, id: SessionId, conversation: ConversationId) {
        if let Some(user) = self.sessions.user_mut(id) {
            user.owe_receipts(conversation);
        }
        self.retry_soon(now);
    }

    /// Hands everything that waits to the store.
    pub(in crate::server) fn write_marks(&mut self, now: Now) {
        let Some((marks, seen)) = self.marks.take_unwritten() else {
            return;
        };
        let request = Request::Advance {
            marks: marks.clone(),
            seen: seen.clone(),
        };
        let pending = Pending::Advance {
            marks: marks.clone(),
            seen: seen.clone(),
        };
        if !self.submit(pending, request) {
            self.marks.put_back(now.instant, marks, seen);
        }
    }

    /// The store has written marks, or not.
    pub(in crate::server) fn advanced(
        &mut self,
        ctx: &mut Ctx<'_>,
        marks: Vec<(ConversationId, AccountId, EntryId)>,
        seen: Vec<(AccountId, u64)>,
        outcome: Outcome,
    ) {
        if outcome == Outcome::Unknown {
            self.marks.put_back(ctx.now.instant, marks, seen);
        }
    }
}

impl From<MemberMark> for Mark {
    fn from(mark: MemberMark) -> Self {
        let MemberMark {
            account,
            name,
            entry,
            since,
        } = mark;
        Self {
            account,
            name,
            entry,
            since,
        }
    }
}
