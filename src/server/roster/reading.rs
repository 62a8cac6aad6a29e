//! How far users have read, and what they have muted: known to the store, and told to a user's own devices only.
//!
//! A place that has been read to is written behind, as marks are, and told to the other devices once it is durable: what
//! they are told the store has checked. If the server dies before, the device that has read says it again when it signs in.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::protocol::{
    AccountId, Command, ConversationId, EntryId, Message, Mute, Muted, ReadElsewhere, ReadUpTo,
};
use crate::server::ctx::reply::failure_of;
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::server::ctx::{CONTROL, Ctx};
use crate::server::receipts::marks::{UNWRITTEN_MAX, WRITE_BEHIND};
use crate::store::{Outcome, Reply, Write};
use crate::transport::{Channel, SendError, SessionId};

/// How many places wait at most, while the store cannot take them; further ones are forgotten, since a device says again what
/// it has read when it signs in.
const WAITING_MAX: usize = 4 * UNWRITTEN_MAX;

/// A place in a conversation that somebody has read to.
pub type Read = (ConversationId, AccountId, EntryId);

/// What has been read and is not written yet.
#[derive(Debug, Default)]
pub struct ReadPositions {
    unwritten: BTreeMap<(ConversationId, AccountId), (EntryId, SessionId)>,
    write_at: Option<Instant>,
    /// Writing has failed, and waits for its time.
    has_failed: bool,
}

impl ReadPositions {
    /// A user has read a conversation up to an entry, on one of their devices. Whether it is theirs the store knows.
    pub fn on_read(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: ReadUpTo) {
        let Some(user) = ctx.sessions.user(id) else {
            return;
        };
        let place = (body.conversation, user.account, body.entry);
        self.note(ctx.now.instant, place, id);
        if self.unwritten.len() >= UNWRITTEN_MAX && !self.has_failed {
            self.write(ctx);
        }
    }

    fn note(&mut self, now: Instant, (conversation, account, entry): Read, session: SessionId) {
        let key = (conversation, account);
        if self.unwritten.len() >= WAITING_MAX && !self.unwritten.contains_key(&key) {
            return;
        }
        let unwritten = self
            .unwritten
            .entry(key)
            .or_insert((EntryId::START, session));
        if unwritten.0 < entry {
            *unwritten = (entry, session);
            self.write_at.get_or_insert(now + WRITE_BEHIND);
        }
    }

    pub const fn deadline(&self) -> Option<Instant> {
        self.write_at
    }

    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        if self.write_at.is_some_and(|at| at <= ctx.now.instant) {
            self.write(ctx);
        }
    }

    /// Writes what waits.
    pub fn write(&mut self, ctx: &mut Ctx<'_>) {
        self.write_at = None;
        self.has_failed = false;
        let unwritten = std::mem::take(&mut self.unwritten).into_iter();
        let by = unwritten.map(|((conversation, account), (entry, session))| {
            ((conversation, account, entry), session)
        });
        let asked: Vec<(Read, SessionId)> = by.collect();
        if asked.is_empty() {
            return;
        }
        let reads = asked.iter().map(|(place, _)| *place).collect();
        let pending = Pending::Reads(asked.clone());
        if !ctx.store.submit(pending, Write::Read { reads }) {
            self.restore(ctx.now.instant, asked);
        }
    }

    /// Writing failed: it is tried again.
    fn restore(&mut self, now: Instant, asked: Vec<(Read, SessionId)>) {
        for (place, session) in asked {
            self.note(now, place, session);
        }
        self.has_failed = true;
    }

    /// The store has noted it, or not: the other devices of those who have read are told.
    pub fn on_written(
        &mut self,
        ctx: &mut Ctx<'_>,
        asked: Vec<(Read, SessionId)>,
        outcome: Outcome,
    ) {
        let moved = match outcome {
            Outcome::Done(Reply::Read(moved)) => moved,
            Outcome::Unknown => return self.restore(ctx.now.instant, asked),
            _ => return,
        };
        // Those that moved are some of them, in the same order.
        let mut asked = asked.into_iter();
        for (conversation, account, entry) in moved {
            let asked = asked.find(|(place, _)| (place.0, place.1) == (conversation, account));
            let reader = asked.map(|(_, session)| session);
            tell_of_place(ctx, (conversation, account, entry), reader);
        }
    }
}

/// Tells the devices of an account how far it has read, but not the one that has said so.
pub fn tell_of_place(
    ctx: &mut Ctx<'_>,
    (conversation, account, entry): Read,
    except: Option<SessionId>,
) {
    let body = ReadElsewhere {
        conversation,
        entry,
    };
    tell(ctx, account, except, &Message::control(body));
}

/// Tells them what it has muted, and until when.
pub fn tell_of_muting(
    ctx: &mut Ctx<'_>,
    account: AccountId,
    except: Option<SessionId>,
    (conversation, until_ms): (ConversationId, u64),
) {
    let body = Muted {
        tag: None,
        conversation,
        until_ms,
    };
    tell(ctx, account, except, &Message::control(body));
}

/// Tells all devices of an account but one. One that has no room for it learns of it at its next sign-in.
fn tell(
    ctx: &mut Ctx<'_>,
    account: AccountId,
    except: Option<SessionId>,
    message: &crate::protocol::ServerMessage,
) {
    for id in ctx.sessions_of(account) {
        let is_ready = ctx.sessions.user(id).is_some_and(|user| user.ready);
        if Some(id) != except && is_ready && ctx.send(id, CONTROL, message) == Err(SendError::Full)
        {
            tracing::debug!(
                session = id.0,
                "a device is not told what another has read or muted"
            );
        }
    }
}

/// A user mutes a conversation, or no longer.
pub fn mute(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: &Mute) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    if !ctx.check_change_rate(origin, Command::Mute) {
        return;
    }
    let request = Write::Mute {
        conversation: body.conversation,
        account: origin.account,
        until_ms: body.until_ms,
    };
    let pending = Pending::Mute(origin, body.conversation, body.until_ms);
    ctx.submit_for(origin, Command::Mute, pending, request);
}

/// The store has noted it, or not: all devices of the account are told.
pub fn on_muted(
    ctx: &mut Ctx<'_>,
    origin: RequestOrigin,
    (conversation, until_ms): (ConversationId, u64),
    outcome: &Outcome,
) {
    if *outcome != Outcome::Done(Reply::Nothing) {
        return ctx.send_error_if_connected(origin, Command::Mute, failure_of(outcome));
    }
    let muted = (conversation, until_ms);
    tell_of_muting(ctx, origin.account, Some(origin.session), muted);
    let answer = Muted {
        tag: Some(origin.tag),
        conversation,
        until_ms,
    };
    ctx.respond_if_connected(origin, answer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    const BOB: AccountId = AccountId(2);

    /// Which conversations there are the store knows: until it could be asked, there was one for each number.
    #[test]
    fn who_reads_what_there_is_not_fills_no_memory_while_the_store_fails() {
        let mut reading = ReadPositions::default();
        let now = instant();
        let mut note = |conversation, entry| {
            let place = (ConversationId(conversation), BOB, EntryId(entry));
            reading.note(now, place, SessionId(1));
            reading.unwritten.len()
        };
        note(1, 1);
        for conversation in 0..2 * WAITING_MAX as u64 {
            assert!(note(conversation, 1) <= WAITING_MAX);
        }
        note(1, 7);
        assert_eq!(reading.unwritten[&(ConversationId(1), BOB)].0, EntryId(7));
    }
}
