//! Addresses on the command line: where to listen, and which server to connect to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, ToSocketAddrs as _};
use std::str::FromStr;

use nix::net::if_::{if_indextoname, if_nametoindex};
use thiserror::Error;

use super::exit::{Exit, Failure};
use super::output::quoted;

/// Chosen: unassigned by IANA for UDP chat, easy to type.
pub const DEFAULT_PORT: u16 = 7777;

pub const DEFAULT_HOST: &str = "127.0.0.1";

/// Longest name of a host (RFC 1035 §2.3.4), in bytes.
const HOST_MAX_BYTES: usize = 253;

/// A server as the user named it, which is also its name in `known_servers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName {
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    pub port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error("the host is missing")]
    NoHost,
    #[error("{} is not a port (1 to 65535)", quoted(.0))]
    Port(String),
    #[error("an IPv6 address with a port is written [address]:port")]
    Brackets,
    #[error("{} is neither an address nor a host name", quoted(.0))]
    Host(String),
    #[error(
        "{0} is a link-local address: name its interface too, as in {0}%eth0 (`ip link` lists them)"
    )]
    NoZone(Ipv6Addr),
    #[error("this host has no network interface {} (`ip link` lists them)", quoted(.0))]
    Zone(String),
}

impl FromStr for ServerName {
    type Err = AddressError;

    /// `HOST`, `HOST:PORT`, an IPv6 address, or `[IPv6]:PORT`.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let plain = |host: &str| Self {
            host: host.to_owned(),
            port: DEFAULT_PORT,
        };
        if is_ipv6(text) {
            check_zone(text)?;
            return Ok(plain(text));
        }
        if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or(AddressError::Brackets)?;
            if !is_ipv6(host) {
                return Err(AddressError::Host(host.to_owned()));
            }
            check_zone(host)?;
            return match rest.strip_prefix(':') {
                Some(digits) => Ok(Self {
                    host: host.to_owned(),
                    port: port(digits)?,
                }),
                None if rest.is_empty() => Ok(plain(host)),
                None => Err(AddressError::Brackets),
            };
        }
        let (host, port) = match text.split_once(':') {
            Some((_, rest)) if rest.contains(':') => return Err(AddressError::Brackets),
            Some((host, digits)) => (host, port(digits)?),
            None => (text, DEFAULT_PORT),
        };
        if host.is_empty() {
            return Err(AddressError::NoHost);
        }
        if !is_host(host) {
            return Err(AddressError::Host(host.to_owned()));
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            port,
        })
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl ServerName {
    /// Whether it is an address, which needs no resolver.
    pub fn is_address(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok() || is_ipv6(&self.host)
    }

    /// The server that is meant where "every address of this machine" is named, as a server shows it that listens on all;
    /// and what to tell the user of it.
    pub fn or_loopback(self) -> (Self, Option<String>) {
        let ip = self.host.parse().map(|ip: IpAddr| ip.to_canonical());
        let host = match ip {
            Ok(ip) if !ip.is_unspecified() => return (self, None),
            Ok(IpAddr::V4(_)) => Ipv4Addr::LOCALHOST.to_string(),
            Ok(IpAddr::V6(_)) => Ipv6Addr::LOCALHOST.to_string(),
            Err(_) => return (self, None),
        };
        let notice = format!(
            "{} stands for every address of this machine; connecting to {host}",
            self.host
        );
        (Self { host, ..self }, Some(notice))
    }

    /// Whether it is an address in a zone of this host.
    pub fn has_zone(&self) -> bool {
        zoned(&self.host).is_some()
    }

    /// Resolves the name. The addresses keep the resolver's order, which is the order of preference (RFC 6724).
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, Failure> {
        if let Some((ip, zone)) = zoned(&self.host) {
            let address = with_zone(ip, zone, self.port);
            return Ok(vec![address.map_err(Failure::usage)?]);
        }
        let unresolved = |error: anyhow::Error| {
            Failure::new(Exit::Unreachable, error).hint("check the name, and this host's network")
        };
        let mut addresses: Vec<SocketAddr> = (self.host.as_str(), self.port)
            .to_socket_addrs()
            .map_err(|error| {
                unresolved(
                    anyhow::Error::new(error).context(format!("cannot resolve {}", self.host)),
                )
            })?
            .map(|address| match address.ip().to_canonical() {
                IpAddr::V4(ip) => SocketAddr::from((ip, address.port())),
                IpAddr::V6(_) => address,
            })
            .collect();
        addresses.dedup();
        if addresses.is_empty() {
            return Err(unresolved(anyhow::anyhow!("{} has no address", self.host)));
        }
        Ok(addresses)
    }
}

