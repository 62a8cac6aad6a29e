//! A server's answers to those it does not know: COOKIE, `SYN_ACK`, VERSION and RESET, and how a handshake becomes a
//! session.
//!
//! Nothing is remembered before cookie or token has proved the address, and no answer is as large as its question.

use std::net::IpAddr;
use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use zeroize::Zeroizing;

use super::Counters;
use super::admission::{Admission, Refusal};
use super::answers::{Answers, Route};
use super::half_open::{HalfOpens, Pending, Question};
use super::waiting::Syn;
use crate::transport::cookie::{AddressTokens, CookieCheck, CookieJar, ResetKey};
use crate::transport::handshake;
use crate::transport::limits::{Limits, TokenBucket};
use crate::transport::packet::{
    ADDRESS_TOKEN_LEN, EPHEMERAL_LEN, PROTOCOL_VERSION, Proof, encode_cookie, encode_reset,
    encode_syn_ack, encode_version,
};

/// What only a server has.
pub(super) struct Acceptor {
    static_key: Zeroizing<[u8; 32]>,
    cookies: CookieJar,
    tokens: AddressTokens,
    reset_key: ResetKey,
    resets: TokenBucket,
    pub(super) half_open: HalfOpens,
    /// Handshakes of one prefix within the life of a half-open session.
    per_prefix: u32,
    pub(super) admission: Admission,
    /// From when on cookies and tokens count their time.
    epoch: Instant,
}

impl Acceptor {
    pub(super) fn new(
        now: Instant,
        config: &super::ServerConfig,
        random: &mut ChaCha20Rng,
    ) -> Self {
        let mut cookie_key = [0; 32];
        random.fill_bytes(&mut cookie_key);
        let Limits {
            resets_per_second,
            unauthenticated_per_prefix,
            ..
        } = config.limits;
        Self {
            static_key: Zeroizing::new(config.static_key),
            cookies: CookieJar::new(cookie_key),
            tokens: AddressTokens::new(&config.reset_key, config.unix_ms),
            reset_key: ResetKey::new(config.reset_key),
            resets: TokenBucket::new(now, resets_per_second, resets_per_second),
            half_open: HalfOpens::default(),
            per_prefix: unauthenticated_per_prefix,
            admission: Admission::new(now, config.limits),
            epoch: now,
        }
    }

    pub(super) fn public_key(&self) -> [u8; 32] {
        handshake::public_key(&self.static_key)
    }

    fn age_ms(&self, now: Instant) -> u64 {
        let age = now.saturating_duration_since(self.epoch).as_millis();
        u64::try_from(age).unwrap_or(u64::MAX)
    }

    /// What proves this address when its client comes again.
    pub(super) fn address_token(&self, now: Instant, ip: IpAddr) -> [u8; ADDRESS_TOKEN_LEN] {
        self.tokens.make(self.age_ms(now) / 1000, ip)
    }

