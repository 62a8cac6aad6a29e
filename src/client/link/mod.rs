//! The link to the server: connects, and reconnects for as long as the client runs.
//!
//! All addresses of the server are tried side by side, each a moment after the one before it (RFC 8305); the first that
//! answers is used. A lost link is made again, with growing pauses, or at once if the server has only restarted. While the
//! server does not answer, its name is resolved again; where there are several, another one takes its place (`race`).

mod addresses;
mod codes;
mod race;
mod resolving;
mod sending;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

use self::addresses::Addresses;
use self::codes::{
    CODE_ACCOUNT_BANNED, CODE_ADDRESS_BANNED, CODE_QUIT, end_reason, serves_no_longer,
};
use self::race::Race;
use super::core::status::LinkStatus;
use super::effects::Outgoing;
use crate::protocol::EndReason;
use crate::transport::{Channel, CloseReason, Endpoint, Event, SessionId};

/// How long one round of attempts may take. The transport says after half a minute that nobody is there; this bounds a
/// handshake that is answered and never ends.
const CONNECT_WAIT: Duration = Duration::from_secs(45);

/// How long after one address the next is tried as well (RFC 8305 §5 recommends 250 ms).
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

/// How many handshakes there are at once. At the limit the oldest makes room for the next address. Chosen: each has two seconds,
/// and a client calls on no more than a few servers at once.
const ATTEMPTS_MAX: usize = 8;

/// After this long without an answer the user is told, the first time. Chosen: nearly all servers have answered by then.
const SLOW_AFTER: Duration = Duration::from_secs(5);

/// The pause before the first and before a late attempt to connect again, before a quarter of jitter.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(12);

/// A server that has restarted is called again at once if the session had stood for at least this long; one that
/// resets each session as soon as it stands is not asked without a pause.
const STOOD: Duration = PAUSE_FIRST;

const _: () = assert!(PAUSE_MAX.as_millis() * 5 / 4 <= 15_000);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LinkEvent {
    /// It stands; the server has proved that it holds this key.
    Up {
        key: [u8; 32],
        handshake_hash: [u8; 32],
    },
    /// It is lost, and is being made again.
    Lost {
        reason: String,
        /// Why the server has signed the user out, if it did that with the link.
        ended: Option<EndReason>,
    },
    /// The server has banned this address: until when, and why. It is not made again.
    Banned(String),
    /// It stands with another server, in the place of one that did not answer. The session with that is over.
    Moved {
        key: [u8; 32],
        handshake_hash: [u8; 32],
    },
    /// It could not be made the first time; what was heard, if anything.
    Unreachable(Option<String>),
    /// The server's name does not exist.
    NoSuchName(String),
    /// The server's name is not resolved yet; said once.
    Unresolved(String),
    /// It can never be made.
    Impossible(String),
    /// Nothing is heard of the server.
    Silent,
    /// The server is heard again.
    Awake,
    /// The first attempt has not been answered for a while.
    Slow,
    /// The server's name is to be resolved: see [`Link::handle_addresses`].
    Resolve,
}

#[derive(Debug)]
enum State {
    Idle,
    Connecting {
        attempts: Vec<SessionId>,
        next_at: Option<Instant>,
        due: Instant,
        heard: Option<String>,
    },
    Up(SessionId),
    Pausing(Instant),
    /// What was sent may still arrive until then.
    Closing(SessionId, Instant),
    /// The goodbye may still be heard until then.
    Leaving(SessionId, Instant),
    Closed,
}

pub(super) struct Link {
    addresses: Addresses,
    /// When the user is to be told that the first attempt takes long.
    slow_at: Option<Instant>,
    state: State,
    /// Beside a session that stands and is not answered.
    race: Option<Race>,
    /// The key of the server that was met last.
    key: Option<[u8; 32]>,
    /// Whether the user knows that the server's name is not resolved.
    has_told_unresolved: bool,
    has_been_up: bool,
    /// Whether the first attempt is not the last one.
    keeps_trying: bool,
    /// When the session last came up.
    up_since: Option<Instant>,
    failures: u32,
    waiting: [VecDeque<Outgoing>; Channel::ALL.len()],
}

impl Link {
    pub(super) fn new(addresses: Vec<SocketAddr>) -> Self {
        Self {
            addresses: Addresses::new(addresses),
            slow_at: None,
            state: State::Idle,
            race: None,
            key: None,
            has_told_unresolved: false,
            has_been_up: false,
            keeps_trying: false,
            up_since: None,
            failures: 0,
            waiting: Default::default(),
        }
    }

    pub(super) fn connect(&mut self, now: Instant, endpoint: &mut Endpoint) {
        self.end_race(now, endpoint);
        self.waiting.iter_mut().for_each(VecDeque::clear);
        self.addresses.begin();
        let is_first = !self.has_been_up && self.failures == 0;
        self.slow_at = is_first.then_some(now + SLOW_AFTER);
        if self.addresses.is_empty() {
            self.addresses.doubt(now);
        }
        self.state = State::Connecting {
            attempts: Vec::new(),
            next_at: None,
            due: now + CONNECT_WAIT,
            heard: None,
        };
        self.try_next_address(now, endpoint);
    }

