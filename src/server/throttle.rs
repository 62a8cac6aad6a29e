//! How often somebody may try.
//!
//! A guess at a password succeeds or fails at the client as soon as the server's first answer arrives, so
//! attempts are counted when they start: per name and address prefix with a delay that grows to minutes, and
//! per name over all prefixes with a delay that stays bearable, so that strangers can slow an owner down on a
//! new device but never lock them out. Devices with a ticket do not come by here.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::bucket::{Buckets, Rate};
use crate::protocol::AccountId;

/// Attempts per name and prefix that cost no wait. Chosen: a person who mistypes.
const FREE_PER_PREFIX: u32 = 5;
/// The longest wait per name and prefix. Chosen: a guesser gets 96 guesses a day and prefix.
const WAIT_MAX_PER_PREFIX: Duration = Duration::from_secs(15 * 60);
/// Attempts per name, over all prefixes, that cost no wait.
const FREE_PER_NAME: u32 = 20;
/// The longest wait per name over all prefixes (the design's limit).
const WAIT_MAX_PER_NAME: Duration = Duration::from_secs(30);
/// After so long without an attempt everything is forgiven.
const FORGET_AFTER: Duration = Duration::from_secs(30 * 60);
/// How many names and prefixes are remembered; beyond it the one least recently added is forgotten for which nobody has
/// to wait. With [`GLOBAL_PER_SECOND`], and two for each attempt, that takes an attacker five minutes from ten prefixes.
const ENTRIES_MAX: usize = 65_536;
/// How many that somebody has to wait for are passed over for each that is forgotten. Chosen: bounded work.
const SECOND_CHANCES: u32 = 16;
/// Sign-ins of all peers together, a second: 0.3 ms of CPU each, so 3 % of a core.
const GLOBAL_PER_SECOND: f64 = 100.0;
/// Sign-ins of all peers together that may come at once: everybody after a restart.
const GLOBAL_BURST: f64 = 1000.0;

/// Of these, sign-ins of one address or IPv6 /64, a second: a tenth, so that one stranger who tries without end
/// leaves the rest to the others.
const PREFIX: Rate = Rate {
    per_second: 10.0,
    // At once: an office behind one address, after a restart.
    burst: 200.0,
};
/// Accounts that are opened from one prefix: a class or an office at once, then two a minute. Names are taken for good,
/// so that a stranger must not take thousands.
const ACCOUNTS: Rate = Rate {
    per_second: 1.0 / 30.0,
    burst: 200.0,
};
/// What one account does that others are told of in an entry of a log, beside what it says: joining (of which each
/// leaving needs one before) and changing rooms, and inviting. Chosen: nobody clicks faster for long, and a program
/// that joins and leaves without end writes one entry a second.
const ROOM_CHANGES: Rate = Rate {
    per_second: 0.5,
    burst: 30.0,
};

/// What an attempt is counted under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    name: String,
    prefix: Option<IpAddr>,
}

#[derive(Debug, Clone, Copy)]
struct Attempts {
    count: u32,
    last: Instant,
    not_before: Instant,
}

/// The attempts of late.
#[derive(Debug)]
pub struct Throttle {
    limited: bool,
    entries: BTreeMap<Key, Attempts>,
    order: VecDeque<Key>,
    shares: Buckets<IpAddr>,
    accounts: Buckets<IpAddr>,
    room_changes: Buckets<AccountId>,
    tokens: f64,
    refilled: Instant,
}

impl Throttle {
    /// Nothing has been tried yet. Without `limited` nothing is ever refused, for measurements.
    #[must_use]
    pub fn new(now: Instant, limited: bool) -> Self {
        Self {
            limited,
            entries: BTreeMap::new(),
            order: VecDeque::new(),
            shares: Buckets::new(PREFIX),
            accounts: Buckets::new(ACCOUNTS),
            room_changes: Buckets::new(ROOM_CHANGES),
            tokens: GLOBAL_BURST,
            refilled: now,
        }
    }