    /// A SYN in our version. One that has proved its address, and is no duplicate, is to wait for its handshake.
    #[allow(
        clippy::too_many_arguments,
        reason = "they are the parts of the SYN and of the endpoint"
    )]
    pub(super) fn on_syn(
        &mut self,
        now: Instant,
        answers: &mut Answers,
        counters: &mut Counters,
        (route, syn_length): (Route, usize),
        client_id: u64,
        ephemeral: &[u8; EPHEMERAL_LEN],
        proof: Proof<'_>,
        heeds_tokens: bool,
    ) -> Option<Syn> {
        let now_ms = self.age_ms(now);
        let (remote, ip) = (route.remote, route.remote.ip());
        let good = match proof {
            Proof::None => false,
            Proof::Cookie(cookie) => {
                let cookies = &self.cookies;
                cookies.check(now_ms, remote, client_id, ephemeral, cookie) == CookieCheck::Good
            }
            Proof::Token(token) => {
                let half_open = self.half_open.of_prefix(ip.into());
                heeds_tokens
                    && self.admission.heeds_tokens(now, ip.into(), half_open)
                    && self.tokens.is_good(now_ms / 1000, ip, token)
            }
        };
        if !good {
            counters.cookies_asked += 1;
            let cookie = self.cookies.make(now_ms, remote, client_id, ephemeral);
            let queued = answers.push(route, syn_length, |out| {
                encode_cookie(out, client_id, &cookie);
            });
            counters.answers_dropped += u64::from(!queued);
            return None;
        }
        let question = (route.remote, client_id, *ephemeral);
        if let Some(answer) = self.half_open.repeat(&question) {
            let queued = answers.push(route, syn_length, |out| {
                encode_syn_ack(out, client_id, answer);
            });
            counters.answers_dropped += u64::from(!queued);
            return None;
        }
        Some(Syn {
            route,
            length: syn_length,
            client_id,
            ephemeral: *ephemeral,
        })
    }

    /// Makes the handshake that a SYN asks for, and answers it.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        random: &mut ChaCha20Rng,
        answers: &mut Answers,
        counters: &mut Counters,
        syn: &Syn,
    ) {
        let question = (syn.route.remote, syn.client_id, syn.ephemeral);
        // The same SYN may have waited twice.
        if self.half_open.repeat(&question).is_none() {
            match self.open_half(now, random, question) {
                Ok(()) => {}
                Err(Some(Refusal::Full)) => counters.refused_full += 1,
                Err(Some(Refusal::Rate)) => counters.refused_rate += 1,
                Err(None) => counters.malformed += 1,
            }
        }
        if let Some(answer) = self.half_open.answer_to(&question) {
            let queued = answers.push(syn.route, syn.length, |out| {
                encode_syn_ack(out, syn.client_id, answer);
            });
            counters.answers_dropped += u64::from(!queued);
        }
    }

    fn open_half(
        &mut self,
        now: Instant,
        random: &mut ChaCha20Rng,
        question: Question,
    ) -> Result<(), Option<Refusal>> {
        let (remote, client_id, ephemeral) = question;
        // Who ends each session at once would otherwise take all the handshakes that there are.
        if self.half_open.of_prefix(remote.ip().into()) >= self.per_prefix {
            return Err(Some(Refusal::Full));
        }
        let prefix = self.admission.admit(now, remote.ip()).map_err(Some)?;
        let server_id = random.next_u64();
        let token = self.reset_key.token(server_id);
        let made = handshake::answer(
            now,
            random,
            &self.static_key,
            client_id,
            &ephemeral,
            server_id,
            &token,
        );
        let Some((answer, established)) = made else {
            self.admission.release(prefix);
            return Err(None);
        };
        let pending = Pending {
            established,
            client_id,
            prefix,
        };
        self.half_open
            .insert(now, server_id, question, answer, pending);
        Ok(())
    }

    /// A SYN in a version that is not spoken here.
    pub(super) fn on_other_version(
        answers: &mut Answers,
        counters: &mut Counters,
        (route, syn_length): (Route, usize),
        version: u32,
        client_id: u64,
    ) {
        counters.other_versions += 1;
        let queued = answers.push(route, syn_length, |out| {
            encode_version(out, client_id, version, &[PROTOCOL_VERSION]);
        });
        counters.answers_dropped += u64::from(!queued);
    }

    /// DATA for a session that is not known here: after a restart, or long after its end.
    pub(super) fn on_unknown_session(
        &mut self,
        now: Instant,
        answers: &mut Answers,
        counters: &mut Counters,
        (route, length): (Route, usize),
        connection_id: u64,
    ) {
        counters.unknown_session += 1;
        if !self.resets.take(now) {
            counters.resets_withheld += 1;
            return;
        }
        let token = self.reset_key.token(connection_id);
        let queued = answers.push(route, length, |out| {
            encode_reset(out, connection_id, &token);
        });
        counters.resets_sent += u64::from(queued);
        counters.answers_dropped += u64::from(!queued);
    }

    /// Forgets handshakes whose time has come.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(entry) = self.half_open.expire(now) {
            if let Some(pending) = entry.pending {
                self.admission.release(pending.prefix);
            }
        }
    }
}
