//! One side's sessions, all of them, behind one socket's worth of datagrams: to whom each belongs, who has
//! something to send, and whose time has come.

mod admission;
mod counters;
mod datagram;
pub(super) mod handshake;
mod messages;
mod migration;
mod schedule;
mod slot;
mod stateless;
#[cfg(test)]
mod testing;
mod timer_heap;
mod transmit;
mod types;

use crate::transport::route::{Route, Transmit};
use crate::transport::statistics::Statistics;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub use self::counters::Counters;
use self::schedule::Schedule;
use self::slot::{Session, Slot};
pub use self::types::{ClientConfig, ServerConfig, Usage};
use super::connection::{Connection, Context};
use super::{CloseReason, Event, SessionId};
use crate::id_map::IdMap;
use admission::buffer_memory::Memory;
use admission::stranger_slots::Holder;
use handshake::client::Dial;
use handshake::queue::Waiting;
use handshake::server::Acceptor;
use handshake::tokens::Tokens;
use stateless::Answers;

/// A server's or a client's side of any number of sessions.
///
/// The tables are only ever looked things up in: their order decides nothing, so that a seed decides everything.
pub struct Endpoint {
    acceptor: Option<Acceptor>,
    sessions: IdMap<SessionId, Slot>,
    /// By the connection id that we chose.
    by_id: IdMap<u64, SessionId>,
    /// At a client: by the connection id that the server chose.
    by_peer_id: HashMap<u64, SessionId>,
    /// At a client: what proves its address to the servers it has met.
    tokens: Tokens,
    /// At a client: the standby of a session that was reset.
    detached: Option<SessionId>,
    /// At a client: since when its handshakes are unanswered.
    unanswered_since: Option<Instant>,
    last_session: u64,
    random: ChaCha20Rng,
    events: VecDeque<Event>,
    /// What those have to say who have not signed in; it is heard after the others.
    later: VecDeque<Event>,
    schedule: Schedule,
    answers: Answers,
    waiting: Waiting,
    /// At a server: what the buffers of all sessions hold.
    memory: Memory,
    counters: Counters,
    /// A datagram that did not fit the batch before it, and its bytes.
    held: Option<Transmit>,
    spare: Vec<u8>,
    /// At a client: its packets cost money.
    frugal: bool,
}

impl Endpoint {
    fn new(seed: [u8; 32]) -> Self {
        Self {
            acceptor: None,
            sessions: IdMap::default(),
            by_id: IdMap::default(),
            by_peer_id: HashMap::new(),
            tokens: Tokens::default(),
            detached: None,
            unanswered_since: None,
            last_session: 0,
            random: ChaCha20Rng::from_seed(seed),
            events: VecDeque::new(),
            schedule: Schedule::default(),
            answers: Answers::default(),
            waiting: Waiting::default(),
            memory: Memory::new(usize::MAX),
            later: VecDeque::new(),
            counters: Counters::default(),
            held: None,
            spare: Vec::new(),
            frugal: false,
        }
    }