    /// Counts an attempt, or says how long to wait before the next one.
    ///
    /// # Errors
    /// The time to wait; the attempt was not counted and must not be made.
    pub fn attempt(&mut self, now: Instant, name: &str, from: IpAddr) -> Result<(), Duration> {
        if !self.limited {
            return Ok(());
        }
        let by_prefix = Key {
            name: name.to_owned(),
            prefix: Some(prefix(from)),
        };
        let by_name = Key {
            name: name.to_owned(),
            prefix: None,
        };
        for key in [&by_prefix, &by_name] {
            if let Some(attempts) = self.entries.get(key)
                && attempts.not_before > now
            {
                return Err(attempts.not_before - now);
            }
        }
        self.take_token(now, from)?;
        self.count(now, by_prefix, FREE_PER_PREFIX, WAIT_MAX_PER_PREFIX);
        self.count(now, by_name, FREE_PER_NAME, WAIT_MAX_PER_NAME);
        Ok(())
    }

    /// The password was proved: what this prefix has tried under this name is forgiven.
    pub fn succeeded(&mut self, name: &str, from: IpAddr) {
        let key = Key {
            name: name.to_owned(),
            prefix: Some(prefix(from)),
        };
        if let Some(attempts) = self.entries.get_mut(&key) {
            attempts.count = 0;
            attempts.not_before = attempts.last;
        }
    }

    /// Takes one of the sign-ins that all peers together may make.
    ///
    /// # Errors
    /// The time until there is one for this address.
    pub fn take_token(&mut self, now: Instant, from: IpAddr) -> Result<(), Duration> {
        if !self.limited {
            return Ok(());
        }
        let prefix = prefix(from);
        self.shares.check(now, &prefix)?;
        let elapsed = now.saturating_duration_since(self.refilled).as_secs_f64();
        self.tokens = (self.tokens + elapsed * GLOBAL_PER_SECOND).min(GLOBAL_BURST);
        self.refilled = now;
        if self.tokens < 1.0 {
            return Err(Duration::from_secs_f64(
                (1.0 - self.tokens) / GLOBAL_PER_SECOND,
            ));
        }
        self.tokens -= 1.0;
        self.shares.take(now, prefix)
    }

    /// Counts an account that is to be opened.
    ///
    /// # Errors
    /// The time until another may be opened from this address.
    pub fn open_account(&mut self, now: Instant, from: IpAddr) -> Result<(), Duration> {
        if !self.limited {
            return Ok(());
        }
        self.accounts.take(now, prefix(from))
    }

    /// Counts a change of a room.
    ///
    /// # Errors
    /// The time until the account may make another.
    pub fn change_room(&mut self, now: Instant, account: AccountId) -> Result<(), Duration> {
        if !self.limited {
            return Ok(());
        }
        self.room_changes.take(now, account)
    }

