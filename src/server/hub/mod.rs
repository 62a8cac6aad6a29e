//! The hub: one state machine between the endpoint's sessions and the store.
//!
//! A message is taken from a session only when it has its turn (`draining.rs`): what slows the hub down slows its
//! clients down, through their flow-control windows, and queues nothing here.

pub(super) mod completions;
mod dispatch;
pub(super) mod intake;
mod reply;
mod turn_queue;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::auth::opaque::OpaqueServer;
use super::limits::Limits;
use super::limits::account_budget::Budgets;
use super::limits::throttle::Throttle;
use super::messages::blocks::Blocks;
use super::messages::history::HISTORY;
use super::names::RoomName;
use super::policy::{Registration, RoomCreationPolicy};
use super::presence::Presence;
use super::presence::alert_budget::AlertBudget;
use super::receipts::counts::CountTable;
use super::receipts::marks::DeliveryMarks;
use super::retention::RetentionTimer;
use super::rooms::directory::Directory;
use super::session::Session;
use super::session::pending_hello::PendingHellos;
use super::session::table::Sessions;
use super::status::Status;
use crate::protocol::{
    Access, AccountId, Command, ConversationId, DeviceId, EndReason, Failure, Hop, Message,
    ServerBody, ServerMessage, SessionEnd, encode,
};
use crate::store::{Completion, Outcome, Request, Retention, Store, Write};
use crate::transport::shares::Shares;
use crate::transport::{App, Channel, CloseReason, Endpoint, Event, Now, SendError, SessionId};
use completions::{Pending, PendingRequests};
use turn_queue::TurnQueue;

/// How long after a storage error the hub asks again for what its readers wait for.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How long an orderly stop waits for goodbyes and the disk.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// The code with which sessions are closed when the server stops.
const CODE_STOPPING: u16 = 1;
/// The code with which a session is closed that does not take what it asked for.
pub(super) const CODE_NOT_READING: u16 = 2;
/// The code with which a session is closed because its device has signed in anew.
pub(super) const CODE_SUPERSEDED: u16 = 3;
/// The code with which the oldest session of an account is closed that has too many.
pub(super) const CODE_TOO_MANY_SESSIONS: u16 = 4;

/// The code with which a session is closed whose HELLO takes too long, or is the longest of too many.
pub(super) const CODE_HELLO: u16 = 5;
/// The code with which a session is closed since there are too many in all.
pub(super) const CODE_SERVER_FULL: u16 = 6;

/// Parts of answers, of 32 KB at most, that wait for all sessions together until there is room to send them. Beyond it
/// the session is closed for which the most wait. Chosen: 64 MB, or a thousand pages of history and as many lists.
const PENDING_PARTS_MAX: usize = 2_000;

/// What an operator can choose.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// Whether anybody may sign up.
    pub registration: Registration,
    /// Whether users make rooms.
    pub rooms: RoomCreationPolicy,
    /// The welcome that everybody is shown.
    pub greeting: String,
    /// How much each account may do.
    pub limits: Limits,
    /// How much of each conversation is kept, where nothing else is said for it.
    pub retention: Retention,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            rooms: RoomCreationPolicy::Open,
            greeting: "Greetings from the Chat Room!".into(),
            limits: Limits::default(),
            retention: Retention::default(),
        }
    }
}

/// What comes to the hub from other threads.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are completions, and a box would be an allocation for each message"
)]
pub enum Input {
    /// The store has answered.
    Completion(Completion),
    /// Say how things are. The channel must have room for the answer; who has gone away misses it.
    Status(SyncSender<Status>),
    /// Make a room for an account. The channel must have room for the store's answer.
    CreateRoom(CreateRoom, SyncSender<Outcome>),
    /// Say goodbye to everybody, write what is to be written, and finish.
    Stop,
}

