//! Whom a server does not let in: an account, or all addresses with a prefix.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::protocol::AccountId;

/// The longest reason of a ban, in bytes. Chosen: with its end it fits the goodbye of a session, which takes 128.
pub const BAN_REASON_MAX_BYTES: usize = 96;

/// The shortest prefixes that can be banned. Chosen: no provider has more addresses, so a shorter one is a mistake.
const V4_LENGTH_MIN: u8 = 8;
const V6_LENGTH_MIN: u8 = 16;

/// The prefix that is meant by a single IPv6 address: what one household or host is given, and chooses from as it likes.
const V6_HOST_LENGTH: u8 = 64;

/// Addresses that have their first bits in common. The others are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

/// Why no ban can be made of a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    #[error("this is no address, such as 192.0.2.7 or 2001:db8::/48")]
    Malformed,
    #[error("a prefix of an IPv4 address has 8 to 32 bits, of an IPv6 address 16 to 128")]
    Length,
    #[error("this machine's own addresses cannot be banned")]
    Loopback,
}

/// The first bits of these.
fn masked(bits: u128, width: u8, length: u8) -> u128 {
    let rest = u32::from(width.saturating_sub(length));
    bits.checked_shr(rest)
        .and_then(|first| first.checked_shl(rest))
        .unwrap_or_default()
}

impl Prefix {
    /// The first bits of an address. One of IPv4 within IPv6 is the IPv4 address, and its bits are counted there.
    ///
    /// # Errors
    /// If it has as many addresses as nobody means to ban, or such of this machine.
    pub fn new(address: IpAddr, length: u8) -> Result<Self, PrefixError> {
        let (address, length) = match (address, address.to_canonical()) {
            (IpAddr::V6(_), IpAddr::V4(within)) => {
                let length = length.checked_sub(96).ok_or(PrefixError::Length)?;
                (IpAddr::V4(within), length)
            }
            _ => (address, length),
        };
        let allowed = match address {
            IpAddr::V4(_) => V4_LENGTH_MIN..=32,
            IpAddr::V6(_) => V6_LENGTH_MIN..=128,
        };
        if !allowed.contains(&length) {
            return Err(PrefixError::Length);
        }
        let prefix = Self::of(address, length);
        let own = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        if address.is_loopback() || own.into_iter().any(|own| prefix.has(own)) {
            return Err(PrefixError::Loopback);
        }
        Ok(prefix)
    }

    /// Whether what is typed can be meant for an address only, and not for a name.
    #[must_use]
    pub fn is_meant(typed: &str) -> bool {
        typed.contains(['/', ':']) || typed.parse::<IpAddr>().is_ok()
    }

    /// What is typed: an address, or an address and a length. A single IPv4 address is meant alone, one of IPv6 with the 64 bits that
    /// it begins with.
    ///
    /// # Errors
    /// If it is none, or cannot be banned.
    pub fn parse(typed: &str) -> Result<Self, PrefixError> {
        let (address, length) = match typed.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (typed, None),
        };
        let address: IpAddr = address.parse().map_err(|_| PrefixError::Malformed)?;
        let length = match (length, address, address.to_canonical()) {
            (Some(length), _, _) if length.starts_with('+') => return Err(PrefixError::Malformed),
            (Some(length), _, _) => length.parse().map_err(|_| PrefixError::Malformed)?,
            (None, IpAddr::V4(_), _) => 32,
            (None, IpAddr::V6(_), IpAddr::V4(_)) => 128,
            (None, IpAddr::V6(_), IpAddr::V6(_)) => V6_HOST_LENGTH,
        };
        Self::new(address, length)
    }

    /// The prefix of this length that an address has, whether it can be banned or not. The length is at most that of the address.
    #[must_use]
    pub fn of(address: IpAddr, length: u8) -> Self {
        let address = match address {
            IpAddr::V4(v4) => {
                let bits = masked(u128::from(v4.to_bits()), 32, length);
                // Only the last 32 bits can be set.
                IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or_default()))
            }
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(masked(v6.to_bits(), 128, length))),
        };
        Self { address, length }
    }

    /// Whether an address begins with it.
    #[must_use]
    pub fn has(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && Self::of(address, self.length) == self
    }

    /// Its first address.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// How many bits of it are given.
    #[must_use]
    pub const fn length(self) -> u8 {
        self.length
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, length } = self;
        match (address, length) {
            (IpAddr::V4(_), 32) | (IpAddr::V6(_), 128) => write!(f, "{address}"),
            _ => write!(f, "{address}/{length}"),
        }
    }
}

/// Whom a ban is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BanSubject {
    #[serde(rename = "0")]
    Account(AccountId),
    #[serde(rename = "1")]
    Prefix(Prefix),
}

/// Why nobody is let in, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// In milliseconds since 1970 (UTC); none: for good.
    pub until_ms: Option<u64>,
    /// As those are told it whom it is of; may be empty.
    pub reason: String,
    /// When it was made, in milliseconds since 1970 (UTC).
    pub since_ms: u64,
}