fn port(digits: &str) -> Result<u16, AddressError> {
    digits
        .parse()
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| AddressError::Port(digits.to_owned()))
}

/// Letters, digits, dots, hyphens and underscores; other scripts must be in the ASCII form of resolvers.
fn is_host(host: &str) -> bool {
    let is_name = host.len() <= HOST_MAX_BYTES
        && !host.starts_with('-')
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    // Digits and dots must form an address, because resolvers accept 1.2 as 1.0.0.2.
    let is_number = host
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_name && (!is_number || host.parse::<IpAddr>().is_ok())
}

/// Whether a text is an IPv6 address, perhaps with a zone (RFC 4007 §11: `fe80::1%eth0`).
fn is_ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').unwrap_or((text, ""));
    address.parse::<Ipv6Addr>().is_ok() && !zone.contains(':')
}

/// An IPv6 address and its zone, where it has one.
fn zoned(text: &str) -> Option<(Ipv6Addr, &str)> {
    let (address, zone) = text.split_once('%')?;
    // Linux takes what stands behind a colon for an alias of the interface; here it is a port that lacks its brackets.
    let is_whole = !zone.contains(':');
    Some((address.parse().ok()?, zone)).filter(|_| is_whole)
}

/// Refuses a link-local address without its zone, which every interface has.
fn check_zone(text: &str) -> Result<(), AddressError> {
    match text.parse::<Ipv6Addr>() {
        Ok(ip) if ip.is_unicast_link_local() => Err(AddressError::NoZone(ip)),
        _ => Ok(()),
    }
}

/// An address in a zone: the name of an interface of this host, or its number. Other addresses than link-local ones are
/// the same in every zone.
fn with_zone(ip: Ipv6Addr, zone: &str, port: u16) -> Result<SocketAddr, AddressError> {
    let by_number = || {
        let number = zone.parse().ok()?;
        // For a number that no interface has, nix 0.31 returns an empty name: it takes only -1 for a failure, not null.
        let is_known = if_indextoname(number).is_ok_and(|name| !name.is_empty());
        is_known.then_some(number)
    };
    let index = if_nametoindex(zone).ok().or_else(by_number);
    let index = index.ok_or_else(|| AddressError::Zone(zone.to_owned()))?;
    let scope = if ip.is_unicast_link_local() { index } else { 0 };
    Ok(SocketAddrV6::new(ip, port, 0, scope).into())
}

