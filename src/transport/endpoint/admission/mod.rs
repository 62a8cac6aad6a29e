//! Admission of sessions that have not signed in: slots, and the rate of handshakes. Clients with an address token,
//! which only users who have signed in from that address have, get slots and handshakes of their own, which others
//! cannot exhaust.

pub(crate) mod buffer_memory;
pub(crate) mod prefix_counts;
pub(crate) mod stranger_slots;

use std::net::IpAddr;
use std::num::NonZeroU64;
use std::time::Instant;

use crate::transport::SessionId;
use crate::transport::limits::{Limits, TOKEN_SHARE, TokenBucket};
use stranger_slots::{Holder, Places, Room};

/// The even number before the first place's.
const FIRST: NonZeroU64 = NonZeroU64::new(2).expect("it is not zero");

/// Why a handshake is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// All slots are taken.
    Full,
    /// The rate limit of handshakes.
    Rate,
}

/// A taken slot. Not zero, so that `Option<PlaceId>` needs no extra memory. Odd numbers belong to clients with a
/// token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlaceId(NonZeroU64);

impl PlaceId {
    const fn is_known(self) -> bool {
        self.0.get() & 1 == 1
    }
}

#[derive(Debug)]
pub(crate) struct Admission {
    strangers: Places,
    /// For clients with a token.
    known: Places,
    handshakes: TokenBucket,
    handshakes_of_known: TokenBucket,
    numbers: NonZeroU64,
}

impl Admission {
    pub(crate) fn new(now: Instant, limits: Limits) -> Self {
        let known = limits.unauthenticated.div_ceil(TOKEN_SHARE as usize);
        let rate_of_known = limits.handshakes_per_second.div_ceil(TOKEN_SHARE);
        let burst_of_known = limits.handshakes_burst.div_ceil(TOKEN_SHARE);
        Self {
            strangers: Places::new(limits.unauthenticated - known),
            known: Places::new(known),
            handshakes: TokenBucket::new(
                now,
                limits.handshakes_per_second - rate_of_known,
                limits.handshakes_burst - burst_of_known,
            ),
            handshakes_of_known: TokenBucket::new(now, rate_of_known, burst_of_known),
            numbers: FIRST,
        }
    }

    /// Checks a handshake from this address against the limits. Returns among which slots it belongs, and the session
    /// to evict for it.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        address: IpAddr,
        is_known: bool,
    ) -> Result<(bool, Option<Holder>), Refusal> {
        let room = |places: &Places| places.room(now, address);
        // Clients with a token may use the other slots, too.
        let is_own_full = is_known && room(&self.known) != Room::Free;
        let is_among_known = is_known && !(is_own_full && room(&self.strangers) == Room::Free);
        let evicted = match room(self.places(is_among_known)) {
            Room::Free => None,
            Room::Of(holder) => Some(holder),
            Room::None => return Err(Refusal::Full),
        };
        let is_granted = is_known && self.handshakes_of_known.take(now)
            || self.handshakes.take(now)
            // A token that would be lost otherwise.
            || self.handshakes_of_known.take_surplus(now);
        is_granted
            .then_some((is_among_known, evicted))
            .ok_or(Refusal::Rate)
    }

    /// Takes a slot, even beyond the limit.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        address: IpAddr,
        is_known: bool,
        holder: Holder,
    ) -> PlaceId {
        self.numbers = self.numbers.saturating_add(2);
        let number = self.numbers | u64::from(is_known);
        self.places(is_known)
            .take(now, number.get(), address, holder);
        PlaceId(number)
    }

    pub(crate) fn open(&mut self, place: PlaceId, session: SessionId) {
        self.places(place.is_known()).open(place.0.get(), session);
    }

    /// The session in this slot has sent a message.
    pub(crate) fn note_use(&mut self, now: Instant, place: PlaceId) {
        self.places(place.is_known()).note_use(now, place.0.get());
    }

    /// The session in this slot has signed in or ended.
    pub(crate) fn release(&mut self, place: PlaceId) {
        self.places(place.is_known()).release(place.0.get());
    }

    /// A session to evict now for its silence.
    pub(crate) fn stale(&self, now: Instant) -> Option<Holder> {
        self.strangers.stale(now).or_else(|| self.known.stale(now))
    }

    /// When the next session must be evicted for its silence.
    pub(crate) fn next_stale(&self) -> Option<Instant> {
        let both = [self.strangers.next_stale(), self.known.next_stale()];
        both.into_iter().flatten().min()
    }

    /// Slots taken, and the limit.
    pub(crate) fn taken(&self) -> (usize, usize) {
        (
            self.strangers.len() + self.known.len(),
            self.strangers.limit() + self.known.limit(),
        )
    }

    fn places(&mut self, is_known: bool) -> &mut Places {
        if is_known {
            &mut self.known
        } else {
            &mut self.strangers
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn strangers_leave_places_and_handshakes_to_those_with_a_token() {
        let now = instant();
        let limits = Limits {
            unauthenticated: 8,
            handshakes_per_second: 8,
            handshakes_burst: 16,
            ..Limits::default()
        };
        let mut admission = Admission::new(now, limits);
        for number in 0..13 {
            let address = [10, 0, number, 1].into();
            let (_, evicted) = admission
                .admit(now, address, false)
                .expect("there is a rate left");
            assert_eq!(evicted.is_some(), number >= 6, "{number}");
            if let Some(Holder::Session(oldest)) = evicted {
                admission.strangers.release(oldest.0);
            }
            let holder = Holder::Session(SessionId((u64::from(number) + 2) * 2));
            admission.take(now, address, false, holder);
        }
        let stranger: IpAddr = [10, 1, 0, 1].into();
        assert_eq!(admission.admit(now, stranger, false), Err(Refusal::Rate));
        for _ in 0..2 {
            assert_eq!(admission.admit(now, stranger, true), Ok((true, None)));
            admission.take(now, stranger, true, Holder::HalfOpen(1));
        }
        assert_eq!(admission.taken(), (8, 8));
        assert_eq!(
            admission.admit(now, stranger, true),
            Err(Refusal::Full),
            "its own crowd"
        );
        assert_eq!(
            admission.admit(now, [10, 2, 0, 1].into(), true),
            Ok((true, Some(Holder::HalfOpen(1))))
        );
    }
}