impl Ban {
    /// Whether it has ended, and so is none any longer.
    #[must_use]
    pub fn has_ended(&self, now_ms: u64) -> bool {
        self.until_ms.is_some_and(|until_ms| until_ms <= now_ms)
    }
}

/// What those are told whom it is of: `until 2026-12-02 10:00 UTC: spam`, or `for good`.
impl fmt::Display for Ban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until_ms {
            None => f.write_str("for good")?,
            Some(until_ms) => {
                let until_ms = i64::try_from(until_ms).unwrap_or(i64::MAX);
                let until = Timestamp::from_millisecond(until_ms).unwrap_or(Timestamp::MAX);
                write!(f, "until {}", until.strftime("%Y-%m-%d %H:%M UTC"))?;
            }
        }
        if self.reason.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.reason)
    }
}

/// A ban with whom it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanOf {
    pub subject: BanSubject,
    /// The account's name; empty for addresses.
    pub name: String,
    pub ban: Ban,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_the_prefix_that_is_meant_or_an_error() {
        let cases = [
            ("192.0.2.7", Ok("192.0.2.7")),
            ("192.0.2.7/32", Ok("192.0.2.7")),
            ("192.0.2.7/24", Ok("192.0.2.0/24")),
            ("10.9.8.7/8", Ok("10.0.0.0/8")),
            ("2001:db8:1:2:3:4:5:6", Ok("2001:db8:1:2::/64")),
            ("2001:db8:1:2:3:4:5:6/128", Ok("2001:db8:1:2:3:4:5:6")),
            ("2001:db8:ffff::/33", Ok("2001:db8:8000::/33")),
            ("::ffff:192.0.2.7", Ok("192.0.2.7")),
            ("::ffff:192.0.2.7/120", Ok("192.0.2.0/24")),
            ("::ffff:192.0.2.7/64", Err(PrefixError::Length)),
            ("0.0.0.0/0", Err(PrefixError::Length)),
            ("::/0", Err(PrefixError::Length)),
            ("10.0.0.0/7", Err(PrefixError::Length)),
            ("10.0.0.0/33", Err(PrefixError::Length)),
            ("2001::/15", Err(PrefixError::Length)),
            ("2001::/129", Err(PrefixError::Length)),
            ("127.0.0.1", Err(PrefixError::Loopback)),
            ("127.9.9.9/31", Err(PrefixError::Loopback)),
            ("::1", Err(PrefixError::Loopback)),
            ("::/16", Err(PrefixError::Loopback)),
            ("::ffff:127.0.0.1", Err(PrefixError::Loopback)),
            ("alice", Err(PrefixError::Malformed)),
            ("10.0.0.1/", Err(PrefixError::Malformed)),
            ("10.0.0.1/+8", Err(PrefixError::Malformed)),
            ("10.0.0.1/300", Err(PrefixError::Malformed)),
            ("10.0.0/8", Err(PrefixError::Malformed)),
            ("", Err(PrefixError::Malformed)),
        ];
        for (typed, meant) in cases {
            let parsed = Prefix::parse(typed).map(|prefix| prefix.to_string());
            assert_eq!(parsed, meant.map(str::to_owned), "{typed}");
        }
    }

    #[test]
    fn prefix_has_its_addresses_in_either_form_and_no_others() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "::ffff:192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("2001:db8::/48", "2001:db8:0:ffff::1", true),
            ("2001:db8::/48", "2001:db8:1::1", false),
            ("c000:200::/24", "192.0.2.1", false),
        ];
        for (prefix, address, has) in cases {
            let parsed = Prefix::parse(prefix).unwrap();
            assert_eq!(
                parsed.has(address.parse().unwrap()),
                has,
                "{prefix} {address}"
            );
        }
    }

    #[test]
    fn words_of_a_ban_fit_the_goodbye_of_a_session() {
        let words = |until_ms, reason: &str| {
            let ban = Ban {
                until_ms,
                reason: reason.into(),
                since_ms: 1,
            };
            ban.to_string()
        };
        assert_eq!(words(None, ""), "for good");
        assert_eq!(words(None, "spam"), "for good: spam");
        assert_eq!(
            words(Some(1_773_756_120_000), "spam"),
            "until 2026-03-17 14:02 UTC: spam"
        );
        let longest = words(Some(u64::MAX), &"x".repeat(BAN_REASON_MAX_BYTES));
        assert!(longest.len() <= 128, "{longest}");
    }

    #[test]
    fn ban_ends_at_its_time() {
        let ban = |until_ms| Ban {
            until_ms,
            reason: String::new(),
            since_ms: 1,
        };
        assert!(!ban(None).has_ended(u64::MAX));
        assert!(!ban(Some(5)).has_ended(4));
        assert!(ban(Some(5)).has_ended(5));
    }
}
