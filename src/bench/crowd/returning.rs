//! The storm: the server is restarted, and everybody comes back at once.

use std::time::{Duration, Instant};

use super::{Crowd, Phase};
use crate::bench::member::Member;
use crate::bench::server::RESTART_WAIT;
use crate::transport::Endpoint;

/// How long all may take to come back after a restart.
const RETURN_WAIT: Duration = Duration::from_secs(120);

impl Crowd {
    /// Everybody is in: the server is restarted.
    pub(super) fn restart(&mut self, now: Instant) {
        self.phase = Phase::Restarting(now + RESTART_WAIT);
        self.bar.set_message("restarting");
        self.members.change_all(Member::lose);
        if let Some(own) = &self.own {
            own.keeper.restart();
        }
    }

    /// The server is back: everybody wants in at once.
    pub(super) fn come_back(&mut self, now: Instant, endpoint: &mut Endpoint) {
        self.phase = Phase::Returning(now + RETURN_WAIT);
        self.returning_since = Some(now);
        self.bar.reset();
        self.bar.set_message("measuring");
        for member in 0..self.members.len() {
            let before = self.with(now, endpoint, member, Member::forget_session);
            if let Some(session) = before {
                self.sessions.remove(&session);
            }
        }
        self.load_before = Some(self.load(endpoint));
        for member in 0..self.members.len() {
            self.enter(now, endpoint, member);
        }
    }

    /// Somebody is back.
    pub(super) fn returned(&mut self, now: Instant) {
        if let Some(since) = self.returning_since {
            self.latencies.push(now.saturating_duration_since(since));
            self.last_heard = Some(now);
            self.is_progress_due = true;
        }
    }
}
