//! The slots of sessions that have not signed in, and the choice of which to evict when they run out.
//!
//! While slots are free, no prefix is limited: a ship with a thousand users is one address. When all are taken, a new
//! client evicts the oldest session of the fullest prefix: of the fullest /48 (IPv4 /24), in it the fullest /56, in
//! it the fullest /64 (address). If that prefix is the client's own, only a session older than [`STRANGER_PATIENCE`]
//! is evicted, so that a crowd behind one address does not evict its own members before they have signed in.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Instant;

use crate::transport::SessionId;
use crate::transport::limits::{Prefix, STRANGER_PATIENCE};

/// What occupies a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A half-open session, by the server's connection id.
    HalfOpen(u64),
    /// An open session.
    Session(SessionId),
}

/// What a new client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// A free slot.
    Free,
    /// The slot of a session, which is evicted.
    Of(Holder),
    None,
}

#[derive(Debug)]
struct TakenSlot {
    address: IpAddr,
    holder: Holder,
    since: Instant,
    /// When its last message arrived, or when it took the slot.
    useful: Instant,
}

/// The count of a prefix, and the number of the change that set it.
#[derive(Debug, Clone, Copy)]
struct Crowd {
    count: u32,
    changed: u64,
}

/// A prefix within its parent, by count; among equal counts the most recently changed is the least.
type Rank = (Option<Prefix>, u32, Reverse<u64>, Prefix);

#[derive(Debug, Default)]
pub(crate) struct Places {
    limit: usize,
    /// By number, which is by age.
    taken: BTreeMap<u64, TakenSlot>,
    crowds: HashMap<Prefix, Crowd>,
    ranks: BTreeSet<Rank>,
    /// By host, the oldest first.
    of_host: BTreeSet<(Prefix, u64)>,
    /// The longest silent comes first.
    by_use: BTreeSet<(Instant, u64)>,
    changes: u64,
}

impl Places {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.taken.len()
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn room(&self, now: Instant, address: IpAddr) -> Room {
        if self.taken.len() < self.limit {
            return Room::Free;
        }
        let mut within = None;
        let mut is_own = true;
        for own in Prefix::around(address) {
            let Some((count, fullest)) = self.fullest(within) else {
                // No session from here, so none can be evicted.
                return Room::None;
            };
            // Its own prefix, if none is fuller.
            is_own &= self
                .crowds
                .get(&own)
                .is_some_and(|crowd| crowd.count >= count);
            within = Some(if is_own { own } else { fullest });
        }
        let oldest = within.and_then(|host| {
            let mut of_host = self.of_host.range((host, 0)..=(host, u64::MAX));
            let (_, number) = of_host.next()?;
            self.taken.get(number)
        });
        match oldest {
            Some(oldest) if !is_own || oldest.since + STRANGER_PATIENCE <= now => {
                Room::Of(oldest.holder)
            }
            _ => Room::None,
        }
    }

    /// Takes a slot, even beyond the limit.
    pub(crate) fn take(&mut self, now: Instant, number: u64, address: IpAddr, holder: Holder) {
        for (within, prefix) in nested(address) {
            self.change(within, prefix, 1);
        }
        let [.., host] = Prefix::around(address);
        self.of_host.insert((host, number));
        self.by_use.insert((now, number));
        let place = TakenSlot {
            address,
            holder,
            since: now,
            useful: now,
        };
        self.taken.insert(number, place);
    }

    pub(crate) fn open(&mut self, number: u64, session: SessionId) {
        if let Some(place) = self.taken.get_mut(&number) {
            place.holder = Holder::Session(session);
        }
    }

    /// A valid message has arrived.
    pub(crate) fn note_use(&mut self, now: Instant, number: u64) {
        if let Some(place) = self.taken.get_mut(&number) {
            self.by_use.remove(&(place.useful, number));
            place.useful = now;
            self.by_use.insert((now, number));
        }
    }

    pub(crate) fn release(&mut self, number: u64) {
        let Some(place) = self.taken.remove(&number) else {
            return;
        };
        for (within, prefix) in nested(place.address) {
            self.change(within, prefix, -1);
        }
        let [.., host] = Prefix::around(place.address);
        self.of_host.remove(&(host, number));
        self.by_use.remove(&(place.useful, number));
    }

    /// When the longest silent session must be evicted: only while more than half of the slots are taken.
    pub(crate) fn next_stale(&self) -> Option<Instant> {
        let (useful, _) = self.by_use.first()?;
        (self.taken.len() > self.limit / 2).then(|| *useful + STRANGER_PATIENCE)
    }

    pub(crate) fn stale(&self, now: Instant) -> Option<Holder> {
        self.next_stale().filter(|at| *at <= now)?;
        let (_, number) = self.by_use.first()?;
        self.taken.get(number).map(|place| place.holder)
    }

