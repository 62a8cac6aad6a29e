//! The client's handshake: SYN, and what it does with COOKIE, `SYN_ACK` and VERSION.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

use super::Transmit;
use crate::transport::handshake::{ClientHandshake, Established};
use crate::transport::limits::{CONNECT_TIMEOUT, FULL_SIZE_SYNS, SYN_RETRY, SYN_RETRY_MAX};
use crate::transport::packet::{
    ADDRESS_TOKEN_LEN, COOKIE_LEN, DATAGRAM_LEN, PROTOCOL_VERSION, Proof, SYN_ACK_MESSAGE_LEN,
    SYN_MIN_LEN, TOKEN_LEN, encode_syn,
};

/// A session for which no `SYN_ACK` has come yet.
pub(super) struct Dial {
    pub(super) client_id: u64,
    pub(super) remote: SocketAddr,
    handshake: ClientHandshake,
    /// What an earlier session got; it serves until a cookie has come.
    token: Option<[u8; ADDRESS_TOKEN_LEN]>,
    cookie: Option<[u8; COOKIE_LEN]>,
    /// SYNs sent.
    tries: u32,
    /// When the SYN with cookie or token went out, if it did so once only: then the answer measures the round trip.
    asked: Option<Instant>,
    repeated: bool,
    wait: Duration,
    due: bool,
    deadline: Instant,
    give_up: Instant,
}

impl Dial {
    /// Makes the first SYN due. `None` only if Noise refuses its own pattern.
    pub(super) fn new(
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
        })
    }

    /// A cookie answers the SYN; the next one goes out at once. A cookie that is already held is a duplicate. The
    /// first one shows that somebody is there, so that the waits begin afresh.
    pub(super) fn on_cookie(&mut self, now: Instant, cookie: &[u8; COOKIE_LEN]) {
        if self.cookie.as_ref() != Some(cookie) {
            if self.cookie.replace(*cookie).is_none() {
                self.wait = SYN_RETRY;
                self.give_up = now + CONNECT_TIMEOUT;
            }
            self.asked = None;
            self.repeated = false;
            self.due = true;
            self.deadline = now + self.wait;
        }
    }

    /// Checks a `SYN_ACK`. One that does not verify changes nothing.
    pub(super) fn on_syn_ack(
        &mut self,
        message: &[u8; SYN_ACK_MESSAGE_LEN],
    ) -> Option<(u64, [u8; TOKEN_LEN], [u8; 32])> {
        self.handshake.verify(message)
    }

    /// The keys, after [`Dial::on_syn_ack`] has verified.
    pub(super) fn finish(self, now: Instant) -> Option<Established> {
        self.handshake.finish(now)
    }

    /// The time has come to try again, or to give up: then `false`.
    pub(super) fn on_timeout(&mut self, now: Instant) -> bool {
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

    pub(super) fn deadline(&self) -> Instant {
        self.deadline.min(self.give_up)
    }

    /// The round trip time, if the handshake has measured it.
    pub(super) fn round_trip(&self, now: Instant) -> Option<Duration> {
        let asked = self.asked.filter(|_| !self.repeated)?;
        Some(now.saturating_duration_since(asked))
    }

    pub(super) fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Transmit> {
        if !std::mem::take(&mut self.due) {
            return None;
        }
        self.repeated |= self.asked.is_some();
        let proof = match (&self.cookie, &self.token) {
            (Some(cookie), _) => Proof::Cookie(cookie),
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
        Some(Transmit {
            remote: self.remote,
            local_ip: None,
            len: buffer.len(),
            segment_size: None,
        })
    }
}
