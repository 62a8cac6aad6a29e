//! Receipts by name: marks that move are sent to the sessions that have subscribed to their conversation.

use super::Receipts;
use crate::protocol::{
    self, AccountId, Command, ConversationId, EntryId, Mark, Message, NAMED_RECEIPTS_MAX, Received,
};
use crate::server::ctx::reply::failure_of;
use crate::server::ctx::requests::Pending;
use crate::server::ctx::{CHAT, Ctx};
use crate::server::limits::account_budget::Cost;
use crate::store::{MemberMark, Outcome, Read, Reply, Write};
use crate::transport::{SendError, SessionId};

/// Marks in one part of a conversation's receipts. Chosen: with names of 32 characters, 32 KB.
const MARKS_PER_PART: usize = 200;

/// Marks that an answer tells at most; of further members a receipt is told only when it moves. Chosen: what a
/// session's send buffer holds.
const MARKS_MAX: usize = 1000;

impl Receipts {
    /// A device has made everything up to an entry durable. It cannot have more than it was sent.
    pub fn on_received(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: Received) {
        let Some(user) = ctx.sessions.user_mut(id) else {
            return;
        };
        let Some(sent) = user.sent.get(body.conversation).copied() else {
            return;
        };
        let entry = body.entry.min(sent);
        if entry == sent {
            user.sent.remove(body.conversation);
        }
        let mark = user.mark(body.conversation, entry);
        let now = ctx.now.instant;
        if self.marks.advance(now, body.conversation, &mark) {
            self.note_hint(ctx, body.conversation, &mark);
            self.on_mark_advanced(ctx, body.conversation, mark);
        }
    }

    /// A session gets the receipts of a conversation from now on.
    pub fn subscribe(&mut self, ctx: &mut Ctx<'_>, id: SessionId, conversation: ConversationId) {
        let Some(user) = ctx.sessions.user_mut(id) else {
            return;
        };
        if let Some(replaced) = user.subscribed.add(conversation) {
            self.remove_subscriber(id, replaced);
        }
        self.subscribers.entry(conversation).or_default().insert(id);
    }

    /// A session no longer gets the receipts of a conversation.
    pub fn remove_subscriber(&mut self, id: SessionId, conversation: ConversationId) {
        if let Some(subscribers) = self.subscribers.get_mut(&conversation) {
            subscribers.remove(&id);
            if subscribers.is_empty() {
                self.subscribers.remove(&conversation);
                self.counts.forget(conversation);
            }
        }
    }

    /// The same, and receipts that waited for room are dropped.
    pub fn unsubscribe(&mut self, ctx: &mut Ctx<'_>, id: SessionId, conversation: ConversationId) {
        if let Some(user) = ctx.sessions.user_mut(id) {
            user.subscribed.remove(conversation);
        }
        self.remove_subscriber(id, conversation);
    }

    /// A session asks for the receipts of a conversation, those of before too.
    pub fn request(&mut self, ctx: &mut Ctx<'_>, id: SessionId, conversation: ConversationId) {
        let account = ctx.sessions.user(id).map(|user| user.account);
        if self.counts.is_counted(conversation)
            && account.is_some_and(|account| ctx.is_member(account, conversation))
        {
            self.subscribe(ctx, id, conversation);
            return self.send_counts(ctx, id, conversation);
        }
        // What has not been written yet would be missing in what the store says.
        self.write_marks(ctx);
        // Subscribed from now on, so that no mark which moves meanwhile is missed; but whether the account may see
        // it only the store can say.
        let Some(user) = ctx.sessions.user_mut(id) else {
            return;
        };
        user.subscribed.begin_check(conversation);
        self.subscribe(ctx, id, conversation);
        let Some(user) = ctx.sessions.user(id) else {
            return;
        };
        let request = Read::Marks {
            conversation,
            account: user.account,
            named_max: NAMED_RECEIPTS_MAX,
        };
        if !ctx.store.submit(
            Pending::Marks {
                session: id,
                conversation,
            },
            request,
        ) {
            defer(ctx, id, conversation);
        }
    }

