//! The server's addresses: which to try next, and when its name is to be resolved again.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many addresses are tried. At the limit the others are not.
const ADDRESSES_MAX: usize = 8;

/// How often the name is resolved while the server does not answer. Chosen: a name that was moved is followed soon after
/// its time to live, and a resolver is not bothered by a client that waits for days.
const RESOLVE_EVERY: Duration = Duration::from_secs(10);

/// How soon after an attempt that failed, while no address is known. Chosen: a resolver that comes up with the network is
/// asked soon, and one that is overloaded is not asked without a pause.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Addresses {
    /// The preferred one first.
    all: Vec<SocketAddr>,
    /// Of the round of attempts under way.
    tried: Vec<SocketAddr>,
    untried: VecDeque<SocketAddr>,
    /// When the name is to be resolved, while the server does not answer.
    resolve_at: Option<Instant>,
}

impl Addresses {
    pub(super) fn new(mut all: Vec<SocketAddr>) -> Self {
        all.truncate(ADDRESSES_MAX);
        Self {
            all,
            tried: Vec::new(),
            untried: VecDeque::new(),
            resolve_at: None,
        }
    }

    /// Another round of attempts begins.
    pub(super) fn begin(&mut self) {
        self.tried.clear();
        self.untried = self.all.iter().copied().collect();
    }

    /// The next one to try in this round.
    pub(super) fn next(&mut self) -> Option<SocketAddr> {
        let next = self.untried.pop_front()?;
        self.tried.push(next);
        Some(next)
    }

    pub(super) fn has_next(&self) -> bool {
        !self.untried.is_empty()
    }

    /// This one has answered: it is the first to be tried the next time, and the name need not be resolved.
    pub(super) fn answered(&mut self, remote: Option<SocketAddr>) {
        self.resolve_at = None;
        let at = self.all.iter().position(|all| Some(*all) == remote);
        if let Some(at) = at {
            self.all[..=at].rotate_right(1);
        }
    }

    /// Whether the name is still to be resolved for the first time.
    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The name was not resolved. It is tried again, soon if there is no address at all.
    pub(super) fn unresolved(&mut self, now: Instant) {
        if self.is_empty() {
            self.resolve_at = Some(now + RETRY_AFTER);
        }
    }

    /// The server may have another address by now.
    pub(super) fn doubt(&mut self, now: Instant) {
        self.resolve_at.get_or_insert(now);
    }

    /// The server is heard: it has none.
    pub(super) fn trust(&mut self) {
        self.resolve_at = None;
    }

    pub(super) fn is_doubted(&self) -> bool {
        self.resolve_at.is_some()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.resolve_at
    }

    /// Whether the name is to be resolved now.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.resolve_at.is_some_and(|at| at <= now);
        if is_due {
            self.resolve_at = Some(now + RESOLVE_EVERY);
        }
        is_due
    }

    /// The name stands for these now. Whether there is one among them that was not known.
    pub(super) fn replace(&mut self, mut new: Vec<SocketAddr>) -> bool {
        new.truncate(ADDRESSES_MAX);
        if new.is_empty() {
            return false;
        }
        let (known, unknown): (Vec<_>, Vec<_>) = new
            .into_iter()
            .partition(|address| self.all.contains(address));
        let has_new = !unknown.is_empty();
        // Those that did not answer come after those that were not tried.
        self.all.retain(|address| known.contains(address));
        self.all.splice(..0, unknown);
        let tried = &self.tried;
        self.untried = self
            .all
            .iter()
            .filter(|all| !tried.contains(all))
            .copied()
            .collect();
        has_new
    }

    pub(super) fn contains(&self, address: SocketAddr) -> bool {
        self.all.contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    fn address(last: u8) -> SocketAddr {
        ([192, 0, 2, last], 7777).into()
    }

    #[test]
    fn new_addresses_of_the_name_are_tried_first_and_each_once_in_a_round() {
        let mut addresses = Addresses::new(vec![address(1), address(2)]);
        addresses.begin();
        assert_eq!(addresses.next(), Some(address(1)));
        assert!(addresses.replace(vec![address(1), address(3)]));
        assert_eq!(addresses.next(), Some(address(3)));
        assert_eq!(
            addresses.next(),
            None,
            "the second no longer belongs to the server"
        );
        assert!(!addresses.replace(vec![address(3), address(1)]));
        assert!(!addresses.replace(Vec::new()), "it was not resolved");
        addresses.begin();
        assert_eq!(addresses.next(), Some(address(3)));
        assert_eq!(addresses.next(), Some(address(1)));
    }

    #[test]
    fn name_is_resolved_at_once_and_then_at_intervals_until_the_server_is_heard() {
        let now = instant();
        let mut addresses = Addresses::new(vec![address(1)]);
        assert!(!addresses.is_due(now));
        addresses.doubt(now);
        assert!(addresses.is_due(now));
        assert!(!addresses.is_due(now));
        addresses.doubt(now + RESOLVE_EVERY / 2);
        assert!(!addresses.is_due(now + RESOLVE_EVERY / 2));
        assert!(addresses.is_due(now + RESOLVE_EVERY));
        addresses.answered(None);
        assert!(!addresses.is_due(now + RESOLVE_EVERY * 9));
    }
}