/// A room that the operator wants to be made.
#[derive(Debug)]
pub struct CreateRoom {
    /// Its name.
    pub name: RoomName,
    /// Who becomes its owner.
    pub owner: AccountId,
    /// Who else may join it.
    pub access: Access,
}

impl CreateRoom {
    /// What is asked of the store for it.
    #[must_use]
    pub fn request(self, time_ms: u64) -> Write {
        let (name, skeleton) = self.name.into_forms();
        Write::MakeRoom {
            owner: self.owner,
            name,
            skeleton,
            access: self.access,
            time_ms,
        }
    }
}

/// What was counted since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HubCounters {
    /// Messages whose digest did not fit.
    pub damaged: u64,
    /// Messages that could not be decoded.
    pub malformed: u64,
    /// Messages that were stored.
    pub stored: u64,
    /// Deliveries handed to the transport.
    pub delivered: u64,
    /// Messages that were refused, since their author or all had stored as much as they may.
    pub over_quota: u64,
    /// How often a session on which nobody is signed in asked so much that it was not read for a while.
    pub strangers_slowed: u64,
    /// Sessions closed to make room for others: there were too many, or their HELLO or what they did not read was too
    /// much.
    pub evicted: u64,
}

/// The server's state, all of it that is not in the store.
pub struct Hub {
    pub(super) config: HubConfig,
    pub(super) opaque: OpaqueServer,
    pub(super) server_key: [u8; 32],
    pub(super) rng: ChaCha20Rng,
    pub(super) throttle: Throttle,
    pub(super) alerts: AlertBudget,
    pub(super) sessions: Sessions,
    pub(super) presence: Presence,
    pub(super) blocks: Blocks,
    pub(super) pending_hellos: PendingHellos,
    /// Parts of answers that wait for room.
    pub(super) pending_responses: Shares,
    /// The list of public rooms.
    pub(super) directory: Directory,
    pub(super) subscribers: BTreeMap<ConversationId, BTreeSet<SessionId>>,
    pub(super) marks: DeliveryMarks,
    pub(super) counts: CountTable,
    pub(super) counters: HubCounters,
    pub(super) store: Box<dyn Store + Send>,
    pub(super) requests: PendingRequests,
    /// Devices that have signed out, of which the store has not said yet that their tickets are forgotten.
    pub(super) unrevoked: BTreeSet<(AccountId, DeviceId)>,
    /// Channels with messages that were not taken yet.
    pub(super) turns: TurnQueue,
    pub(super) budgets: Budgets,
    /// When to ask the store again after an error.
    retry_at: Option<Instant>,
    /// When entries expire next.
    pub(super) retention: RetentionTimer,
    /// How far an orderly stop has come.
    shutdown: Shutdown,
    /// At the end: every session's goodbye was answered, or said as often as it is said.
    is_farewell_over: bool,
}

/// How far an orderly stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shutdown {
    /// Nobody has asked for one.
    No,
    /// Goodbyes and the disk are waited for, until this moment.
    By(Instant),
    /// They were waited for long enough.
    Now,
}

/// One call of the driver: the time, and the endpoint to speak through.
pub(super) struct Ctx<'a> {
    pub now: Now,
    pub endpoint: &'a mut Endpoint,
}

