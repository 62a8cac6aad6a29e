//! HELLO: a device reports its position in each conversation, and is told what is new for it.

mod pending;

use std::net::SocketAddr;
use std::time::Instant;

use super::ctx::reply::{failure_of, in_parts};
use super::ctx::requests::Pending;
use super::ctx::{CODE_HELLO, Ctx};
use super::policy::RoomCreationPolicy;
use super::receipts::Receipts;
use super::session::{ReadCursor, User};
use crate::protocol::{
    Blocked, Command, ConversationId, EntryId, ErrorCode, Failure, Feature, Greeting, Head, Hello,
    HelloAnswer, Mark, Message, RecipientData, Software,
};
use crate::store::{ConversationState, Outcome, Reply, Write};
use crate::transport::{Channel, SessionId};
use pending::PendingHellos;

/// Positions that one HELLO may name in all its parts; more are refused. Chosen: 0.6 MB.
const POSITIONS_MAX: usize = 10_000;
/// Characters of a client's version that are logged.
const VERSION_MAX: usize = 32;
/// Heads in one part of the answer. Chosen: with names of 32 characters, 16 KB.
const HEADS_PER_PART: usize = 200;
/// The devices that have signed in and not completed their HELLO.
#[derive(Debug, Default)]
pub struct Hellos {
    pending: PendingHellos,
}

impl Hellos {
    /// At most so many positions are kept of all devices together.
    #[cfg(test)]
    pub fn holding(positions: usize) -> Self {
        Self {
            pending: PendingHellos::new(positions),
        }
    }

    /// A part of a device's HELLO: once it is complete, the store is asked what is new.
    pub fn hello(&mut self, ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: Hello) {
        let Some(session) = ctx.sessions.get_mut(id) else {
            return;
        };
        let Some(user) = session.user_mut() else {
            return;
        };
        if let Some(Software { version, .. }) = &body.software {
            let version: String = version.chars().take(VERSION_MAX).collect();
            tracing::debug!(session = id.0, version, "a client says what it is");
        }
        let refusal = if user.hello.len() + body.positions.len() > POSITIONS_MAX {
            user.hello = Vec::new();
            Failure::new(ErrorCode::Malformed, "a HELLO names too many positions")
        } else if body.more {
            user.hello.extend(body.positions);
            let kept = user.hello.len();
            return self.hold(ctx, id, kept);
        } else {
            user.is_unannounced = body.unannounced == Some(true);
            user.is_sending_only = body.sends_only == Some(true);
            let mut positions = std::mem::take(&mut user.hello);
            positions.extend(body.positions);
            let named = positions.len();
            let request = Write::Hello {
                account: user.account,
                device: user.device,
                epoch: body.epoch,
                positions,
            };
            session.busy = true;
            if ctx.store.submit(
                Pending::Hello {
                    session: id,
                    channel,
                },
                request,
            ) {
                self.hold(ctx, id, named);
                return self.pending.complete(id);
            }
            Failure::new(ErrorCode::Unavailable, "")
        };
        self.restart(ctx, id);
        if let Some(session) = ctx.sessions.get_mut(id) {
            session.busy = false;
        }
        ctx.send_error(id, channel, Command::Hello, refusal);
    }

    /// A device may begin its HELLO again, of which nothing is kept; it must, if it never said it.
    fn restart(&mut self, ctx: &Ctx<'_>, id: SessionId) {
        self.pending.forget(id);
        if ctx.sessions.user(id).is_some_and(|user| !user.ready) {
            self.start(ctx, id);
        }
    }

    /// A device has signed in: its HELLO is awaited.
    pub fn start(&mut self, ctx: &Ctx<'_>, id: SessionId) {
        self.pending.note(ctx.now.instant, id, 0);
    }

    /// Nobody is signed in on the session any longer.
    pub fn forget(&mut self, id: SessionId) {
        self.pending.forget(id);
    }

    /// So much of a session's HELLO is kept now. Closes the longest while all are too long together.
    fn hold(&mut self, ctx: &mut Ctx<'_>, id: SessionId, positions: usize) {
        self.pending.note(ctx.now.instant, id, positions);
        while let Some(longest) = self.pending.excess() {
            let words = "too many HELLOs are incomplete, and this one is the longest";
            self.evict(ctx, longest, words);
        }
    }

