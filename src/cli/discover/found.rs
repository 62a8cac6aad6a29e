//! What the network answers, and how it is listed. All of it can come from anybody.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use mdns_sd::{ResolvedService, ScopedIp};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::{KEY, SERVICE};
use crate::cli::address::{ServerName, server_key};
use crate::text::printable;

/// Servers that are listed; of further ones nothing is kept. Chosen: more than anybody reads.
const SERVERS_MAX: usize = 100;

/// Addresses of one server; of further ones nothing is kept. Chosen: a machine of several networks has ten.
const ADDRESSES_MAX: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Found {
    /// As it may be shown.
    pub name: String,
    /// As `udpchat connect` takes them, the preferred one first.
    pub addresses: Vec<String>,
    /// The fingerprint, if it is one.
    pub key: Option<String>,
}

/// By their full names.
#[derive(Debug, Default)]
pub struct Servers(BTreeMap<String, Found>);

impl Servers {
    pub fn add(&mut self, service: &ResolvedService) {
        let is_full = self.0.len() >= SERVERS_MAX && !self.0.contains_key(&service.fullname);
        if !is_full && let Some(found) = found(service) {
            self.0.insert(service.fullname.clone(), found);
        }
    }

    pub fn remove(&mut self, fullname: &str) {
        self.0.remove(fullname);
    }

    pub fn into_sorted(self) -> Vec<Found> {
        let mut servers: Vec<Found> = self.0.into_values().collect();
        servers.sort();
        servers
    }
}

/// A server that can be connected to.
fn found(service: &ResolvedService) -> Option<Found> {
    let name = service.fullname.strip_suffix(SERVICE)?.strip_suffix('.')?;
    let mut addresses: Vec<SocketAddr> = service
        .addresses
        .iter()
        .filter(|ip| !ip.to_ip_addr().is_unspecified())
        .filter_map(|ip| with_port(ip, service.port))
        .collect();
    addresses.sort_by_key(|address| (rank(address.ip()), *address));
    let mut addresses: Vec<String> = addresses
        .into_iter()
        .map(|address| shown(address, &service.addresses))
        .filter(|text| text.parse::<ServerName>().is_ok())
        .collect();
    addresses.truncate(ADDRESSES_MAX);
    let key = service.get_property_val_str(KEY);
    Some(Found {
        name: without_gaps(&printable::line_or_nothing(&unescaped(name))),
        key: key.and_then(|key| server_key::parse(key).ok()),
        addresses,
    })
    .filter(|found| !found.addresses.is_empty())
}

fn with_port(ip: &ScopedIp, port: u16) -> Option<SocketAddr> {
    match ip {
        ScopedIp::V4(ip) => Some(SocketAddr::new((*ip.addr()).into(), port)),
        ScopedIp::V6(ip) => {
            let scope = ip.scope_id().index;
            Some(SocketAddrV6::new(*ip.addr(), port, 0, scope).into())
        }
        _ => None,
    }
}

/// IPv4 first, addresses of the link alone and of this machine last.
fn rank(ip: IpAddr) -> u8 {
    match ip {
        _ if ip.is_loopback() => 3,
        IpAddr::V4(_) => 0,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 2,
        IpAddr::V6(_) => 1,
    }
}

/// An address with its port, and with its interface by name where it needs one.
fn shown(address: SocketAddr, all: &std::collections::HashSet<ScopedIp>) -> String {
    let own = all.iter().find(|ip| ip.to_ip_addr() == address.ip());
    match own {
        Some(ip) if address.is_ipv6() => format!("[{ip}]:{}", address.port()),
        _ => address.to_string(),
    }
}

/// A name in which no blanks stand side by side, so that it cannot look like columns.
fn without_gaps(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ")
}

/// An instance's name, in which a dot and a backslash stand behind a backslash.
fn unescaped(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut signs = name.chars();
    while let Some(sign) = signs.next() {
        plain.extend(if sign == '\\' {
            signs.next()
        } else {
            Some(sign)
        });
    }
    plain
}

/// A line for each server: columns of names, addresses and keys.
pub fn table(servers: &[Found]) -> String {
    let address = |found: &Found| found.addresses.first().cloned().unwrap_or_default();
    let width = |column: fn(&Found) -> usize| servers.iter().map(column).max().unwrap_or(0);
    let names = width(|found| found.name.width());
    let addresses = width(|found| found.addresses.first().map_or(0, String::len));
    let line = |found: &Found| {
        let padding = " ".repeat(names - found.name.width());
        let key = found.key.as_deref().unwrap_or("(no key announced)");
        format!(
            "{}{padding}  {:addresses$}  {key}\n",
            found.name,
            address(found)
        )
    };
    servers.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use mdns_sd::ServiceInfo;

    use super::*;
    use crate::protocol::fingerprint;

    fn service(name: &str, ips: &str, key: &str) -> ResolvedService {
        let ips: Vec<IpAddr> = ips.split(' ').map(|ip| ip.parse().unwrap()).collect();
        let info = ServiceInfo::new(SERVICE, name, "h.local.", &*ips, 7777, &[(KEY, key)][..]);
        info.unwrap().as_resolved_service()
    }

    fn listed(services: &[ResolvedService]) -> Vec<Found> {
        let mut servers = Servers::default();
        for service in services {
            servers.add(service);
        }
        servers.into_sorted()
    }

    #[test]
    fn server_is_listed_with_name_addresses_and_key() {
        let key = fingerprint(&[7; 32]);
        let found = listed(&[service(
            "the ship. 2",
            "2001:db8::1 10.0.0.2 127.0.0.1",
            &key,
        )]);
        assert_eq!(
            found,
            [Found {
                name: "the ship. 2".into(),
                addresses: vec![
                    "10.0.0.2:7777".into(),
                    "[2001:db8::1]:7777".into(),
                    "127.0.0.1:7777".into()
                ],
                key: Some(key.clone()),
            }]
        );
        assert_eq!(
            table(&found),
            format!("the ship. 2  10.0.0.2:7777  {key}\n")
        );
    }

    #[test]
    fn nothing_of_an_answer_commands_the_terminal_or_is_taken_for_a_key() {
        let found = listed(&[service(
            "a\u{1b}[2J\u{202e}b\nc",
            "10.0.0.2",
            "SHA256:\u{1b}[2J",
        )]);
        let text = table(&found);
        assert!(!text.trim_end().contains(char::is_control), "{text:?}");
        assert!(!text.contains('\u{202e}'));
        assert!(text.ends_with("(no key announced)\n"), "{text:?}");
        // Addresses that no server has.
        assert_eq!(listed(&[service("a", "224.0.0.1 0.0.0.0", "")]), []);
    }

    #[test]
    fn number_of_servers_that_are_kept_is_bounded() {
        let names =
            (0..SERVERS_MAX + 20).map(|number| service(&number.to_string(), "10.0.0.2", ""));
        let all: Vec<ResolvedService> = names.collect();
        assert_eq!(listed(&all).len(), SERVERS_MAX);
    }
}