    /// The store has said how far everybody has received.
    pub fn on_marks_loaded(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        conversation: ConversationId,
        outcome: Outcome,
    ) {
        match outcome {
            Outcome::Done(Reply::Marks { members, .. })
                if members > NAMED_RECEIPTS_MAX && is_subscribed(ctx, id, conversation) =>
            {
                if let Some(user) = ctx.sessions.user_mut(id) {
                    user.subscribed.settle(conversation);
                    let account = user.account;
                    let now = ctx.now.instant;
                    ctx.budgets.charge(now, account, Cost::COUNTED, 0);
                }
                self.count(ctx, conversation, members);
                self.send_counts(ctx, id, conversation);
            }
            Outcome::Done(Reply::Marks { marks, .. }) => {
                let Some(user) = ctx.sessions.user_mut(id) else {
                    return;
                };
                let has_moved = user.subscribed.confirm(conversation);
                let marks = marks.into_iter().take(MARKS_MAX).map(Mark::from).collect();
                send_marks(ctx, id, conversation, marks);
                if has_moved {
                    self.request(ctx, id, conversation);
                }
            }
            Outcome::Unknown => defer(ctx, id, conversation),
            other => {
                self.unsubscribe(ctx, id, conversation);
                ctx.send_error(id, CHAT, Command::Receipts, failure_of(&other));
            }
        }
    }

    /// Sends all marks that moved since the last time to their subscribers.
    pub fn publish_receipts(&mut self, ctx: &mut Ctx<'_>) {
        let news = self.marks.take_news();
        for told in news.chunk_by(|(one, _), (other, _)| one == other) {
            let conversation = told[0].0;
            for id in self.subscribers_of(conversation) {
                let Some(user) = ctx.sessions.user_mut(id) else {
                    continue;
                };
                let own = user.account;
                let marks = told.iter().map(|(_, mark)| mark);
                let marks: Vec<Mark> = marks.filter(|mark| mark.account != own).cloned().collect();
                if marks.is_empty() {
                    continue;
                }
                if !user.subscribed.defer_unverified(conversation) {
                    send_marks(ctx, id, conversation, marks);
                }
            }
        }
    }

    /// Writes all marks and last-seen times that wait.
    pub fn write_marks(&mut self, ctx: &mut Ctx<'_>) {
        let Some((marks, seen)) = self.marks.take_unwritten() else {
            return;
        };
        let request = Write::Advance {
            marks: marks.clone(),
            seen: seen.clone(),
        };
        let pending = Pending::Advance {
            marks: marks.clone(),
            seen: seen.clone(),
        };
        if !ctx.store.submit(pending, request) {
            self.marks.restore(ctx.now.instant, marks, seen);
        }
    }

    /// The store has written marks, or not.
    pub fn on_advanced(
        &mut self,
        ctx: &mut Ctx<'_>,
        marks: Vec<(ConversationId, AccountId, EntryId)>,
        seen: Vec<(AccountId, u64)>,
        outcome: &Outcome,
    ) {
        if *outcome == Outcome::Unknown {
            self.marks.restore(ctx.now.instant, marks, seen);
        }
    }
}

fn is_subscribed(ctx: &Ctx<'_>, id: SessionId, conversation: ConversationId) -> bool {
    let user = ctx.sessions.user(id);
    user.is_some_and(|user| user.subscribed.contains(conversation))
}

fn defer(ctx: &mut Ctx<'_>, id: SessionId, conversation: ConversationId) {
    if let Some(user) = ctx.sessions.user_mut(id) {
        user.subscribed.defer(conversation);
    }
    ctx.retry_soon();
}

fn send_marks(
    ctx: &mut Ctx<'_>,
    id: SessionId,
    conversation: ConversationId,
    mut marks: Vec<Mark>,
) {
    while !marks.is_empty() {
        let rest = marks.split_off(marks.len().min(MARKS_PER_PART));
        let message = Message::control(protocol::Receipts {
            conversation,
            marks: std::mem::replace(&mut marks, rest),
        });
        if ctx.send(id, CHAT, &message) == Err(SendError::Full)
            && let Some(user) = ctx.sessions.user_mut(id)
        {
            user.subscribed.defer(conversation);
            return;
        }
    }
}

impl From<MemberMark> for Mark {
    fn from(mark: MemberMark) -> Self {
        let MemberMark {
            account,
            name,
            entry,
            joined_after: since,
        } = mark;
        Self {
            account,
            name,
            entry,
            since,
        }
    }
}