    /// Closes sessions whose HELLO is overdue.
    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(late) = self.pending.late(ctx.now.instant) {
            let words = "the device did not complete its HELLO in time";
            self.evict(ctx, late, words);
        }
    }

    fn evict(&mut self, ctx: &mut Ctx<'_>, id: SessionId, words: &'static str) {
        self.pending.forget(id);
        ctx.evict(id, CODE_HELLO, words);
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.pending.deadline()
    }

    /// The store has answered: the device is told what is new, greeted, and sent what it missed.
    pub fn on_loaded(
        &mut self,
        ctx: &mut Ctx<'_>,
        receipts: &mut Receipts,
        id: SessionId,
        channel: Channel,
        outcome: Outcome,
    ) {
        self.pending.forget(id);
        let Outcome::Done(Reply::Hello {
            standings: states,
            blocked,
        }) = outcome
        else {
            self.restart(ctx, id);
            ctx.send_error(id, channel, Command::Hello, failure_of(&outcome));
            return ctx.unblock(id);
        };
        let others = ctx.presence.online_count().saturating_sub(1);
        let Some(user) = ctx.sessions.user_mut(id) else {
            return;
        };
        user.ready = true;
        let account = user.account;
        ctx.blocks.set(account, &blocked);
        let rooms = states
            .iter()
            .filter(|state| state.is_room && state.until.is_none());
        for room in rooms {
            ctx.presence.enter(account, room.conversation);
        }
        let moved = catch_up_from(user, &states);
        let mut parts = Vec::new();
        if !blocked.is_empty() {
            // Before anything is delivered that is to be hidden.
            let news = Blocked {
                tag: None,
                users: blocked,
            };
            parts.push(Message::control(news));
        }
        let heads = states.into_iter().map(Head::from).collect();
        parts.extend(in_parts(heads, HEADS_PER_PART, |heads, more| HelloAnswer {
            heads,
            more,
        }));
        parts.push(Message::control(Greeting {
            text: ctx.config.greeting.clone(),
            online: u32::try_from(others).unwrap_or(u32::MAX),
            software: Some(Software::this(match ctx.config.rooms {
                RoomCreationPolicy::Open => vec![Feature::RoomCreation],
                RoomCreationPolicy::Closed => Vec::new(),
            })),
            limits: Some(ctx.config.limits.told()),
            others: others_of_cluster(&ctx.config.other_servers),
        }));
        for (conversation, mark) in moved {
            receipts.on_mark_advanced(ctx, conversation, mark);
        }
        ctx.respond_paged(id, channel, parts);
    }
}

/// A single server does not speak of others.
fn others_of_cluster(others: &[SocketAddr]) -> Option<Vec<RecipientData>> {
    let told = others.iter().copied().map(RecipientData::from);
    (!others.is_empty()).then(|| told.collect())
}

/// Where the device reads on in each conversation. Returns the marks that have moved, which others may wait for.
fn catch_up_from(user: &mut User, states: &[ConversationState]) -> Vec<(ConversationId, Mark)> {
    let mut moved = Vec::new();
    for state in states {
        let conversation = state.conversation;
        if state.joined_after > EntryId::START {
            user.since.insert(conversation, state.joined_after);
        }
        if state.delivered_up_to > state.joined_after {
            moved.push((conversation, user.mark(conversation, state.delivered_up_to)));
        }
        if state.log_start > state.delivered_up_to.max(state.joined_after) {
            // What lies between has expired before any device of theirs had it.
            user.since.insert(conversation, state.log_start);
        }
        if state.start < state.head && !user.is_sending_only {
            let reader = ReadCursor::new(state.start, state.head);
            user.lagging.insert(conversation, reader);
        }
    }
    moved
}

impl From<ConversationState> for Head {
    fn from(state: ConversationState) -> Self {
        let ConversationState {
            conversation,
            name,
            head,
            last_number,
            start,
            log_start: floor,
            until,
            expired,
            read_up_to,
            muted_until_ms,
            reads_after,
            ..
        } = state;
        Self {
            conversation,
            name,
            head,
            last_number,
            start,
            floor,
            until,
            expired,
            read: Some(read_up_to),
            muted_until_ms: Some(muted_until_ms),
            reads_after: Some(reads_after),
        }
    }
}
