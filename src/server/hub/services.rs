//! The parts of the hub, each of which owns what only it needs, and what passes between them.

use std::time::Instant;

use super::intake::{Intake, TakenFrom, Turn};
use crate::server::auth::Auth;
use crate::server::auth::uses::DeviceUses;
use crate::server::chores::Chores;
use crate::server::ctx::store_link::StoreLink;
use crate::server::ctx::{CHAT, Ctx, Followup, HISTORY};
use crate::server::files::Files;
use crate::server::hello::Hellos;
use crate::server::messages::{catch_up, history};
use crate::server::peers::Peers;
use crate::server::receipts::Receipts;
use crate::server::retention::RetentionTimer;
use crate::server::rooms::listing::RoomLists;
use crate::server::roster::alerts::Alerts;
use crate::server::roster::reading::ReadPositions;
use crate::transport::{Channel, Now, SessionId};

/// Rounds of turns in one go, before what has come meanwhile is looked at. Chosen: what came together is stored and
/// delivered together, in fewer commits and packets, and the network thread is back within 10 ms.
const ROUNDS_MAX: u32 = 16;

pub struct Services {
    pub auth: Auth,
    pub alerts: Alerts,
    pub chores: Chores,
    pub files: Files,
    pub hellos: Hellos,
    pub intake: Intake,
    pub peers: Peers,
    pub reading: ReadPositions,
    pub receipts: Receipts,
    pub retention: RetentionTimer,
    pub room_lists: RoomLists,
    pub uses: DeviceUses,
}

impl Services {
    pub fn new(now: Now, auth: Auth, store: &mut StoreLink) -> Self {
        Self {
            auth,
            alerts: Alerts::new(now.instant),
            chores: Chores::begin(now.instant, store),
            files: Files::new(now),
            hellos: Hellos::default(),
            intake: Intake::default(),
            peers: Peers::none(now.instant),
            reading: ReadPositions::default(),
            receipts: Receipts::default(),
            retention: RetentionTimer::new(now),
            room_lists: RoomLists::default(),
            uses: DeviceUses::default(),
        }
    }

    /// Something has come on a channel, or what it waited for is over.
    pub fn on_readable(&mut self, ctx: &mut Ctx<'_>, id: SessionId, channel: Channel) {
        if let Some(turn) = self.intake.begin(id, channel) {
            self.drain(ctx, turn);
        }
    }

    /// There is room on a channel again.
    pub fn on_writable(&mut self, ctx: &mut Ctx<'_>, id: SessionId, channel: Channel) {
        ctx.flush_responses(id);
        match channel {
            CHAT => catch_up::on_writable(ctx, &mut self.receipts, id),
            HISTORY => {
                history::flush_history(ctx, id);
                self.files.on_writable(ctx, id);
            }
            Channel::Control => {}
        }
    }

    /// A session is over: what came together with its goodbye is taken, as far as there is room for it.
    pub fn drain_last(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        for channel in Channel::ALL {
            if let Some(turn) = self.intake.begin_last(id, channel) {
                self.drain(ctx, turn);
            }
            self.intake.forget(id, channel);
        }
    }

    /// Takes messages from a channel while it is its turn.
    fn drain(&mut self, ctx: &mut Ctx<'_>, mut turn: Turn) {
        let (id, channel) = (turn.session(), turn.channel());
        let mut message = std::mem::take(&mut self.intake.buffer);
        while let Some(TakenFrom(account)) = self.intake.next(ctx, &mut turn, &mut message) {
            turn.count(self.handle_message(ctx, id, channel, account, &message));
        }
        self.intake.buffer = message;
    }

    /// Gives a turn to each channel that waits for one, and another while some wait for nothing but the others.
    fn run_turns(&mut self, ctx: &mut Ctx<'_>) {
        for _ in 0..ROUNDS_MAX {
            for turn in self.intake.round(ctx.now.instant) {
                self.drain(ctx, turn);
                // A session that is to end has no further turn.
                self.run_followups(ctx);
            }
            if !self.intake.is_urgent() {
                return;
            }
        }
    }

    /// What came together was handled.
    pub fn on_settled(&mut self, ctx: &mut Ctx<'_>) {
        self.run_turns(ctx);
        self.run_followups(ctx);
        self.receipts.publish(ctx);
        self.peers.publish(ctx, &mut self.receipts);
    }

    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        self.chores.on_timeout(ctx);
        self.files.on_timeout(ctx);
        self.hellos.on_timeout(ctx);
        let is_gone = self.peers.on_timeout(ctx, &mut self.alerts);
        let is_first = self.peers.is_first();
        if is_gone && is_first {
            self.chores.take_over(ctx.now.instant);
        }
        self.reading.on_timeout(ctx);
        self.receipts.on_timeout(ctx);
        self.retention.on_timeout(ctx, is_first);
        self.uses.on_timeout(ctx);
        if ctx.store.take_retry(ctx.now) {
            self.receipts.retry(ctx);
            self.auth.revocations.retry(ctx);
            ctx.bans.retry(ctx.store);
            for id in ctx.sessions.ids() {
                catch_up::retry(ctx, id);
                catch_up::on_writable(ctx, &mut self.receipts, id);
            }
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.chores.deadline(),
            self.files.deadline(),
            self.hellos.deadline(),
            self.intake.deadline(),
            self.peers.deadline(),
            self.reading.deadline(),
            self.receipts.deadline(),
            self.retention.deadline(),
            self.uses.deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Does what the parts have left to be done.
    pub fn run_followups(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(followup) = ctx.followups.pop_front() {
            match followup {
                Followup::Readable(id, channel) => self.on_readable(ctx, id, channel),
                Followup::ReadOn(id) => catch_up::read_next(ctx, id),
                Followup::End(id, reason) => self.end(ctx, id, reason),
                Followup::TurnAway(id) => self.turn_away(ctx, id),
                Followup::Evict(id, code, reason) => self.evict(ctx, id, code, reason),
                Followup::Unblock(id) => {
                    if let Some(session) = ctx.sessions.get_mut(id) {
                        session.busy = false;
                        for channel in Channel::ALL {
                            self.on_readable(ctx, id, channel);
                        }
                    }
                }
            }
        }
    }
}