impl Hub {
    /// A hub in front of a store. `server_key` is the public half of the endpoint's static key, to which tickets
    /// are bound; `seed` comes from the operating system, or from a simulator's dice.
    #[must_use]
    pub fn new(
        now: Now,
        config: HubConfig,
        store: Box<dyn Store + Send>,
        opaque: OpaqueServer,
        server_key: [u8; 32],
        seed: [u8; 32],
    ) -> Self {
        let limits = config.limits;
        let throttle = Throttle::new(now.instant, limits.attempts);
        Self {
            config,
            opaque,
            server_key,
            rng: ChaCha20Rng::from_seed(seed),
            throttle,
            alerts: AlertBudget::new(now.instant),
            sessions: Sessions::default(),
            presence: Presence::default(),
            blocks: Blocks::default(),
            pending_hellos: PendingHellos::default(),
            pending_responses: Shares::new(PENDING_PARTS_MAX),
            directory: Directory::default(),
            subscribers: BTreeMap::new(),
            marks: DeliveryMarks::default(),
            counts: CountTable::default(),
            counters: HubCounters::default(),
            store,
            requests: PendingRequests::new(limits.in_flight),
            unrevoked: BTreeSet::new(),
            turns: TurnQueue::default(),
            budgets: Budgets::new(&limits),
            retry_at: None,
            retention: RetentionTimer::new(now),
            shutdown: Shutdown::No,
            is_farewell_over: false,
        }
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counters(&self) -> HubCounters {
        self.counters
    }

    /// How many accounts are online.
    #[must_use]
    pub fn online(&self) -> usize {
        self.presence.online_count()
    }

    /// Asks the store, if it has room.
    pub(super) fn submit(&mut self, pending: Pending, request: impl Into<Request>) -> bool {
        if self.store.room() == 0 {
            return false;
        }
        let id = self.requests.add(pending);
        let taken = self.store.submit(id, request.into());
        if !taken {
            self.requests.take(id);
        }
        taken
    }

    /// Sends what was asked for. A session that does not take the answers to its own questions is closed.
    pub(super) fn respond(
        ctx: &mut Ctx<'_>,
        session: SessionId,
        channel: Channel,
        message: &ServerMessage,
    ) {
        if Self::send(ctx, session, channel, message) == Err(SendError::Full) {
            ctx.endpoint.close(
                ctx.now.instant,
                session,
                CODE_NOT_READING,
                "answers were not read",
            );
        }
    }

    /// Sends what the session should know; the caller decides what to do where there is no room.
    pub(super) fn send(
        ctx: &mut Ctx<'_>,
        session: SessionId,
        channel: Channel,
        message: &ServerMessage,
    ) -> Result<(), SendError> {
        let recipient_data = match message.body {
            ServerBody::SessionStart(_) | ServerBody::Greeting(_) => {
                ctx.endpoint.remote(session).map(Into::into)
            }
            _ => None,
        };
        let bytes = encode(
            message,
            Hop {
                recipient_data,
                delivery: None,
            },
        );
        let now = ctx.now.instant;
        if message.body.may_wait() {
            ctx.endpoint.send_soon(now, session, channel, &bytes)
        } else {
            ctx.endpoint.send(now, session, channel, &bytes)
        }
    }

    /// Refuses a request.
    pub(super) fn send_error(
        ctx: &mut Ctx<'_>,
        session: SessionId,
        channel: Channel,
        command: Command,
        failure: Failure,
    ) {
        Self::respond(ctx, session, channel, &Message::error(command, failure));
    }

    /// Asks the store again for what readers wait for, after a while.
    pub(super) fn retry_soon(&mut self, now: Now) {
        self.retry_at.get_or_insert(now.instant + RETRY_AFTER);
    }

    fn stop(&mut self, ctx: &mut Ctx<'_>) {
        self.shutdown = Shutdown::By(ctx.now.instant + STOP_WITHIN);
        let goodbye = Message::control(SessionEnd {
            reason: EndReason::ServerStopping,
        });
        for id in self.sessions.ids() {
            if self.sessions.user(id).is_some() {
                // Whoever has no room for it learns the same from the close that follows.
                let _ = Self::send(ctx, id, Channel::Control, &goodbye);
            }
            ctx.endpoint
                .close(ctx.now.instant, id, CODE_STOPPING, "the server is stopping");
        }
        for (account, _) in self.presence.online() {
            self.marks.seen(ctx.now.instant, account, ctx.now.unix_ms);
        }
        self.write_marks(ctx.now);
    }

    fn closed(&mut self, ctx: &mut Ctx<'_>, id: SessionId, reason: &CloseReason) {
        tracing::debug!(session = id.0, %reason, "session over");
        self.drain_last(ctx, id);
        self.sign_out(ctx, id);
        self.log_given_up(id);
        self.sessions.remove(id);
    }
}

impl App for Hub {
    type Input = Input;

