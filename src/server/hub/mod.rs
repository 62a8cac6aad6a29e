//! The hub: one state machine between the endpoint's sessions and the store.
//!
//! A message is taken from a session only when it has its turn (`intake.rs`): what slows the hub down slows its
//! clients down, through their flow-control windows, and queues nothing here.

pub mod applied;
mod dispatch;
mod elsewhere;
mod intake;
mod lifecycle;
pub mod services;
pub mod status;
mod turn_queue;

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use super::auth::Auth;
use super::auth::opaque::OpaqueServer;
use super::ctx::config::{HubConfig, HubCounters};
use super::ctx::requests::Pending;
use super::ctx::{CODE_STOPPING, CONTROL, Core, Ctx};
use super::peers::Introduction;
use super::session::Session;
use crate::protocol::{EndReason, Message, SessionEnd};
use crate::store::{
    AppliedElsewhere, BlobCompletion, BlobStore, CompletionBox, Outcome, Store, Write,
};
use crate::transport::{App, Endpoint, Event, Now, SessionId};
use services::Services;
use status::{SessionStatus, Status};

/// How long an orderly stop waits for goodbyes and the disk.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// What comes to the hub from other threads.
#[derive(Debug)]
pub enum Input {
    /// The store has answered.
    Completion(CompletionBox),
    /// Another server of the cluster was asked for something, and it is done here too.
    AppliedElsewhere(AppliedElsewhere),
    /// Another server of the cluster, which has this name, tells something.
    FromPeer(Arc<str>, Vec<u8>),
    /// The blobs have answered.
    Blob(BlobCompletion),
    /// Say how things are. The channel must have room for the answer; who has gone away misses it.
    Status(SyncSender<Status>),
    /// Say which sessions there are, so many at most, and how many beside those. The channel must have room for the answer.
    Sessions(usize, SyncSender<(Vec<SessionStatus>, usize)>),
    /// Do this for the operator, so that whoever it concerns learns of it. The channel must have room for the store's answer.
    Write(Box<Write>, SyncSender<Outcome>),
    /// Go on with this configuration. Budgets that have changed begin full.
    Configure(Box<HubConfig>, SyncSender<()>),
    /// Say goodbye to everybody, write what is to be written, and finish.
    Stop,
}

/// The server's state, all of it that is not in the store.
pub struct Hub {
    pub(super) core: Core,
    pub(super) services: Services,
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

impl Hub {
    /// A hub in front of a store and of its blobs. `server_key` is the public half of the endpoint's static key, to which tickets
    /// are bound; `seed` comes from the operating system, or from a simulator's dice.
    #[must_use]
    pub fn new(
        now: Now,
        config: HubConfig,
        store: Box<dyn Store + Send>,
        blobs: Box<dyn BlobStore + Send>,
        opaque: OpaqueServer,
        server_key: [u8; 32],
        seed: [u8; 32],
    ) -> Self {
        let mut core = Core::new(now, config, store, blobs);
        core.bans.load(&mut core.store);
        let auth = Auth::new(opaque, server_key, seed);
        let services = Services::new(now, auth, &mut core.store);
        core.store.flush();
        Self {
            core,
            services,
            shutdown: Shutdown::No,
            is_farewell_over: false,
        }
    }

