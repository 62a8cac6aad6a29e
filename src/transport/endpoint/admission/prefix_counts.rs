//! Counts by network: by address and by the prefixes around it.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::transport::limits::Prefix;

#[derive(Debug, Default)]
pub(crate) struct Crowds {
    counts: HashMap<Prefix, u32>,
}

impl Crowds {
    pub(crate) fn add(&mut self, address: IpAddr) {
        for prefix in Prefix::around(address) {
            *self.counts.entry(prefix).or_insert(0) += 1;
        }
    }

    pub(crate) fn remove(&mut self, address: IpAddr) {
        for prefix in Prefix::around(address) {
            if let Some(count) = self.counts.get_mut(&prefix) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&prefix);
                }
            }
        }
    }

    /// The count of this host: an IPv4 address, or an IPv6 /64.
    pub(crate) fn of_host(&self, address: IpAddr) -> u32 {
        let [.., host] = Prefix::around(address);
        self.count(host)
    }

    /// The sum of the counts of the address's prefixes. A new host in a crowded network ranks before the hosts that
    /// crowd it, and behind one from a quiet network.
    pub(crate) fn around(&self, address: IpAddr) -> u32 {
        let counts = Prefix::around(address).map(|prefix| self.count(prefix));
        counts.into_iter().fold(0, u32::saturating_add)
    }

    fn count(&self, prefix: Prefix) -> u32 {
        self.counts.get(&prefix).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_counted_with_its_networks_and_forgotten_with_them() {
        let address = |text: &str| text.parse::<IpAddr>().expect("a literal address");
        let mut crowds = Crowds::default();
        for host in 0..10 {
            crowds.add(address(&format!("2001:db8:1:{host:x}::1")));
        }
        crowds.add(address("2001:db8:1::2"));
        assert_eq!(crowds.of_host(address("2001:db8:1::3")), 2);
        assert_eq!(crowds.around(address("2001:db8:1::3")), 11 + 11 + 2);
        assert_eq!(crowds.around(address("2001:db8:1:ff00::3")), 11, "the /48");
        assert_eq!(crowds.around(address("2001:db8:2::3")), 0);
        crowds.remove(address("2001:db8:1::9"));
        assert_eq!(crowds.of_host(address("2001:db8:1::3")), 1);
        for host in 0..10 {
            crowds.remove(address(&format!("2001:db8:1:{host:x}::1")));
        }
        assert!(crowds.counts.is_empty());
    }
}
