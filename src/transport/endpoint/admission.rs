//! Who is let in before anyone has signed in: caps in all and per address prefix, and the rate of handshakes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use crate::transport::limits::{Limits, Prefix, TOKEN_SHARE, TokenBucket};

/// Why a handshake is not made now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Too many sessions have not signed in.
    Full,
    /// Too many handshakes in too short a time.
    Rate,
}

/// Counts sessions that are half open or not signed in.
#[derive(Debug)]
pub(super) struct Admission {
    limits: Limits,
    total: usize,
    per_prefix: HashMap<Prefix, u32>,
    handshakes: TokenBucket,
}

impl Admission {
    pub(super) fn new(now: Instant, limits: Limits) -> Self {
        Self {
            limits,
            total: 0,
            per_prefix: HashMap::new(),
            handshakes: TokenBucket::new(
                now,
                limits.handshakes_per_second,
                limits.handshakes_burst,
            ),
        }
    }

    /// Counts one more from this address, and a handshake, if that is within the limits.
    pub(super) fn admit(&mut self, now: Instant, address: IpAddr) -> Result<Prefix, Refusal> {
        let prefix = Prefix::from(address);
        let of_prefix = self.per_prefix.get(&prefix).copied().unwrap_or(0);
        if self.total >= self.limits.unauthenticated
            || of_prefix >= self.limits.unauthenticated_per_prefix
        {
            return Err(Refusal::Full);
        }
        if !self.handshakes.take(now) {
            return Err(Refusal::Rate);
        }
        self.count(prefix);
        Ok(prefix)
    }

    /// Whether an address token is proof enough for one more from this prefix, of which `half_open` have begun lately:
    /// only within a part of each limit.
    pub(super) fn heeds_tokens(&mut self, now: Instant, prefix: Prefix, half_open: u32) -> bool {
        let of_prefix = self.per_prefix.get(&prefix).copied().unwrap_or(0);
        let share = self.limits.unauthenticated_per_prefix.div_ceil(TOKEN_SHARE);
        self.total < self.limits.unauthenticated.div_ceil(TOKEN_SHARE as usize)
            && of_prefix.max(half_open) < share
            && self.handshakes.has_spent_at_most_one_in(now, TOKEN_SHARE)
    }

    /// Counts one more, limits or no limits: somebody has signed out.
    pub(super) fn count(&mut self, prefix: Prefix) {
        self.total += 1;
        *self.per_prefix.entry(prefix).or_insert(0) += 1;
    }

    /// One that was counted has signed in or gone.
    pub(super) fn release(&mut self, prefix: Prefix) {
        self.total = self.total.saturating_sub(1);
        if let Some(of_prefix) = self.per_prefix.get_mut(&prefix) {
            *of_prefix -= 1;
            if *of_prefix == 0 {
                self.per_prefix.remove(&prefix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn one_address_cannot_take_all_and_released_places_are_free_again() {
        let now = instant();
        let limits = Limits {
            unauthenticated: 3,
            unauthenticated_per_prefix: 2,
            ..Limits::default()
        };
        let mut admission = Admission::new(now, limits);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let prefix = admission.admit(now, one).unwrap();
        admission.admit(now, one).unwrap();
        assert_eq!(admission.admit(now, one), Err(Refusal::Full));
        admission.admit(now, other).unwrap();
        assert_eq!(
            admission.admit(now, other),
            Err(Refusal::Full),
            "the cap in all"
        );
        admission.release(prefix);
        assert!(admission.admit(now, one).is_ok());
    }

    #[test]
    fn handshakes_are_rationed() {
        let now = instant();
        let limits = Limits {
            handshakes_burst: 1,
            ..Limits::default()
        };
        let mut admission = Admission::new(now, limits);
        assert!(admission.admit(now, [192, 0, 2, 1].into()).is_ok());
        assert_eq!(
            admission.admit(now, [192, 0, 2, 2].into()),
            Err(Refusal::Rate)
        );
    }
}