    fn try_next_address(&mut self, now: Instant, endpoint: &mut Endpoint) {
        if let State::Connecting {
            attempts, next_at, ..
        } = &mut self.state
        {
            if let Some(address) = self.addresses.next() {
                if attempts.len() >= ATTEMPTS_MAX {
                    endpoint.close(now, attempts.remove(0), CODE_QUIT, "no answer");
                }
                attempts.push(endpoint.connect(now, address));
            }
            let has_next = self.addresses.has_next();
            *next_at = has_next.then_some(now + NEXT_ADDRESS_AFTER);
        }
    }

    /// The session, while it stands.
    pub(super) const fn session(&self) -> Option<SessionId> {
        match self.state {
            State::Up(session) => Some(session),
            _ => None,
        }
    }

    /// Its figures, while it stands.
    pub(super) fn status(&self, endpoint: &Endpoint) -> Option<LinkStatus> {
        let session = self.session()?;
        Some(LinkStatus {
            remote: endpoint.remote(session)?,
            statistics: endpoint.statistics(session)?,
        })
    }

    /// Takes an event of the endpoint in; what is to be received is the caller's to receive.
    pub(super) fn handle_event(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        event: Event,
        random: &mut ChaCha20Rng,
    ) -> Option<LinkEvent> {
        match event {
            Event::Connected {
                session,
                peer_key,
                handshake_hash,
            } => self.connected(now, endpoint, session, peer_key, handshake_hash),
            Event::Closed { session, reason } => {
                self.closed(now, endpoint, session, &reason, random)
            }
            Event::Writable { session, channel } if self.session() == Some(session) => {
                self.flush(now, endpoint, session, channel);
                None
            }
            Event::Unanswered { session } if self.session() == Some(session) => {
                self.begin_race(now, endpoint, random);
                None
            }
            Event::Answered { session } if self.session() == Some(session) => {
                self.end_race(now, endpoint);
                None
            }
            Event::Silent { session } if self.session() == Some(session) => {
                self.addresses.doubt(now);
                Some(LinkEvent::Silent)
            }
            Event::Awake { session } if self.session() == Some(session) => {
                self.addresses.trust();
                Some(LinkEvent::Awake)
            }
            _ => None,
        }
    }

    fn connected(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        session: SessionId,
        peer_key: Option<[u8; 32]>,
        handshake_hash: [u8; 32],
    ) -> Option<LinkEvent> {
        let key = peer_key?;
        let State::Connecting { attempts, .. } = &mut self.state else {
            return self.won(now, endpoint, session, key, handshake_hash);
        };
        if !attempts.contains(&session) {
            return None;
        }
        let is_hearsay = |remote| self.addresses.is_hearsay(remote);
        if self.key != Some(key) && endpoint.remote(session).is_some_and(is_hearsay) {
            self.turn_down(now, endpoint, session);
            return None;
        }
        for other in std::mem::take(attempts) {
            if other != session {
                endpoint.close(now, other, CODE_QUIT, "another address was quicker");
            }
        }
        self.key = Some(key);
        self.failures = 0;
        self.stand(now, endpoint, session);
        Some(LinkEvent::Up {
            key,
            handshake_hash,
        })
    }

    /// The session is the link from now on.
    fn stand(&mut self, now: Instant, endpoint: &mut Endpoint, session: SessionId) {
        self.state = State::Up(session);
        self.has_been_up = true;
        self.up_since = Some(now);
        self.slow_at = None;
        self.addresses.answered(endpoint.remote(session));
        endpoint.watch(now, session, self.addresses.are_of_several());
    }

    /// The server has told where others are that can take its place. Whether any are known now.
    pub(super) fn learn(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        others: &[SocketAddr],
        random: &mut ChaCha20Rng,
    ) -> bool {
        if let State::Up(session) = self.state {
            self.addresses.learn(others, random);
            endpoint.watch(now, session, self.addresses.are_of_several());
        }
        self.addresses.are_of_several()
    }

    fn closed(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        session: SessionId,
        reason: &CloseReason,
        random: &mut ChaCha20Rng,
    ) -> Option<LinkEvent> {
        match &mut self.state {
            State::Up(up) if *up == session => Some(self.lost(now, endpoint, reason, random)),
            State::Connecting {
                attempts, heard, ..
            } if attempts.contains(&session) => {
                attempts.retain(|attempt| *attempt != session);
                if matches!(reason, CloseReason::Version) && !self.has_been_up {
                    return Some(LinkEvent::Impossible(reason.to_string()));
                }
                if !matches!(reason, CloseReason::NoAnswer | CloseReason::TimedOut) {
                    *heard = Some(reason.to_string());
                }
                if !attempts.is_empty() {
                    return None;
                }
                self.try_next_address(now, endpoint);
                match &self.state {
                    State::Connecting { attempts, .. } if attempts.is_empty() => {
                        self.give_up(now, endpoint, random)
                    }
                    _ => None,
                }
            }
            State::Closing(closing, _) if *closing == session => {
                self.state = State::Closed;
                None
            }
            State::Up(_) => {
                self.dropped_out(now, endpoint, session, random);
                None
            }
            _ => None,
        }
    }

