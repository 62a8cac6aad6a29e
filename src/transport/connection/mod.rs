//! A session after its handshake: its state and how its parts work together. Each concern has a file of its own.

mod channels;
mod close;
mod coalesce;
mod flow_control;
mod mtu;
mod path;
mod receive;
mod recovery;
mod redundancy;
#[cfg(test)]
mod testing;
mod timeout;
mod token;
mod transmit;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

use self::mtu::Mtu;
use self::path::Path;
pub(super) use self::receive::Ignored;
use self::recovery::Recovery;
use self::token::GivenToken;
use super::limits::{SKIP_EVERY, UNAUTHENTICATED_LIFETIME};
use super::recovery::ack::AckState;
use super::recovery::replay::ReplayWindow;
use super::recovery::rtt::HandshakeTime;
use super::statistics::Statistics;
use super::timer::{Timer, Timers};
use super::wire::crypto::Keys;
use super::{Event, SessionId};
use crate::transport::route::Route;
use channels::Channels;
pub(super) use close::Shortage;
use close::State;
#[cfg(test)]
pub(super) use coalesce::HOLD;
use coalesce::Hold;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

/// What each call passes in: the time, the random generator, and the queue of events.
pub(super) struct Context<'a> {
    pub(super) now: Instant,
    pub(super) random: &'a mut ChaCha20Rng,
    pub(super) events: &'a mut VecDeque<Event>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        now: Instant,
        random: &'a mut ChaCha20Rng,
        events: &'a mut VecDeque<Event>,
    ) -> Self {
        Self {
            now,
            random,
            events,
        }
    }
}

pub(super) struct Beginning {
    pub(super) session: SessionId,
    pub(super) role: Role,
    /// The connection id that the peer sends to.
    pub(super) local_id: u64,
    /// The connection id that this end sends to.
    pub(super) remote_id: u64,
    pub(super) keys: Keys,
    pub(super) route: Route,
    pub(super) handshake: Option<HandshakeTime>,
    /// At a client: its packets cost money.
    pub(super) frugal: bool,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Connection {
    session: SessionId,
    role: Role,
    pub(super) local_id: u64,
    pub(super) remote_id: u64,
    keys: Keys,
    path: Path,
    replay: ReplayWindow,
    received: AckState,
    recovery: Recovery,
    mtu: Mtu,
    channels: Channels,
    timers: Timers,
    state: State,
    /// At a server: the peer has signed in.
    signed_in: bool,
    /// The peer counts as away.
    silent: bool,
    /// At a client: the time of the first packet that asks for an acknowledgement since the last packet arrived.
    unanswered: Option<Instant>,
    /// At a server: the token to send. At a client: the token received.
    token: GivenToken,
    /// At a client: its application has another server in the place of one that does not answer.
    watched: bool,
    /// The application was told that nothing is answered.
    told_unanswered: bool,
    /// A probe was sent since [`Connection::take_unanswered_probe`] last asked.
    has_probed: bool,
    /// Copies of unacknowledged frames are due.
    copies_due: bool,
    hold: Hold,
    /// A PING is due.
    ping: bool,
    /// At a client: the server is to be told that packets cost money.
    frugal_due: bool,
    /// The newest PATH_CHALLENGE that is still unanswered.
    challenged: Option<[u8; 8]>,
    /// The next packet number to skip.
    skip_at: u64,
    packets_sent: u64,
    packets_received: u64,
    bytes_sent: u64,
    bytes_received: u64,
    retransmissions: u64,
}

impl Connection {
    pub(super) fn new(context: &mut Context<'_>, beginning: Beginning) -> Self {
        let now = context.now;
        let mut connection = Self {
            session: beginning.session,
            role: beginning.role,
            local_id: beginning.local_id,
            remote_id: beginning.remote_id,
            keys: beginning.keys,
            path: Path::new(beginning.route),
            replay: ReplayWindow::default(),
            received: AckState::default(),
            recovery: Recovery::new(now),
            mtu: Mtu::default(),
            channels: Channels::new(beginning.role),
            timers: Timers::new(now),
            state: State::Open,
            signed_in: false,
            silent: false,
            unanswered: None,
            watched: false,
            told_unanswered: false,
            token: GivenToken::default(),
            has_probed: false,
            copies_due: false,
            hold: Hold::No,
            // The first packet of the client completes the handshake at the server.
            ping: beginning.role == Role::Client,
            frugal_due: beginning.frugal,
            challenged: None,
            skip_at: 0,
            packets_sent: 0,
            packets_received: 0,
            bytes_sent: 0,
            bytes_received: 0,
            retransmissions: 0,
        };
        connection.recovery.frugal = beginning.frugal;
        connection.choose_skip(context.random);
        if let Some(handshake) = beginning.handshake {
            connection.recovery.rtt.assume(handshake);
        }
        if beginning.role == Role::Server {
            connection
                .timers
                .set(Timer::Lifetime, now + UNAUTHENTICATED_LIFETIME);
            connection.on_heard(context);
        }
        connection
    }

    fn choose_skip(&mut self, random: &mut ChaCha20Rng) {
        let ahead = 1 + random.next_u32() % (2 * SKIP_EVERY);
        self.skip_at = self.recovery.sent.next_number() + u64::from(ahead);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        // A packet that may not be sent now needs no wake-up.
        let may_speak = self.state.is_open() && !self.silent && self.has_budget();
        let acknowledge = self.received.deadline().filter(|_| may_speak);
        self.timers.next().into_iter().chain(acknowledge).min()
    }

    pub(super) fn unanswered_since(&self) -> Option<Instant> {
        self.unanswered
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    pub(super) fn is_signed_in(&self) -> bool {
        self.signed_in
    }

    pub(super) fn remote(&self) -> SocketAddr {
        self.path.route.remote
    }

    pub(super) fn statistics(&self) -> Statistics {
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Statistics {
            rtt_us: micros(self.recovery.rtt.smoothed()),
            min_rtt_us: micros(self.recovery.rtt.minimum()),
            congestion_window_bytes: self.recovery.window(),
            bytes_in_flight: self.recovery.sent.bytes_in_flight() as u64,
            packets_sent: self.packets_sent,
            packets_received: self.packets_received,
            bytes_sent: self.bytes_sent,
            bytes_received: self.bytes_received,
            packets_lost: self.recovery.packets_lost,
            retransmissions: self.retransmissions,
            copies_sent: self.recovery.copies_sent,
            loss_sent_permille: self.recovery.loss_permille(),
            loss_received_permille: self.recovery.peer_loss_permille,
        }
    }
}
