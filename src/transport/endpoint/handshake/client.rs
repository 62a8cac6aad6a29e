//! The client's handshake: sends SYN, and handles COOKIE, `SYN_ACK` and VERSION. A standby stops after that
//! (`standby`).

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

use crate::transport::limits::{
    CONNECT_TIMEOUT, FULL_SIZE_SYNS, STANDBY_INTERVAL, STANDBY_LIFETIME, STANDBY_SPACING,
    SYN_RETRY, SYN_RETRY_MAX,
};
use crate::transport::route::{Route, Transmit};
use crate::transport::wire::handshake::{ClientHandshake, Established};
use crate::transport::wire::packet::{
    ADDRESS_TOKEN_LEN, COOKIE_LEN, DATAGRAM_LEN, PROTOCOL_VERSION, Proof, SYN_ACK_MESSAGE_LEN,
    SYN_MIN_LEN, TOKEN_LEN, encode_syn,
};

/// The contents of a verified `SYN_ACK`.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) server_id: u64,
    pub(crate) reset_token: [u8; TOKEN_LEN],
    pub(crate) peer_key: [u8; 32],
    pub(crate) round_trip: Option<Duration>,
    /// The local address that received it.
    pub(crate) local_ip: Option<IpAddr>,
    at: Instant,
}

/// A handshake beside a session, for the case that its server has restarted.
struct Standby {
    began: Instant,
    /// When its last SYN was sent.
    spoke: Instant,
    /// When it expires; set once its session has ended.
    until: Option<Instant>,
}

/// A session without a `SYN_ACK` so far.
pub(crate) struct Dial {
    pub(crate) client_id: u64,
    pub(crate) remote: SocketAddr,
    handshake: ClientHandshake,
    /// The address token of an earlier session; used until a cookie arrives.
    token: Option<[u8; ADDRESS_TOKEN_LEN]>,
    cookie: Option<[u8; COOKIE_LEN]>,
    tries: u32,
    /// When the SYN with cookie or token was sent; if only once, the answer measures the round trip.
    asked: Option<Instant>,
    repeated: bool,
    wait: Duration,
    due: bool,
    deadline: Instant,
    give_up: Instant,
    answer: Option<Answer>,
    standby: Option<Standby>,
}

impl Dial {
    /// `None` only if Noise rejects its own pattern.
    pub(crate) fn new(
        now: Instant,
        random: &mut ChaCha20Rng,
        remote: SocketAddr,
        token: Option<[u8; ADDRESS_TOKEN_LEN]>,
    ) -> Option<Self> {
        let client_id = random.next_u64();
        Some(Self {
            client_id,
            remote,
            handshake: ClientHandshake::new(random, client_id)?,
            token,
            cookie: None,
            tries: 0,
            asked: None,
            repeated: false,
            wait: SYN_RETRY,
            due: true,
            deadline: now + SYN_RETRY,
            give_up: now + CONNECT_TIMEOUT,
            answer: None,
            standby: None,
        })
    }

    pub(crate) fn standing_by(
        now: Instant,
        random: &mut ChaCha20Rng,
        remote: SocketAddr,
        token: [u8; ADDRESS_TOKEN_LEN],
    ) -> Option<Self> {
        let mut dial = Self::new(now, random, remote, Some(token))?;
        dial.standby = Some(Standby {
            began: now,
            spoke: now,
            until: None,
        });
        Some(dial)
    }

    pub(crate) fn is_standby(&self) -> bool {
        self.standby.is_some()
    }

