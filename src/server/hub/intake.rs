//! Takes messages from the transport in turns: a few of one channel, then of the others.
//!
//! A message is taken only while the store has room for the requests it may cause, while its account uses at most its
//! share of that room, while the account is within its rate, and while its session has room for the answer. Else it stays
//! in the receive buffer, and flow control slows its sender down: nothing is refused, nothing is lost, and nothing is
//! queued here.

use std::time::{Duration, Instant};

use super::turn_queue::{SchedulerSlot, TurnQueue, Wait};
use crate::protocol::{AccountId, Command, Message};
use crate::server::ctx::reply::too_many;
use crate::server::ctx::{Ctx, HISTORY};
use crate::server::limits::account_budget::Pause;
use crate::server::session::STRANGER;
use crate::transport::{Channel, SessionId};

/// Requests that the store must have room for before another message is taken from a session; what is left
/// over is for the hub's own: reading on for slow readers, writing marks.
const STORE_ROOM_MIN: usize = 32;

/// The same of the blobs, for the bulk channel.
const BLOB_ROOM_MIN: usize = 32;

/// Messages of one turn; one that goes to many readers counts as several. Chosen: some 0.3 ms of the network thread.
const TURN_MESSAGES: u32 = 16;

/// Bytes of one turn, with the message that reaches them. Chosen: four of the longest texts.
const TURN_BYTES: usize = 64 * 1024;

/// How long before a session's room for answers is looked at again. Chosen: not often, though thousands may read
/// none.
const REPLY_WAIT: Duration = Duration::from_millis(100);

/// The least time between two notices to one session that its messages are taken more slowly.
const NOTICE_INTERVAL: Duration = Duration::from_mins(1);

/// Channels with messages that were not taken yet.
#[derive(Debug, Default)]
pub struct Intake {
    turns: TurnQueue,
    /// For the message that is being handled.
    pub(super) buffer: Vec<u8>,
}

/// The account that a message is from, if somebody is signed in on its session.
pub struct TakenFrom(pub Option<AccountId>);

/// A channel's turn: so many messages, or bytes, may be taken from it.
pub struct Turn {
    slot: SchedulerSlot,
    /// Messages, or as many as there are.
    most: Option<u32>,
    messages: u32,
    bytes: usize,
}

impl Turn {
    const fn of(slot: SchedulerSlot) -> Self {
        Self {
            slot,
            most: Some(TURN_MESSAGES),
            messages: 0,
            bytes: 0,
        }
    }

    pub const fn session(&self) -> SessionId {
        self.slot.session
    }

    pub const fn channel(&self) -> Channel {
        self.slot.channel
    }

    /// A message was handled that counts as so many.
    pub const fn count(&mut self, weight: u32) {
        self.messages += weight;
    }

    fn is_over(&self) -> bool {
        let is_over = |most| self.messages >= most || self.bytes >= TURN_BYTES;
        self.most.is_some_and(is_over)
    }
}

impl Intake {
    /// The turn of a channel on which something has come, unless it waits for one already.
    pub fn begin(&mut self, id: SessionId, channel: Channel) -> Option<Turn> {
        self.turns.arrive(id, channel).map(Turn::of)
    }

    /// All that has come on a channel whose session is over, as far as there is room for it.
    pub fn begin_last(&mut self, id: SessionId, channel: Channel) -> Option<Turn> {
        self.turns.remove(id, channel);
        let slot = self.turns.arrive(id, channel)?;
        Some(Turn {
            most: None,
            ..Turn::of(slot)
        })
    }

    /// The channel waits no longer.
    pub fn forget(&mut self, id: SessionId, channel: Channel) {
        self.turns.remove(id, channel);
    }

    /// The turns of all channels that may have one now.
    pub fn round(&mut self, now: Instant) -> impl Iterator<Item = Turn> + use<> {
        self.turns.round(now).into_iter().map(Turn::of)
    }

    /// How many channels wait.
    pub fn waiting(&self) -> usize {
        self.turns.len()
    }

    /// Whether a channel waits that only let others have their turn.
    pub const fn is_urgent(&self) -> bool {
        self.turns.is_urgent()
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.turns.deadline()
    }

