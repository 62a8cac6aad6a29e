//! The server's side of handshakes: COOKIE, `SYN_ACK` and RESET.
//!
//! The server keeps no state before cookie or token has validated the address, and no answer is as large as its
//! request.

use std::net::IpAddr;
use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use zeroize::Zeroizing;

use super::half_open::{HalfOpens, Pending, Question};
use super::queue::{Syn, Waiting};
use crate::transport::endpoint::admission::stranger_slots::Holder;
use crate::transport::endpoint::admission::{Admission, Refusal};
use crate::transport::endpoint::stateless::Answers;
use crate::transport::endpoint::{Counters, ServerConfig};
use crate::transport::limits::TokenBucket;
use crate::transport::route::Route;
use crate::transport::wire::cookie::{AddressTokens, CookieCheck, CookieJar, ResetKey};
use crate::transport::wire::handshake;
use crate::transport::wire::packet::{
    ADDRESS_TOKEN_LEN, EPHEMERAL_LEN, Proof, TOKEN_LEN, encode_cookie, encode_syn_ack,
};

/// The state that only a server has.
pub(crate) struct Acceptor {
    static_key: Zeroizing<[u8; 32]>,
    cookies: CookieJar,
    tokens: AddressTokens,
    reset_key: ResetKey,
    resets: TokenBucket,
    handshakes_by_token: u32,
    pub(crate) half_open: HalfOpens,
    pub(crate) admission: Admission,
    /// The time zero of cookies and tokens.
    epoch: Instant,
}

impl Acceptor {
    pub(crate) fn new(now: Instant, config: &ServerConfig, random: &mut ChaCha20Rng) -> Self {
        let mut cookie_key = [0; 32];
        random.fill_bytes(&mut cookie_key);
        let resets_per_second = config.limits.resets_per_second;
        Self {
            static_key: Zeroizing::new(config.static_key),
            cookies: CookieJar::new(cookie_key),
            tokens: AddressTokens::new(&config.reset_key, config.unix_ms),
            reset_key: ResetKey::new(config.reset_key),
            resets: TokenBucket::new(now, resets_per_second, resets_per_second),
            handshakes_by_token: config.limits.handshakes_by_token,
            half_open: HalfOpens::default(),
            admission: Admission::new(now, config.limits),
            epoch: now,
        }
    }

    pub(crate) fn public_key(&self) -> [u8; 32] {
        handshake::public_key(&self.static_key)
    }

    fn age_ms(&self, now: Instant) -> u64 {
        let age = now.saturating_duration_since(self.epoch).as_millis();
        u64::try_from(age).unwrap_or(u64::MAX)
    }

    /// The token that proves this address in a later session.
    pub(crate) fn address_token(&self, now: Instant, ip: IpAddr) -> [u8; ADDRESS_TOKEN_LEN] {
        self.tokens.make(self.age_ms(now) / 1000, ip)
    }

    /// Handles a SYN of our version. Returns it if its address is validated and it is no duplicate: then it waits for
    /// its handshake.
    #[allow(
        clippy::too_many_arguments,
        reason = "they are the parts of the SYN and of the endpoint"
    )]
    pub(crate) fn on_syn(
        &mut self,
        now: Instant,
        answers: &mut Answers,
        counters: &mut Counters,
        (route, syn_length): (Route, usize),
        client_id: u64,
        ephemeral: &[u8; EPHEMERAL_LEN],
        proof: Proof<'_>,
        waiting: &Waiting,
    ) -> Option<Syn> {
        let now_ms = self.age_ms(now);
        let (remote, ip) = (route.remote, route.remote.ip());
        let cookie_is_good = |cookie| {
            let cookies = &self.cookies;
            cookies.check(now_ms, remote, client_id, ephemeral, cookie) == CookieCheck::Good
        };
        let is_known = |token| self.tokens.is_good(now_ms / 1000, ip, token);
        // `None`: nothing is proved. `false`: the address is. `true`: a user has also signed in from there.
        let proved = match proof {
            Proof::None => None,
            Proof::Cookie(cookie) => cookie_is_good(cookie).then_some(false),
            Proof::Token(token) => {
                let begun = self.half_open.crowds().of_host(ip) + waiting.crowds().of_host(ip);
                let is_enough = begun < self.handshakes_by_token && waiting.heeds_tokens();
                (is_enough && is_known(token)).then_some(true)
            }
            Proof::Both(cookie, token) => cookie_is_good(cookie).then(|| is_known(token)),
        };
        let Some(is_known) = proved else {
            counters.cookies_asked += 1;
            let cookie = self.cookies.make(now_ms, remote, client_id, ephemeral);
            answers.push(route, syn_length, |out| {
                encode_cookie(out, client_id, &cookie);
            });
            return None;
        };
        let question = (route.remote, client_id, *ephemeral);
        if let Some(answer) = self.half_open.repeat(now, &question) {
            answers.push(route, syn_length, |out| {
                encode_syn_ack(out, client_id, answer);
            });
            return None;
        }
        Some(Syn {
            route,
            length: syn_length,
            client_id,
            ephemeral: *ephemeral,
            is_known,
            has_cookie: !matches!(proof, Proof::Token(_)),
            crowd: self.half_open.crowds().around(ip),
        })
    }

    /// Performs the handshake of a SYN and queues the answer. Returns the session to evict for it.
    pub(crate) fn serve(
        &mut self,
        now: Instant,
        random: &mut ChaCha20Rng,
        answers: &mut Answers,
        counters: &mut Counters,
        syn: &Syn,
    ) -> Option<Holder> {
        let question = (syn.route.remote, syn.client_id, syn.ephemeral);
        let mut evicted = None;
        // The same SYN may have been queued twice.
        if self.half_open.repeat(now, &question).is_none() {
            match self.open_half(now, random, question, syn.is_known) {
                Ok(holder) => evicted = holder,
                Err(Some(Refusal::Full)) => counters.refused_full += 1,
                Err(Some(Refusal::Rate)) => counters.refused_rate += 1,
                Err(None) => counters.malformed += 1,
            }
        }
        if let Some(answer) = self.half_open.answer_to(&question) {
            answers.push(syn.route, syn.length, |out| {
                encode_syn_ack(out, syn.client_id, answer);
            });
        }
        evicted
    }

    fn open_half(
        &mut self,
        now: Instant,
        random: &mut ChaCha20Rng,
        question: Question,
        is_known: bool,
    ) -> Result<Option<Holder>, Option<Refusal>> {
        let (remote, client_id, ephemeral) = question;
        let ip = remote.ip();
        let admitted = self.admission.admit(now, ip, is_known);
        let (is_among_known, evicted) = admitted.map_err(Some)?;
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
        let (answer, established) = made.ok_or(None)?;
        let holder = Holder::HalfOpen(server_id);
        let place = self.admission.take(now, ip, is_among_known, holder);
        let pending = Pending {
            established,
            client_id,
            place,
        };
        self.half_open
            .insert(now, server_id, question, answer, pending);
        Ok(evicted)
    }

    /// The token of a RESET for a session that this server does not know (after a restart, or long after the session's
    /// end); `None` at the rate limit.
    pub(crate) fn reset_token(
        &mut self,
        now: Instant,
        connection_id: u64,
    ) -> Option<[u8; TOKEN_LEN]> {
        let is_granted = self.resets.take(now);
        is_granted.then(|| self.reset_key.token(connection_id))
    }

    pub(crate) fn expire(&mut self, now: Instant) {
        for place in self.half_open.expire(now) {
            self.admission.release(place);
        }
    }
}