/// `ADDR:PORT`; port 0 is any free one.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    if let Some((host, digits)) = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]:"))
        && let Ok(port) = digits.parse()
        && let Some((ip, zone)) = zoned(host)
    {
        return with_zone(ip, zone, port).map_err(|error| error.to_string());
    }
    let address: SocketAddr = text.parse().map_err(|_| {
        format!("{} is not an address and a port, such as 0.0.0.0:{DEFAULT_PORT} or [::]:{DEFAULT_PORT}", quoted(text))
    })?;
    check_zone(&address.ip().to_string()).map_err(|error| error.to_string())?;
    Ok(address)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<(String, u16), AddressError> {
        text.parse().map(|name: ServerName| (name.host, name.port))
    }

    #[test]
    fn host_and_port_are_found_in_every_form() {
        for (text, host, port) in [
            ("chat.example", "chat.example", DEFAULT_PORT),
            ("Chat.Example:99", "chat.example", 99),
            ("10.0.0.1:99", "10.0.0.1", 99),
            ("::1", "::1", DEFAULT_PORT),
            ("[::1]", "::1", DEFAULT_PORT),
            ("[fe80::1%eth0]:99", "fe80::1%eth0", 99),
            ("[fe80::1%eth0]", "fe80::1%eth0", DEFAULT_PORT),
            ("fe80::1%eth0", "fe80::1%eth0", DEFAULT_PORT),
            ("fe80::1%2", "fe80::1%2", DEFAULT_PORT),
        ] {
            assert_eq!(parsed(text), Ok((host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        assert_eq!(parsed(":99"), Err(AddressError::NoHost));
        assert_eq!(parsed(""), Err(AddressError::NoHost));
        assert_eq!(parsed("a:0"), Err(AddressError::Port("0".into())));
        assert_eq!(parsed("a:65536"), Err(AddressError::Port("65536".into())));
        assert_eq!(parsed("::1:x"), Err(AddressError::Brackets));
        let link_local: Ipv6Addr = "fe80::1".parse().unwrap();
        for text in ["fe80::1", "[fe80::1]", "[fe80::1]:99"] {
            assert_eq!(parsed(text), Err(AddressError::NoZone(link_local)));
        }
        assert_eq!(parsed("[::1"), Err(AddressError::Brackets));
        assert_eq!(parsed("[::1]99"), Err(AddressError::Brackets));
        assert_eq!(parsed("a b"), Err(AddressError::Host("a b".into())));
        assert_eq!(
            parsed("999.1.1.1"),
            Err(AddressError::Host("999.1.1.1".into()))
        );
    }

    #[test]
    fn numeric_address_resolves_to_itself() {
        let name: ServerName = "[::1]:5".parse().unwrap();
        assert_eq!(name.resolve().unwrap(), ["[::1]:5".parse().unwrap()]);
    }

    #[test]
    fn zone_is_an_interface_of_this_host_by_name_or_number() {
        let lo = if cfg!(target_os = "linux") {
            "lo"
        } else {
            "lo0"
        };
        let index = if_nametoindex(lo).unwrap();
        let expected = SocketAddrV6::new("fe80::1".parse().unwrap(), 5, 0, index);
        for zone in [lo.to_owned(), index.to_string()] {
            let text = format!("[fe80::1%{zone}]:5");
            let name: ServerName = text.parse().unwrap();
            assert_eq!(name.to_string(), text, "it is its name in known_servers");
            assert!(name.is_address());
            assert_eq!(name.resolve().unwrap(), [expected.into()]);
            assert_eq!(parse_listen(&text), Ok(expected.into()));
            let global: ServerName = format!("[::1%{zone}]:5").parse().unwrap();
            assert_eq!(global.resolve().unwrap(), ["[::1]:5".parse().unwrap()]);
        }
        let missing = "[fe80::1%nowhere0]:5";
        let error = missing.parse::<ServerName>().unwrap().resolve();
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("no network interface \"nowhere0\""),
            "{error}"
        );
        assert!(parse_listen(missing).unwrap_err().contains("nowhere0"));
        for text in [
            "[fe80::1]:5",
            "[fe80::1%]:5",
            "[fe80::1%0]:5",
            "[fe80::1%999999]:5",
        ] {
            let error = parse_listen(text).unwrap_err();
            assert!(error.contains("interface"), "{error}");
        }
    }

    #[test]
    fn every_address_of_this_machine_means_loopback_and_that_is_said() {
        for (text, meant) in [
            ("0.0.0.0:99", "127.0.0.1:99"),
            ("[::]:99", "[::1]:99"),
            ("::", "[::1]:7777"),
            ("[::ffff:0.0.0.0]:99", "127.0.0.1:99"),
        ] {
            let (name, notice) = text.parse::<ServerName>().unwrap().or_loopback();
            assert_eq!(name.to_string(), meant);
            assert!(notice.is_some_and(|notice| notice.contains(&name.host)));
        }
        let other: ServerName = "chat.example:99".parse().unwrap();
        assert_eq!(other.clone().or_loopback(), (other, None));
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_panic_and_what_it_names_is_written_back(text in "\\PC{0,40}") {
            if let Ok(name) = text.parse::<ServerName>() {
                prop_assert_eq!(name.to_string().parse::<ServerName>(), Ok(name));
            }
        }
    }
}