    /// Takes the next message of a turn into `message`; none once the turn is over, the channel is empty, or it has to wait.
    pub fn next(
        &mut self,
        ctx: &mut Ctx<'_>,
        turn: &mut Turn,
        message: &mut Vec<u8>,
    ) -> Option<TakenFrom> {
        let (id, channel) = (turn.session(), turn.channel());
        if !ctx.endpoint.is_readable(id, channel) {
            return None;
        }
        let session = ctx.sessions.get(id)?;
        // What they wait for goes on with them.
        if session.busy || (channel == HISTORY && session.is_bulk_busy()) {
            return None;
        }
        let account = session.user().map(|user| user.account);
        let wait = if turn.is_over() {
            Err(Wait::Turn)
        } else {
            check_turn(ctx, id, channel, account)
        };
        if let Err(wait) = wait {
            let (now, had_turn) = (ctx.now.instant, turn.messages > 0);
            self.turns.wait(now, turn.slot, had_turn, wait);
            return None;
        }
        if !ctx
            .endpoint
            .receive_into(ctx.now.instant, id, channel, message)
        {
            return None;
        }
        turn.bytes += message.len();
        if let Some(session) = ctx.sessions.get_mut(id) {
            let now = ctx.now.instant;
            session.last_taken = now;
            if account.is_none() {
                session.allowance = STRANGER.spend(&session.allowance, now, 1.0);
            }
        }
        Some(TakenFrom(account))
    }
}

/// Whether a message may be taken from a session now, or what it has to wait for.
fn check_turn(
    ctx: &mut Ctx<'_>,
    id: SessionId,
    channel: Channel,
    account: Option<AccountId>,
) -> Result<(), Wait> {
    let has_blob_room = channel != HISTORY || ctx.blobs.room() >= BLOB_ROOM_MIN;
    if ctx.store.room() < STORE_ROOM_MIN || !has_blob_room {
        return Err(Wait::Store);
    }
    if !ctx.endpoint.has_reply_room(id, channel) {
        return Err(Wait::Until(ctx.now.instant + REPLY_WAIT));
    }
    let Some(account) = account else {
        return check_stranger_turn(ctx, id);
    };
    if !ctx.store.has_room_for(account) {
        return Err(Wait::Store);
    }
    let now = ctx.now.instant;
    match ctx.budgets.check(now, account, channel) {
        Ok(()) => Ok(()),
        Err(Pause { until, is_long }) => {
            if is_long && channel != Channel::Control {
                notify_slowed(ctx, id, until.saturating_duration_since(now));
            }
            Err(Wait::Until(until))
        }
    }
}

/// Whether a message may be taken from a session on which nobody is signed in.
fn check_stranger_turn(ctx: &mut Ctx<'_>, id: SessionId) -> Result<(), Wait> {
    let now = ctx.now.instant;
    let session = ctx.sessions.get(id).filter(|_| ctx.config.limits.attempts);
    let level = session.map_or(STRANGER.burst, |session| {
        STRANGER.level(Some(&session.allowance), now)
    });
    if level >= 1.0 {
        return Ok(());
    }
    ctx.counters.strangers_slowed += 1;
    Err(Wait::Until(now + STRANGER.time_to(level, 1.0)))
}

/// Tells a client that what it has sent is not read for now, and when it is.
fn notify_slowed(ctx: &mut Ctx<'_>, id: SessionId, wait: Duration) {
    let now = ctx.now.instant;
    let Some(session) = ctx.sessions.get_mut(id) else {
        return;
    };
    let is_told = session.told_slowed.is_some_and(|(told, until)| {
        let is_late = now.saturating_duration_since(told) >= NOTICE_INTERVAL;
        // Minutes where seconds were announced are news.
        !is_late && now + wait <= until + NOTICE_INTERVAL
    });
    if is_told {
        return;
    }
    let notice = Message::error(Command::SendMessage, too_many(wait));
    let sent = ctx.try_respond(id, Channel::Chat, &notice);
    if let (Ok(()), Some(session)) = (sent, ctx.sessions.get_mut(id)) {
        session.told_slowed = Some((now, now + wait));
    }
}