    /// Whether the standby was answered so long ago that another handshake is needed.
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        let is_old = |standby: &Standby| standby.began + STANDBY_INTERVAL <= now;
        self.answer.is_some() && self.standby.as_ref().is_some_and(is_old)
    }

    /// Sends a SYN with a packet of the session, unless the standby has its answer or, if the packet is no probe, has just
    /// sent one.
    pub(crate) fn send_with(&mut self, now: Instant, is_probe: bool) {
        if let Some(standby) = &self.standby {
            let has_rested = standby.spoke + STANDBY_SPACING <= now;
            self.due |= self.answer.is_none() && (is_probe || has_rested);
        }
    }

    /// Keeps the standby of a session that is over, for a while.
    pub(crate) fn keep_detached(&mut self, now: Instant) {
        if let Some(standby) = &mut self.standby {
            standby.until = Some(now + STANDBY_LIFETIME);
        }
    }

    /// Ends standing by: the handshake continues as any other, with the answer that it has, or asks for one. `None` if it
    /// is of no use.
    pub(crate) fn take_over(&mut self, now: Instant) -> Option<()> {
        self.standby.take()?;
        if let Some(answer) = &self.answer {
            return (answer.at + STANDBY_LIFETIME > now).then_some(());
        }
        // The previous SYN may have been sent while no server was running. A duplicate gets the same answer.
        self.due = true;
        self.wait = SYN_RETRY;
        self.deadline = now + self.wait;
        self.give_up = now + CONNECT_TIMEOUT;
        Some(())
    }

    pub(crate) fn answer(&self) -> Option<Answer> {
        self.answer
    }

    /// Stores a cookie; the next SYN is sent at once. A cookie that is already held is a duplicate. The first one
    /// proves that a server is there, so the time-out restarts.
    pub(crate) fn on_cookie(&mut self, now: Instant, cookie: &[u8; COOKIE_LEN]) {
        if self.cookie.as_ref() != Some(cookie) {
            if self.cookie.replace(*cookie).is_none() {
                self.wait = SYN_RETRY;
                self.give_up = now + CONNECT_TIMEOUT;
            }
            self.asked = None;
            self.repeated = false;
            // A server that asks for a cookie is busy: a standby waits until it is needed.
            self.due = !self.is_standby();
            self.deadline = now + self.wait;
        }
    }

    /// Verifies a `SYN_ACK`. An invalid one changes nothing.
    pub(crate) fn on_syn_ack(
        &mut self,
        now: Instant,
        local_ip: Option<IpAddr>,
        message: &[u8; SYN_ACK_MESSAGE_LEN],
    ) -> Option<Answer> {
        let (server_id, reset_token, peer_key) = self.handshake.verify(message)?;
        self.due = false;
        self.answer = Some(Answer {
            server_id,
            reset_token,
            peer_key,
            round_trip: self.round_trip(now),
            local_ip,
            at: now,
        });
        self.answer
    }

    /// The keys, once [`Dial::on_syn_ack`] has verified.
    pub(crate) fn finish(self, now: Instant) -> Option<Established> {
        self.handshake.finish(now)
    }

    /// SYNs from the old port may never be answered.
    pub(crate) fn on_port_changed(&mut self) {
        self.due |= !self.is_standby();
    }

    /// The deadline has passed: retries. `false`: it gives up.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> bool {
        if let Some(standby) = &self.standby {
            return standby.until.is_none_or(|until| until > now);
        }
        if now >= self.give_up {
            return false;
        }
        if now >= self.deadline {
            self.wait = (self.wait * 2).min(SYN_RETRY_MAX);
            self.deadline = now + self.wait;
            self.due = true;
        }
        true
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.standby {
            Some(standby) => standby.until,
            None => Some(self.deadline.min(self.give_up)),
        }
    }

    fn round_trip(&self, now: Instant) -> Option<Duration> {
        let asked = self.asked.filter(|_| !self.repeated)?;
        Some(now.saturating_duration_since(asked))
    }

    pub(crate) fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Transmit> {
        if !std::mem::take(&mut self.due) {
            return None;
        }
        self.repeated |= self.asked.is_some();
        if let Some(standby) = &mut self.standby {
            standby.spoke = now;
        }
        let proof = match (&self.cookie, &self.token) {
            (_, Some(token)) if self.is_standby() => Proof::Token(token),
            (Some(cookie), Some(token)) => Proof::Both(cookie, token),
            (Some(cookie), None) => Proof::Cookie(cookie),
            (None, Some(token)) => Proof::Token(token),
            (None, None) => Proof::None,
        };
        self.asked = (proof != Proof::None).then_some(now);
        let size = if self.tries < FULL_SIZE_SYNS {
            DATAGRAM_LEN
        } else {
            SYN_MIN_LEN
        };
        self.tries += 1;
        let ephemeral = self.handshake.ephemeral();
        encode_syn(
            buffer,
            PROTOCOL_VERSION,
            self.client_id,
            &ephemeral,
            proof,
            size,
        );
        let route = Route {
            remote: self.remote,
            local_ip: None,
        };
        Some(Transmit::one(route, buffer.len()))
    }
}