    /// A server's side. `seed`: from the operating system in production, from the simulator's dice under test.
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the keys are the endpoint's from now on"
    )]
    pub fn server(now: Instant, config: ServerConfig, seed: [u8; 32]) -> Self {
        let mut endpoint = Self::new(seed);
        endpoint.memory = Memory::new(config.limits.buffers);
        endpoint.acceptor = Some(Acceptor::new(now, &config, &mut endpoint.random));
        endpoint
    }

    /// A client's side. `seed` as at a server.
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the interface is the server's"
    )]
    pub fn client(_now: Instant, config: ClientConfig, seed: [u8; 32]) -> Self {
        let mut endpoint = Self::new(seed);
        endpoint.frugal = config.frugal;
        endpoint
    }

    /// The public half of the server's static key (None at a client).
    #[must_use]
    pub fn public_key(&self) -> Option<[u8; 32]> {
        self.acceptor.as_ref().map(Acceptor::public_key)
    }

    /// Begins a session with a server; [`Event::Connected`] or [`Event::Closed`] follows. Until then nothing can
    /// be sent on it.
    pub fn connect(&mut self, now: Instant, remote: SocketAddr) -> SessionId {
        let remote = datagram::canonical(remote);
        self.unanswered_since.get_or_insert(now);
        if let Some(session) = self.take_over(now, remote) {
            return session;
        }
        let session = self.next_session();
        let token = self.tokens.of(remote);
        if let Some(dial) = Dial::new(now, &mut self.random, remote, token) {
            self.by_id.insert(dial.client_id, session);
            self.sessions
                .insert(session, Slot::new(Session::Dialling(Box::new(dial))));
            self.settle(session);
            self.arm(now, session);
        } else {
            self.events.push_back(Event::Closed {
                session,
                reason: CloseReason::NoAnswer,
            });
        }
        session
    }

    /// Takes a datagram in (decrypted in place). Never panics, whatever it holds.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        local: Option<IpAddr>,
        remote: SocketAddr,
        _ecn: Option<u8>,
        datagram: &mut [u8],
    ) {
        let route = Route {
            remote: datagram::canonical(remote),
            local_ip: local.map(|ip| ip.to_canonical()),
        };
        self.dispatch(now, route, datagram);
    }

    /// Does all whose time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.expire(now);
            self.evict_stale(now);
        }
        self.waiting.on_timeout(now);
        while let Some(session) = self.schedule.expire(now) {
            let Some(slot) = self.sessions.get_mut(&session) else {
                continue;
            };
            Schedule::disarmed(&mut slot.scheduling);
            match &mut slot.session {
                Session::Dialling(dial) => {
                    let is_standby = dial.is_standby();
                    if dial.on_timeout(now) {
                        self.settle(session);
                    } else if is_standby {
                        self.forget(session);
                    } else {
                        self.drop_session(session, CloseReason::NoAnswer);
                    }
                }
                Session::Open(_) => {
                    self.with_connection(now, session, Connection::handle_timeout);
                    if self.acceptor.is_none() {
                        self.start_standby(now, session);
                    }
                }
            }
            self.arm(now, session);
        }
    }

    /// When [`Endpoint::handle_timeout`] wants to be called, once [`Endpoint::poll_transmit`] has nothing more or cannot be
    /// called. After it was called with some time, this is later.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let acceptor = self.acceptor.as_ref();
        let half_open = acceptor.and_then(|acceptor| acceptor.half_open.next_expiry());
        let stale = acceptor.and_then(|acceptor| acceptor.admission.next_stale());
        self.schedule
            .next_deadline()
            .into_iter()
            .chain(half_open)
            .chain(stale)
            .chain(self.waiting.deadline())
            .min()
    }

    /// The next event. At a server, those who have signed in come before those who have not.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front().or_else(|| self.later.pop_front())
    }

    /// Says goodbye (a CLOSE frame, sent a few times) and forgets the session. [`Event::Closed`] with [`CloseReason::Local`] follows.
    /// Messages queued before are sent first, once, if they fit into the goodbye's few packets: what of them is lost
    /// is not sent again. An application that must know that they arrived waits for `is_drained` before.
    pub fn close(&mut self, now: Instant, session: SessionId, code: u16, reason: &str) {
        match self.sessions.get(&session).map(|slot| &slot.session) {
            Some(Session::Dialling(_)) => self.drop_session(session, CloseReason::Local),
            Some(Session::Open(_)) => {
                self.with_connection(now, session, |connection, context| {
                    connection.close(context, code, reason);
                });
            }
            None => {}
        }
    }

    /// Whether no session is left, not even one that still says goodbye.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Asks the peer to acknowledge soon all that was sent on this session, before somebody waits for
    /// [`Endpoint::is_drained`].
    pub fn hurry(&mut self, now: Instant, session: SessionId) {
        self.with_connection(now, session, |connection, _| connection.hurry());
    }

    /// Whether all that was sent on this session has been acknowledged.
    #[must_use]
    pub fn is_drained(&self, session: SessionId) -> bool {
        self.connection(session).is_none_or(Connection::is_drained)
    }

    /// At a server: the peer has signed in (true) or out (false): full windows, remembered for 15 minutes of silence.
    pub fn set_signed_in(&mut self, now: Instant, session: SessionId, signed_in: bool) {
        self.with_connection(now, session, |connection, context| {
            connection.set_signed_in(context, signed_in);
        });
        self.count(now, session);
    }

    /// A session's figures.
    #[must_use]
    pub fn statistics(&self, session: SessionId) -> Option<Statistics> {
        self.connection(session).map(Connection::statistics)
    }

    /// What was ignored and refused since the start.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            answers_dropped: self.answers.dropped,
            ..self.counters
        }
    }

    fn next_session(&mut self) -> SessionId {
        self.last_session += 1;
        SessionId(self.last_session)
    }

    fn context(&mut self, now: Instant) -> Context<'_> {
        Context {
            now,
            random: &mut self.random,
            events: &mut self.events,
        }
    }

    fn connection(&self, session: SessionId) -> Option<&Connection> {
        match &self.sessions.get(&session)?.session {
            Session::Open(connection) => Some(connection),
            Session::Dialling(_) => None,
        }
    }

    /// Lets a session do something, and notes what that changes in the schedule.
    fn with_connection<T>(
        &mut self,
        now: Instant,
        session: SessionId,
        act: impl FnOnce(&mut Connection, &mut Context<'_>) -> T,
    ) -> Option<T> {
        let slot = self.sessions.get_mut(&session)?;
        let Session::Open(connection) = &mut slot.session else {
            return None;
        };
        let is_stranger = self.acceptor.is_some() && !connection.is_signed_in();
        let mut context = Context {
            now,
            random: &mut self.random,
            events: if is_stranger {
                &mut self.later
            } else {
                &mut self.events
            },
        };
        let result = act(connection, &mut context);
        self.note_changes(now, session);
        Some(result)
    }

    /// Follows up what a session has done: gives it a token, notes its memory, queues it for sending, or forgets it. Not a part
    /// of each caller, so that the processor's cache has one copy.
    #[inline(never)]
    fn note_changes(&mut self, now: Instant, session: SessionId) {
        let Some(slot) = self.sessions.get_mut(&session) else {
            return;
        };
        let Session::Open(connection) = &mut slot.session else {
            return;
        };
        if let Some(acceptor) = &self.acceptor {
            if connection.wants_token(now) {
                let token = acceptor.address_token(now, connection.remote().ip());
                connection.give_token(now, token);
            }
            let (bytes, is_user) = (connection.memory(), connection.is_signed_in());
            self.memory.note(session, &mut slot.holding, bytes, is_user);
        } else if let Some(token) = connection.take_token() {
            self.tokens.keep(connection.remote(), *token);
        }
        if !slot.settle(&mut self.schedule, session) {
            self.forget(session);
        }
        self.shed(now);
    }

    /// Puts a session that was touched where it belongs in the schedule, and forgets it if it is over.
    fn settle(&mut self, session: SessionId) {
        if let Some(slot) = self.sessions.get_mut(&session)
            && !slot.settle(&mut self.schedule, session)
        {
            self.forget(session);
        }
    }

    fn arm(&mut self, now: Instant, session: SessionId) {
        if let Some(slot) = self.sessions.get_mut(&session) {
            slot.arm(&mut self.schedule, now, session);
        }
    }

    /// A session ends before it was open.
    fn drop_session(&mut self, session: SessionId, reason: CloseReason) {
        self.forget(session);
        self.events.push_back(Event::Closed { session, reason });
    }

    fn forget(&mut self, session: SessionId) {
        let Some(mut slot) = self.sessions.remove(&session) else {
            return;
        };
        self.schedule.forget(&mut slot.scheduling);
        self.memory.note(session, &mut slot.holding, 0, false);
        if let Some(standby) = slot.standby {
            self.forget(standby);
        }
        match &slot.session {
            Session::Dialling(dial) => {
                self.by_id.remove(&dial.client_id);
            }
            Session::Open(connection) => {
                self.by_id.remove(&connection.local_id);
                if self.acceptor.is_none() {
                    self.by_peer_id.remove(&connection.remote_id);
                }
            }
        }
        if let (Some(acceptor), Some(place)) = (&mut self.acceptor, slot.counted) {
            acceptor.admission.release(place);
        }
    }

    /// Counts a session against the limits for strangers, or no longer.
    fn count(&mut self, now: Instant, session: SessionId) {
        let (Some(acceptor), Some(slot)) = (&mut self.acceptor, self.sessions.get_mut(&session))
        else {
            return;
        };
        let Session::Open(connection) = &slot.session else {
            return;
        };
        match (slot.counted, connection.is_signed_in()) {
            (Some(place), true) => {
                acceptor.admission.release(place);
                slot.counted = None;
            }
            // Whoever has signed out has signed in before.
            (None, false) => {
                let address = connection.remote().ip();
                let holder = Holder::Session(session);
                slot.counted = Some(acceptor.admission.take(now, address, true, holder));
            }
            _ => {}
        }
    }
}