    /// The same, of a server that is one of several.
    #[must_use]
    pub fn with_peers(mut self, introduction: Introduction) -> Self {
        self.core.presence.tell_changes();
        self.services.receipts.tell_hints();
        self.services.peers.begin(introduction);
        self
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counters(&self) -> HubCounters {
        self.core.counters
    }

    /// How many accounts are online.
    #[must_use]
    pub fn online(&self) -> usize {
        self.core.presence.online_count()
    }

    /// One call of the driver: the parts do what is to be done, and then what they have left for each other.
    pub(super) fn run(
        &mut self,
        now: Now,
        endpoint: &mut Endpoint,
        work: impl FnOnce(&mut Services, &mut Ctx<'_>),
    ) {
        let ctx = &mut self.core.ctx(now, endpoint);
        work(&mut self.services, ctx);
        self.services.run_followups(ctx);
    }

    fn stop(&mut self, now: Now, endpoint: &mut Endpoint) {
        self.shutdown = Shutdown::By(now.instant + STOP_WITHIN);
        let ctx = &mut self.core.ctx(now, endpoint);
        let goodbye = Message::control(SessionEnd {
            reason: EndReason::ServerStopping,
        });
        for id in ctx.sessions.ids() {
            if ctx.sessions.user(id).is_some() {
                // A client that has no room for it learns the same from the close that follows.
                let _ = ctx.send(id, CONTROL, &goodbye);
            }
            close_stopping(ctx, id);
        }
        self.services.reading.write(ctx);
        self.services.receipts.write_last(ctx);
        self.services.uses.write_last(ctx);
    }
}

impl App for Hub {
    type Input = Input;

    fn on_event(&mut self, now: Now, endpoint: &mut Endpoint, event: Event) {
        let is_stopping = self.shutdown != Shutdown::No;
        self.run(now, endpoint, |services, ctx| match event {
            Event::Connected {
                session,
                handshake_hash,
                ..
            } if ctx.address_ban(session).is_none() => {
                ctx.sessions.insert(session, Session::new(now.instant));
                services.auth.connected(session, handshake_hash);
                if is_stopping {
                    close_stopping(ctx, session);
                }
            }
            // Nothing is taken from one that begins at an address that is banned.
            Event::Connected { session, .. } | Event::PathValidated { session } => {
                services.turn_away(ctx, session);
            }
            Event::Readable { session, channel } => services.on_readable(ctx, session, channel),
            Event::Writable { session, channel } => services.on_writable(ctx, session, channel),
            Event::Moved { session, remote } => {
                tracing::debug!(session = session.0, %remote, "session moved");
                // Somebody else may have sent on a packet from an address that is banned. Back where it was before, it is at once.
                if ctx.endpoint.is_path_validated(session) {
                    services.turn_away(ctx, session);
                }
            }
            Event::Silent { session } => services.on_idle(ctx, session),
            Event::Awake { session } => services.on_active(ctx, session),
            Event::Closed { session, reason } => services.closed(ctx, session, &reason),
            // Of a client's sessions alone.
            Event::Unanswered { .. } | Event::Answered { .. } => {}
        });
    }

    fn on_input(&mut self, now: Now, endpoint: &mut Endpoint, input: Input) {
        match input {
            Input::Completion(completion) => self.run(now, endpoint, |services, ctx| {
                services.handle_completion(ctx, completion);
            }),
            Input::AppliedElsewhere(applied) => self.run(now, endpoint, |services, ctx| {
                services.on_applied_elsewhere(ctx, applied);
            }),
            Input::FromPeer(node, told) => self.run(now, endpoint, |services, ctx| {
                let concerned = (&mut services.alerts, &mut services.receipts);
                services.peers.on_message(ctx, concerned, &node, &told);
            }),
            Input::Blob(completion) => self.run(now, endpoint, |services, ctx| {
                services.files.on_completion(ctx, completion);
            }),
            Input::Status(reply) => {
                let _ = reply.try_send(self.status(endpoint));
            }
            Input::Sessions(most, reply) => {
                let listed = self.sessions(now, endpoint, most);
                let others = self.core.sessions.len().saturating_sub(listed.len());
                let _ = reply.try_send((listed, others));
            }
            Input::Write(write, reply) => {
                // Where the store has no room, the other end of the channel learns it from its being closed.
                let store = &mut self.core.store;
                store.submit(Pending::Operator(reply), *write);
            }
            Input::Configure(config, reply) => {
                self.core.configure(now, *config);
                // If nobody waits any longer, nobody misses it.
                let _ = reply.try_send(());
            }
            Input::Stop => self.stop(now, endpoint),
        }
    }

    fn on_timeout(&mut self, now: Now, endpoint: &mut Endpoint) {
        if matches!(self.shutdown, Shutdown::By(at) if at <= now.instant) {
            self.shutdown = Shutdown::Now;
        }
        self.run(now, endpoint, Services::on_timeout);
    }

    fn on_settled(&mut self, now: Now, endpoint: &mut Endpoint) {
        self.is_farewell_over = self.core.sessions.is_empty() && endpoint.is_empty();
        self.run(now, endpoint, Services::on_settled);
        self.core.share_limits(self.services.peers.servers());
        // What came in one turn becomes durable together, and goes to its readers together.
        self.core.store.flush();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let stop_by = match self.shutdown {
            Shutdown::By(at) => Some(at),
            Shutdown::No | Shutdown::Now => None,
        };
        let deadlines = [
            self.services.deadline(),
            self.core.store.retry_deadline(),
            stop_by,
        ];
        deadlines.into_iter().flatten().min()
    }

    fn is_finished(&self) -> bool {
        match self.shutdown {
            Shutdown::No => false,
            Shutdown::By(_) => self.is_farewell_over && self.core.store.is_idle(),
            Shutdown::Now => true,
        }
    }
}

fn close_stopping(ctx: &mut Ctx<'_>, id: SessionId) {
    let now = ctx.now.instant;
    ctx.endpoint
        .close(now, id, CODE_STOPPING, "the server is stopping");
}
