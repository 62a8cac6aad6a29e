//! Taking messages from the transport, so that each session has its turn: a few messages, then the others.
//!
//! A message is taken only while the store has room for what it may ask, while no more than a share of that room is its
//! account's, and while the account has not said enough for now. Else it stays where it is, and flow control slows its
//! sender down: nothing is refused, nothing is lost, and nothing is queued here.

use std::time::Duration;

use super::turn_queue::{SchedulerSlot, Wait};
use super::{Ctx, Hub};
use crate::protocol::{AccountId, Command, Message};
use crate::server::auth::too_many;
use crate::server::limits::account_budget::Pause;
use crate::server::limits::token_bucket::Rate;
use crate::server::messages::history::HISTORY;
use crate::transport::{Channel, SessionId};

/// Requests that the store must have room for before another message is taken from a session; what is left
/// over is for the hub's own: reading on for slow readers, writing marks.
const STORE_ROOM_MIN: usize = 32;

/// Messages of one turn; one that goes to many readers counts as several. Chosen: some 0.3 ms of the network thread.
const TURN_MESSAGES: u32 = 16;

/// Bytes of one turn, with the message that reaches them. Chosen: four of the longest texts.
const TURN_BYTES: usize = 64 * 1024;

/// Messages of a session on which nobody is signed in: at once, and a second. Chosen: a sign-in takes four, and a person
/// who mistypes a name or a password waits for nothing. Who polls without end costs the others no time.
pub(in crate::server) const STRANGER: Rate = Rate {
    per_second: 2.0,
    burst: 20.0,
};

/// Rounds of turns in one go, before what has come meanwhile is looked at. Chosen: what came together is stored and
/// delivered together, in fewer commits and packets, and the network thread is back within 10 ms.
const ROUNDS_MAX: u32 = 16;

/// The least time between two notices to one session that its messages are taken more slowly.
const NOTICE_INTERVAL: Duration = Duration::from_secs(60);

impl Hub {
    /// Something has come on a channel, or what it waited for is over.
    pub(in crate::server) fn on_readable(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
    ) {
        if let Some(slot) = self.turns.arrive(id, channel) {
            self.drain(ctx, slot, TURN_MESSAGES);
        }
    }

    /// Takes what had to wait, on every channel of a session.
    pub(in crate::server) fn unblock(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.busy = false;
            for channel in Channel::ALL {
                self.on_readable(ctx, id, channel);
            }
        }
    }

    /// Gives a turn to each channel that waits for one, and another while some wait for nothing but the others.
    pub(in crate::server) fn run_turns(&mut self, ctx: &mut Ctx<'_>) {
        if self.turns.is_empty() {
            return;
        }
        for _ in 0..ROUNDS_MAX {
            for slot in self.turns.round(ctx.now.instant) {
                self.drain(ctx, slot, TURN_MESSAGES);
            }
            if !self.turns.is_urgent() {
                return;
            }
        }
    }

    /// A session is over: what came together with its goodbye is taken, as far as there is room for it.
    pub(in crate::server) fn drain_last(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        for channel in Channel::ALL {
            self.turns.remove(id, channel);
            if let Some(slot) = self.turns.arrive(id, channel) {
                self.drain(ctx, slot, u32::MAX);
            }
            self.turns.remove(id, channel);
        }
    }

    /// Takes messages from a channel until its turn is over, it is empty, or it has to wait.
    fn drain(&mut self, ctx: &mut Ctx<'_>, slot: SchedulerSlot, most: u32) {
        let (id, channel) = (slot.session, slot.channel);
        let (mut messages, mut bytes) = (0, 0);
        loop {
            let Some(session) = self.sessions.get(id) else {
                return;
            };
            // What they wait for goes on with them.
            if session.busy || (channel == HISTORY && session.is_paging()) {
                return;
            }
            let account = session.user().map(|user| user.account);
            let is_over = most != u32::MAX && (messages >= most || bytes >= TURN_BYTES);
            let wait = if is_over {
                Err(Wait::Turn)
            } else {
                self.check_turn(ctx, id, channel, account)
            };
            if let Err(wait) = wait {
                let now = ctx.now.instant;
                return self.turns.wait(now, slot, messages > 0, wait);
            }
            let Some(message) = ctx.endpoint.receive(ctx.now.instant, id, channel) else {
                return;
            };
            bytes += message.len();
            if account.is_none()
                && let Some(session) = self.sessions.get_mut(id)
            {
                session.allowance = STRANGER.spend(&session.allowance, ctx.now.instant, 1.0);
            }
            messages += self.handle_message(ctx, id, channel, account, &message);
        }
    }

    /// Whether a message may be taken from a session now, or what it has to wait for.
    fn check_turn(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        account: Option<AccountId>,
    ) -> Result<(), Wait> {
        if self.store.room() < STORE_ROOM_MIN {
            return Err(Wait::Store);
        }
        let Some(account) = account else {
            return self.check_stranger_turn(ctx, id);
        };
        if !self.requests.has_room_for(account) {
            return Err(Wait::Store);
        }
        let now = ctx.now.instant;
        match self.budgets.check(now, account, channel) {
            Ok(()) => Ok(()),
            Err(Pause { until, is_long }) => {
                if is_long && channel != Channel::Control {
                    self.notify_slowed(ctx, id, until.saturating_duration_since(now));
                }
                Err(Wait::Until(until))
            }
        }
    }

    /// Whether a message may be taken from a session on which nobody is signed in.
    fn check_stranger_turn(&mut self, ctx: &Ctx<'_>, id: SessionId) -> Result<(), Wait> {
        let now = ctx.now.instant;
        let session = self
            .sessions
            .get(id)
            .filter(|_| self.config.limits.attempts);
        let level = session.map_or(STRANGER.burst, |session| {
            STRANGER.level(Some(&session.allowance), now)
        });
        if level >= 1.0 {
            return Ok(());
        }
        self.counters.strangers_slowed += 1;
        Err(Wait::Until(now + STRANGER.time_to(level, 1.0)))
    }

    /// Tells a client that what it has sent is not read for now, and when it is.
    fn notify_slowed(&mut self, ctx: &mut Ctx<'_>, id: SessionId, wait: Duration) {
        let now = ctx.now.instant;
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let is_told = session.told_slowed.is_some_and(|(told, until)| {
            let is_late = now.saturating_duration_since(told) >= NOTICE_INTERVAL;
            // Minutes where seconds were announced are news.
            !is_late && now + wait <= until + NOTICE_INTERVAL
        });
        if !is_told {
            session.told_slowed = Some((now, now + wait));
            let notice = Message::error(Command::SendMessage, too_many(wait));
            // A client that has no room for it is not waiting for it.
            let _ = Self::send(ctx, id, Channel::Chat, &notice);
        }
    }
}
