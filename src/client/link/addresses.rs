//! The server's addresses: which to try next, and when its name is to be resolved again. Those of other servers that can take
//! its place are beside those of its name.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

/// How many addresses of each kind are tried. At the limit the others are not. Chosen: ten servers and a spare, each with
/// an address of either family, with room to grow.
pub(super) const ADDRESSES_MAX: usize = 32;

/// How often the name is resolved while the server does not answer. Chosen: a name that was moved is followed soon after
/// its time to live, and a resolver is not bothered by a client that waits for days.
const RESOLVE_EVERY: Duration = Duration::from_secs(10);

/// How soon after an attempt that failed, while no address is known. Chosen: a resolver that comes up with the network is
/// asked soon, and one that is overloaded is not asked without a pause.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Addresses {
    /// The preferred one first: all those that are named or learned.
    all: Vec<SocketAddr>,
    /// Those that the server's name stands for.
    named: Vec<SocketAddr>,
    /// Those that the server has told, and those at which it was met.
    learned: Vec<SocketAddr>,
    /// Where it has answered last.
    current: Option<SocketAddr>,
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
            named: all.clone(),
            all,
            learned: Vec::new(),
            current: None,
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
        self.current = remote;
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
        let unknown: Vec<_> = self.unknown(&new).collect();
        let has_new = !unknown.is_empty();
        self.named = new;
        // Those that did not answer come after those that were not tried.
        self.drop_strange();
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

    /// The server has told where others are that can take its place, in the place of what it or another one told before.
    pub(super) fn learn(&mut self, told: &[SocketAddr], random: &mut ChaCha20Rng) {
        let is_near = self.current.is_some_and(|at| at.ip().is_loopback());
        let families = [true, false].map(|v4| self.all.iter().any(|it| it.is_ipv4() == v4));
        let can_be = |address: &&SocketAddr| {
            let ip = address.ip();
            let is_one_of_all = !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast(ip);
            // No socket sends to another family, and this machine is not the server's.
            let has_way = families[usize::from(!address.is_ipv4())];
            is_one_of_all && address.port() != 0 && has_way && (is_near || !ip.is_loopback())
        };
        let is_other = |address: &&SocketAddr| Some(**address) != self.current;
        let told = told.iter().filter(can_be).filter(is_other);
        let mut learned: Vec<_> = told.take(ADDRESSES_MAX).copied().collect();
        learned.sort_unstable();
        learned.dedup();
        if !learned.is_empty() {
            // If the others are gone one day, this one may have come back.
            learned.extend(self.current);
        }
        self.learned = learned;
        self.drop_strange();
        let mut unknown: Vec<_> = self.unknown(&self.learned).collect();
        shuffle(&mut unknown, random);
        self.all.extend(unknown);
    }

    /// Another server is at an address that was learned.
    pub(super) fn forget(&mut self, address: SocketAddr) {
        self.learned.retain(|learned| *learned != address);
        self.drop_strange();
        self.untried.retain(|untried| *untried != address);
    }

    /// Whether the server of an address is known by nothing but another server's word.
    pub(super) fn is_hearsay(&self, address: SocketAddr) -> bool {
        !self.named.contains(&address)
    }

    /// Whether there are several servers, of which one can take the place of another. One server may have an address of either
    /// family.
    pub(super) fn are_of_several(&self) -> bool {
        let several = |v4| self.all.iter().filter(|it| it.is_ipv4() == v4).count() > 1;
        !self.learned.is_empty() || several(true) || several(false)
    }

    /// Where to look for another server in the place of the one that was met last, in any order, so that its clients do not all
    /// go to the same one.
    pub(super) fn others(&self, random: &mut ChaCha20Rng) -> Vec<SocketAddr> {
        let others = self.all.iter().filter(|it| Some(**it) != self.current);
        let mut others: Vec<_> = others.copied().collect();
        shuffle(&mut others, random);
        others
    }

    /// The server that was met last does not serve: others are tried before it.
    pub(super) fn avoid_current(&mut self, random: &mut ChaCha20Rng) {
        let others = self.others(random);
        self.all.retain(|address| Some(*address) == self.current);
        self.all.splice(..0, others);
    }

    fn unknown<'a>(&'a self, of: &'a [SocketAddr]) -> impl Iterator<Item = SocketAddr> + 'a {
        let unknown = of.iter().filter(|address| !self.all.contains(address));
        unknown.copied()
    }

    fn drop_strange(&mut self) {
        let (named, learned) = (&self.named, &self.learned);
        let is_known = |address: &SocketAddr| named.contains(address) || learned.contains(address);
        self.all.retain(is_known);
    }

    pub(super) fn contains(&self, address: SocketAddr) -> bool {
        self.all.contains(&address)
    }
}

fn is_broadcast(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.is_broadcast())
}

/// Fisher and Yates's; that the remainder of a division prefers some orders by less than 2^-26 does no harm.
fn shuffle(addresses: &mut [SocketAddr], random: &mut ChaCha20Rng) {
    for at in (1..addresses.len()).rev() {
        let among = u32::try_from(at + 1).unwrap_or(u32::MAX);
        addresses.swap(at, (random.next_u32() % among) as usize);
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