    fn fullest(&self, within: Option<Prefix>) -> Option<(u32, Prefix)> {
        let all = (within, 0, Reverse(u64::MAX), Prefix::MIN)
            ..=(within, u32::MAX, Reverse(0), Prefix::MAX);
        let (_, count, _, prefix) = self.ranks.range(all).next_back()?;
        Some((*count, *prefix))
    }

    fn change(&mut self, within: Option<Prefix>, prefix: Prefix, by: i32) {
        self.changes += 1;
        let before = self.crowds.remove(&prefix);
        if let Some(Crowd { count, changed }) = before {
            self.ranks
                .remove(&(within, count, Reverse(changed), prefix));
        }
        let count = before
            .map_or(0, |crowd| crowd.count)
            .saturating_add_signed(by);
        if count > 0 {
            let changed = self.changes;
            self.crowds.insert(prefix, Crowd { count, changed });
            self.ranks.insert((within, count, Reverse(changed), prefix));
        }
    }
}

/// The prefixes of an address, each with its parent.
fn nested(address: IpAddr) -> impl Iterator<Item = (Option<Prefix>, Prefix)> {
    let prefixes = Prefix::around(address);
    let around = [None, Some(prefixes[0]), Some(prefixes[1])];
    around.into_iter().zip(prefixes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::instant;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("a literal address")
    }

    fn holder(number: u64) -> Holder {
        Holder::Session(SessionId(number))
    }

    /// Places of which all are taken, by these in turn.
    fn full(now: Instant, addresses: &[&str]) -> Places {
        let mut places = Places::new(addresses.len());
        for (number, text) in (0..).zip(addresses) {
            assert_eq!(places.room(now, address(text)), Room::Free);
            places.take(now, number, address(text), holder(number));
        }
        places
    }

    #[test]
    fn oldest_of_the_fullest_prefix_gives_way_at_every_length() {
        let now = instant();
        let places = full(
            now,
            &[
                "192.0.2.1",
                "2001:db8:0:100::1",
                "2001:db8:0:200::1",
                "2001:db8:0:201::1",
                "2001:db8:0:201::2",
                "192.0.2.2",
            ],
        );
        let room = |text| places.room(now, address(text));
        assert_eq!(
            room("203.0.113.1"),
            Room::Of(holder(3)),
            "of 4 in a /48, 3 in a /56, 2 in a /64"
        );
        assert_eq!(room("2001:db8:1::1"), Room::Of(holder(3)));
        assert_eq!(
            room("2001:db8:0:300::1"),
            Room::Of(holder(3)),
            "of a neighbour in the /48"
        );
        assert_eq!(room("192.0.2.3"), Room::Of(holder(3)));
    }

    #[test]
    fn crowd_from_one_address_does_not_drive_itself_out_before_its_time() {
        let now = instant();
        let places = full(now, &["192.0.2.1"; 4]);
        assert_eq!(places.room(now, address("192.0.2.1")), Room::None);
        assert_eq!(
            places.room(now, address("192.0.2.2")),
            Room::Of(holder(0)),
            "a neighbour"
        );
        assert_eq!(
            places.room(now, address("198.51.100.2")),
            Room::Of(holder(0))
        );
        let later = now + STRANGER_PATIENCE;
        assert_eq!(
            places.room(later, address("192.0.2.1")),
            Room::Of(holder(0))
        );
    }

    #[test]
    fn of_prefixes_that_are_equally_full_the_one_that_changed_first_gives_way() {
        let now = instant();
        let places = full(now, &["198.51.100.1", "203.0.113.1", "192.0.2.1"]);
        assert_eq!(places.room(now, address("10.0.0.1")), Room::Of(holder(0)));
    }

    #[test]
    fn silent_ones_go_while_more_than_half_of_the_places_are_taken_and_no_longer() {
        let now = instant();
        let mut places = Places::new(8);
        let mut at = now;
        for number in 0..6 {
            places.take(at, number, address("192.0.2.1"), holder(number));
            at += Duration::from_secs(1);
        }
        places.note_use(at, 0);
        assert_eq!(places.stale(now + Duration::from_secs(10)), None);
        let later = now + Duration::from_mins(1);
        let mut gone = Vec::new();
        while let Some(Holder::Session(session)) = places.stale(later) {
            gone.push(session.0);
            places.release(session.0);
        }
        assert_eq!(gone, [1, 2], "four of eight may be as silent as they like");
        assert_eq!(places.next_stale(), None);
        for number in 0..6 {
            places.release(number);
        }
        assert!(places.crowds.is_empty() && places.ranks.is_empty());
        assert!(places.of_host.is_empty() && places.by_use.is_empty());
    }
}
