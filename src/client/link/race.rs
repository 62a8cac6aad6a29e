//! Looks for another server in the place of one that does not answer: handshakes with the others beside the session that
//! stands. The first that is complete takes its place; if the server answers before that, nothing has happened.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;

use super::{CODE_QUIT, Link, LinkEvent, NEXT_ADDRESS_AFTER, State, jittered};
use crate::transport::{Endpoint, SessionId};

/// How many handshakes there are at once. Chosen: with the third, two machines may have died with the server's; more would have a
/// server's clients flood the others when it dies.
const AT_ONCE: usize = 3;

/// How long a handshake has before its place is another address's, while there is one. Chosen: as long as the server had.
const PATIENCE: Duration = Duration::from_secs(2);

/// A round of handshakes with all other servers, or the pause after one.
#[derive(Debug)]
pub(super) struct Race {
    /// The oldest first.
    attempts: VecDeque<SessionId>,
    untried: VecDeque<SocketAddr>,
    /// When the next address is tried, or another round begins.
    next_at: Option<Instant>,
    /// How many rounds were in vain.
    failures: u32,
}

impl Race {
    fn new(others: Vec<SocketAddr>, failures: u32) -> Self {
        Self {
            attempts: VecDeque::new(),
            untried: others.into(),
            next_at: None,
            failures,
        }
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.next_at
    }

    fn try_next(&mut self, now: Instant, endpoint: &mut Endpoint) {
        if let Some(address) = self.untried.pop_front() {
            if self.attempts.len() >= AT_ONCE
                && let Some(oldest) = self.attempts.pop_front()
            {
                endpoint.close(now, oldest, CODE_QUIT, "no answer");
            }
            self.attempts.push_back(endpoint.connect(now, address));
        }
        let wait = if self.attempts.len() < AT_ONCE {
            NEXT_ADDRESS_AFTER
        } else {
            PATIENCE
        };
        self.next_at = (!self.untried.is_empty()).then_some(now + wait);
    }
}

impl Link {
    /// The server does not answer: others are asked whether they take its place.
    pub(super) fn begin_race(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        random: &mut ChaCha20Rng,
    ) {
        let others = self.addresses.others(random);
        if self.race.is_none() && !others.is_empty() {
            let mut race = Race::new(others, 0);
            race.try_next(now, endpoint);
            self.race = Some(race);
        }
    }

    /// The server has answered, or the link is made in another way.
    pub(super) fn end_race(&mut self, now: Instant, endpoint: &mut Endpoint) {
        for attempt in self.race.take().into_iter().flat_map(|race| race.attempts) {
            endpoint.close(now, attempt, CODE_QUIT, "not needed");
        }
    }

    /// A handshake of the race is complete: its server takes the place of the one that does not answer, if it has the same key.
    pub(super) fn won(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        session: SessionId,
        key: [u8; 32],
        handshake_hash: [u8; 32],
    ) -> Option<LinkEvent> {
        let State::Up(silent) = self.state else {
            return None;
        };
        let race = self.race.as_mut()?;
        let at = race.attempts.iter().position(|it| *it == session)?;
        if self.key != Some(key) {
            self.turn_down(now, endpoint, session);
            return None;
        }
        race.attempts.remove(at);
        self.end_race(now, endpoint);
        endpoint.close(now, silent, CODE_QUIT, "another server has answered");
        self.waiting.iter_mut().for_each(VecDeque::clear);
        self.stand(now, endpoint, session);
        Some(LinkEvent::Moved {
            key,
            handshake_hash,
        })
    }

    /// A server has another key than the one whose place it was to take: it is left alone.
    pub(super) fn turn_down(&mut self, now: Instant, endpoint: &mut Endpoint, session: SessionId) {
        if let Some(remote) = endpoint.remote(session) {
            tracing::warn!(%remote, "a server with another key answers at an address of this cluster");
            self.addresses.forget(remote);
        }
        endpoint.close(now, session, CODE_QUIT, "another server was expected");
    }

    /// A handshake of the race has failed.
    pub(super) fn dropped_out(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        session: SessionId,
        random: &mut ChaCha20Rng,
    ) {
        let Some(race) = &mut self.race else {
            return;
        };
        let before = race.attempts.len();
        race.attempts.retain(|attempt| *attempt != session);
        if race.attempts.len() == before || !race.attempts.is_empty() {
            return;
        }
        race.try_next(now, endpoint);
        if race.attempts.is_empty() {
            race.next_at = Some(now + jittered(race.failures, random));
            race.failures = race.failures.saturating_add(1);
        }
    }

    /// Tries the next address, or begins another round.
    pub(super) fn go_on_racing(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        random: &mut ChaCha20Rng,
    ) {
        let Some(race) = &mut self.race else {
            return;
        };
        if race.next_at.is_none_or(|at| at > now) {
            return;
        }
        if race.attempts.is_empty() && race.untried.is_empty() {
            *race = Race::new(self.addresses.others(random), race.failures);
        }
        race.try_next(now, endpoint);
    }
}