    /// The session that was up has ended.
    fn lost(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        reason: &CloseReason,
        random: &mut ChaCha20Rng,
    ) -> LinkEvent {
        if let CloseReason::Peer { code, reason } = reason
            && *code == CODE_ADDRESS_BANNED
        {
            self.state = State::Closed;
            return LinkEvent::Banned(reason.clone());
        }
        self.addresses.doubt(now);
        self.end_race(now, endpoint);
        let leaves = self.addresses.are_of_several() && serves_no_longer(reason);
        if leaves {
            self.addresses.avoid_current(random);
        }
        let stood = |since| now.saturating_duration_since(since) >= STOOD;
        if (leaves || *reason == CloseReason::Reset) && self.up_since.is_some_and(stood) {
            self.connect(now, endpoint);
        } else {
            self.pause(now, random);
        }
        let ended = match reason {
            CloseReason::Peer { code, .. } => end_reason(*code),
            _ => None,
        };
        LinkEvent::Lost {
            reason: match reason {
                CloseReason::Peer { code, reason } if *code == CODE_ACCOUNT_BANNED => {
                    format!("this account is banned {reason}")
                }
                // The number says nothing to a reader.
                CloseReason::Peer { reason, .. } if !reason.is_empty() => reason.clone(),
                other => other.to_string(),
            },
            ended,
        }
    }

    /// Nobody has answered this time.
    fn give_up(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        random: &mut ChaCha20Rng,
    ) -> Option<LinkEvent> {
        let State::Connecting {
            attempts, heard, ..
        } = &mut self.state
        else {
            return None;
        };
        let heard = heard.take();
        for attempt in std::mem::take(attempts) {
            endpoint.close(now, attempt, CODE_QUIT, "no answer");
        }
        if self.has_been_up || self.keeps_trying {
            self.pause(now, random);
            None
        } else {
            self.state = State::Closed;
            Some(LinkEvent::Unreachable(heard))
        }
    }

    /// Waits before the next attempt: 1, 2, 4 … 12 s, a quarter more or less.
    fn pause(&mut self, now: Instant, random: &mut ChaCha20Rng) {
        self.state = State::Pausing(now + jittered(self.failures, random));
        self.failures = self.failures.saturating_add(1);
    }

    /// Ends a session that is no good any more; it is made again.
    pub(super) fn reconnect(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        random: &mut ChaCha20Rng,
    ) {
        if let State::Up(session) = self.state {
            self.end_race(now, endpoint);
            if self.addresses.are_of_several() {
                self.addresses.avoid_current(random);
            }
            self.pause(now, random);
            endpoint.close(now, session, CODE_QUIT, "connecting again");
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let [resolve, slow] = match self.state {
            State::Closing(..) | State::Leaving(..) | State::Closed => [None; 2],
            _ => [self.addresses.deadline(), self.slow_at],
        };
        let due = match &self.state {
            // While no address is known there is nobody who could have answered.
            State::Connecting { .. } if self.addresses.is_empty() => None,
            State::Connecting { next_at, due, .. } => {
                Some(next_at.map_or(*due, |next| next.min(*due)))
            }
            State::Pausing(until) | State::Closing(_, until) | State::Leaving(_, until) => {
                Some(*until)
            }
            State::Up(_) => self.race.as_ref().and_then(Race::deadline),
            State::Idle | State::Closed => None,
        };
        [due, resolve, slow].into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        random: &mut ChaCha20Rng,
    ) -> Option<LinkEvent> {
        if self.addresses.is_due(now) {
            return Some(LinkEvent::Resolve);
        }
        if self.slow_at.take_if(|at| *at <= now).is_some() {
            return Some(LinkEvent::Slow);
        }
        match &self.state {
            State::Connecting { .. } if self.addresses.is_empty() => None,
            State::Connecting { due, .. } if *due <= now => self.give_up(now, endpoint, random),
            State::Connecting {
                next_at: Some(at), ..
            } if *at <= now => {
                self.try_next_address(now, endpoint);
                None
            }
            State::Pausing(until) if *until <= now => {
                self.connect(now, endpoint);
                None
            }
            State::Up(_) => {
                self.go_on_racing(now, endpoint, random);
                None
            }
            _ => None,
        }
    }

    /// Whether the goodbye has been said.
    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }
}

/// A pause after so many failures: 1, 2, 4 … 12 s, a quarter more or less.
fn jittered(failures: u32, random: &mut ChaCha20Rng) -> Duration {
    let pause = PAUSE_FIRST
        .saturating_mul(1 << failures.min(8))
        .min(PAUSE_MAX);
    let jitter_percent = 75 + random.next_u32() % 51;
    pause * jitter_percent / 100
}