    /// What was refused since the start, by the limit's name.
    #[must_use]
    pub const fn refused(&self) -> [(&'static str, u64); 2] {
        [
            ("new_accounts", self.accounts.refused()),
            ("room_changes", self.room_changes.refused()),
        ]
    }

    fn count(&mut self, now: Instant, key: Key, free: u32, wait_max: Duration) {
        let attempts = self.entries.entry(key.clone()).or_insert_with(|| {
            self.order.push_back(key);
            Attempts {
                count: 0,
                last: now,
                not_before: now,
            }
        });
        if now.saturating_duration_since(attempts.last) > FORGET_AFTER {
            attempts.count = 0;
        }
        attempts.count = attempts.count.saturating_add(1);
        attempts.last = now;
        if let Some(beyond) = attempts.count.checked_sub(free + 1) {
            let wait = Duration::from_secs(1 << beyond.min(20)).min(wait_max);
            attempts.not_before = now + wait;
        }
        if self.entries.len() > ENTRIES_MAX {
            self.forget_one(now);
        }
    }

    /// Forgets the one least recently added that nobody has to wait for, if it is found soon: else whoever guesses
    /// could be rid of a wait by trying names that nobody has.
    fn forget_one(&mut self, now: Instant) {
        for chances in (0..SECOND_CHANCES).rev() {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            let entry = self.entries.get(&oldest);
            if chances > 0 && entry.is_some_and(|entry| entry.not_before > now) {
                self.order.push_back(oldest);
            } else {
                self.entries.remove(&oldest);
                return;
            }
        }
    }
}

/// What one customer of an internet provider has for themselves: an IPv4 address, or an IPv6 /64.
fn prefix(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(four) => IpAddr::V4(four),
        IpAddr::V6(six) => IpAddr::V6((six.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn waits_grow_for_one_prefix_and_are_forgiven_by_success() {
        let now = instant();
        let mut throttle = Throttle::new(now, true);
        for _ in 0..=FREE_PER_PREFIX {
            assert_eq!(throttle.attempt(now, "bob", address(1)), Ok(()));
        }
        assert_eq!(
            throttle.attempt(now, "bob", address(1)),
            Err(Duration::from_secs(1))
        );
        let later = now + Duration::from_secs(1);
        assert_eq!(throttle.attempt(later, "bob", address(1)), Ok(()));
        assert_eq!(
            throttle.attempt(later, "bob", address(1)),
            Err(Duration::from_secs(2))
        );
        throttle.succeeded("bob", address(1));
        assert_eq!(throttle.attempt(later, "bob", address(1)), Ok(()));
    }

    #[test]
    fn strangers_slow_an_owner_down_by_half_a_minute_at_most() {
        let mut now = instant();
        let mut throttle = Throttle::new(now, true);
        for last in 0..=255 {
            while let Err(wait) = throttle.attempt(now, "bob", address(last)) {
                assert!(wait <= WAIT_MAX_PER_NAME);
                now += wait;
            }
        }
        assert!(throttle.attempt(now, "carol", address(1)).is_ok());
    }

    #[test]
    fn table_of_attempts_is_bounded() {
        let mut now = instant();
        let mut throttle = Throttle::new(now, true);
        for number in 0..40_000_u32 {
            now += Duration::from_millis(20);
            let from = IpAddr::from(number.to_be_bytes());
            throttle
                .attempt(now, &format!("user{number}"), from)
                .unwrap();
        }
        assert!(throttle.shares.len() <= 4096);
        assert!(throttle.entries.len() <= ENTRIES_MAX);
        assert!(throttle.order.len() <= ENTRIES_MAX + 1);
    }

    #[test]
    fn wait_is_not_flushed_by_trying_names_that_nobody_has() {
        // The oldest was forgotten whatever it was: five minutes of made-up names, and a guesser at bob's password
        // began anew.
        let mut now = instant();
        let mut throttle = Throttle::new(now, true);
        for _ in 0..15 {
            while let Err(wait) = throttle.attempt(now, "bob", address(1)) {
                now += wait;
            }
        }
        for number in 0..40_000_u32 {
            now += Duration::from_millis(10);
            let from = IpAddr::from((number % 4000).to_be_bytes());
            throttle
                .attempt(now, &format!("user{number}"), from)
                .unwrap();
        }
        assert!(throttle.entries.len() <= ENTRIES_MAX);
        assert!(throttle.attempt(now, "bob", address(1)).is_err());
    }

    #[test]
    fn one_prefix_cannot_take_everybodys_sign_ins() {
        // Anybody with one address could spend the global bucket with worthless tickets, and nobody else got in.
        let mut now = instant();
        let mut throttle = Throttle::new(now, true);
        for _ in 0..100 {
            while throttle.take_token(now, address(1)).is_ok() {}
            assert_eq!(throttle.take_token(now, address(2)), Ok(()));
            now += Duration::from_millis(100);
        }
    }

    #[test]
    fn neighbours_in_an_ipv6_network_count_as_one() {
        let one = prefix("2001:db8::1".parse().unwrap());
        assert_eq!(one, prefix("2001:db8::ffff:1".parse().unwrap()));
        assert_ne!(one, prefix("2001:db8:0:1::1".parse().unwrap()));
    }

    #[test]
    fn accounts_opened_from_one_prefix_are_limited() {
        // Only attempts were counted, ten a second: one stranger could take 36,000 names an hour, for good.
        let mut now = instant();
        let mut throttle = Throttle::new(now, true);
        let mut opened = 0;
        for _ in 0..3600 {
            opened += u32::from(throttle.open_account(now, address(1)).is_ok());
            now += Duration::from_secs(1);
        }
        assert!((200..=320).contains(&opened), "{opened}");
        assert_eq!(throttle.open_account(now, address(2)), Ok(()));
    }
}
