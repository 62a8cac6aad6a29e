//! Networks by which strangers are counted: whoever has one of them has all addresses in it.

use std::net::IpAddr;

/// A network: the first bits of an address, and how many they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix {
    network: IpAddr,
    bits: u8,
}

impl Prefix {
    /// What one customer of an internet provider has at least: an IPv4 address, or an IPv6 /64.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self::levels(address).swap_remove(0)
    }

    /// What costs its owner something: an IPv4 address, or an IPv6 /48, as providers give away to whoever asks.
    #[must_use]
    pub fn site(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(_) => Self::of(address),
            IpAddr::V6(_) => Self::levels(address).swap_remove(2),
        }
    }

    /// The networks that an address is in, the narrowest first: IPv4 /32 and /24; IPv6 /64, /56 and /48.
    #[must_use]
    pub fn levels(address: IpAddr) -> Vec<Self> {
        let address = address.to_canonical();
        let bits: &[u8] = match address {
            IpAddr::V4(_) => &[32, 24],
            IpAddr::V6(_) => &[64, 56, 48],
        };
        let network = |bits: &u8| Self {
            network: masked(address, *bits),
            bits: *bits,
        };
        bits.iter().map(network).collect()
    }
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(four) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((four.to_bits() & mask).into())
        }
        IpAddr::V6(six) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6((six.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Prefix> {
        Prefix::levels(text.parse().expect("an address"))
    }

    #[test]
    fn neighbours_share_the_networks_that_they_are_in() {
        for (one, other, shared) in [
            ("192.0.2.1", "::ffff:192.0.2.1", 2),
            ("192.0.2.1", "192.0.2.200", 1),
            ("192.0.2.1", "192.0.3.1", 0),
            ("2001:db8::1", "2001:db8::ffff:1", 3),
            ("2001:db8::1", "2001:db8:0:1::1", 2),
            ("2001:db8::1", "2001:db8:0:100::1", 1),
            ("2001:db8::1", "2001:db8:1::1", 0),
        ] {
            let other_levels = of(other);
            let equal = of(one).into_iter().filter(|it| other_levels.contains(it));
            assert_eq!(equal.count(), shared, "{one} {other}");
        }
        let site = |text: &str| Prefix::site(text.parse().expect("an address"));
        assert_ne!(site("192.0.2.1"), site("192.0.2.2"));
        assert_eq!(site("2001:db8::1"), site("2001:db8:0:ff00::1"));
    }
}