    fn on_event(&mut self, now: Now, endpoint: &mut Endpoint, event: Event) {
        let ctx = &mut Ctx { now, endpoint };
        match event {
            Event::Connected {
                session,
                handshake_hash,
                ..
            } => {
                let new = Session::new(now.instant, handshake_hash);
                self.sessions.insert(session, new);
                if self.shutdown != Shutdown::No {
                    ctx.endpoint.close(
                        now.instant,
                        session,
                        CODE_STOPPING,
                        "the server is stopping",
                    );
                }
            }
            Event::Readable { session, channel } => self.on_readable(ctx, session, channel),
            Event::Writable { session, channel } => {
                self.flush_responses(ctx, session);
                match channel {
                    Channel::Chat => self.on_writable(ctx, session),
                    HISTORY => self.flush_history(ctx, session),
                    Channel::Control => {}
                }
            }
            Event::Moved { session, remote } => {
                tracing::debug!(session = session.0, %remote, "session moved");
            }
            Event::Silent { session } => self.on_idle(ctx, session),
            Event::Awake { session } => self.on_active(ctx, session),
            Event::Closed { session, reason } => self.closed(ctx, session, &reason),
        }
    }

    fn on_input(&mut self, now: Now, endpoint: &mut Endpoint, input: Input) {
        let ctx = &mut Ctx { now, endpoint };
        match input {
            Input::Completion(completion) => self.handle_completion(ctx, completion),
            Input::Status(reply) => {
                let _ = reply.try_send(self.status(ctx.endpoint));
            }
            Input::CreateRoom(room, reply) => self.create_room(now, room, reply),
            Input::Stop => self.stop(ctx),
        }
    }

    fn on_timeout(&mut self, now: Now, endpoint: &mut Endpoint) {
        let ctx = &mut Ctx { now, endpoint };
        if self.marks.deadline().is_some_and(|at| at <= now.instant) {
            self.write_marks(now);
        }
        self.close_overdue_hellos(ctx);
        self.publish_counts(ctx);
        if matches!(self.shutdown, Shutdown::By(at) if at <= now.instant) {
            self.shutdown = Shutdown::Now;
        }
        self.expire(now);
        if self.retry_at.is_some_and(|at| at <= now.instant) {
            self.retry_at = None;
            self.request_counts(ctx);
            self.retry_revocations(ctx);
            for id in self.sessions.ids() {
                let user = self.sessions.user_mut(id);
                for reader in user.into_iter().flat_map(|user| user.lagging.values_mut()) {
                    reader.is_suspended = false;
                }
                self.on_writable(ctx, id);
            }
        }
    }

    fn on_settled(&mut self, now: Now, endpoint: &mut Endpoint) {
        self.is_farewell_over = self.sessions.is_empty() && endpoint.is_empty();
        let ctx = &mut Ctx { now, endpoint };
        self.run_turns(ctx);
        self.publish_receipts(ctx);
        self.publish_counts(ctx);
        if self.marks.is_full() {
            self.write_marks(now);
        }
        // What came in one turn becomes durable together, and goes to its readers together.
        self.store.flush();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let stop_by = if let Shutdown::By(at) = self.shutdown {
            Some(at)
        } else {
            None
        };
        let deadlines = [
            self.marks.deadline(),
            self.pending_hellos.deadline(),
            self.counts.deadline(),
            self.retry_at,
            self.retention.deadline(),
            self.turns.deadline(),
            stop_by,
        ];
        deadlines.into_iter().flatten().min()
    }

    fn is_finished(&self) -> bool {
        match self.shutdown {
            Shutdown::No => false,
            Shutdown::By(_) => self.is_farewell_over && self.requests.is_empty(),
            Shutdown::Now => true,
        }
    }
}
