//! Addresses on the command line: where to listen, and which server to connect to. dns-lookup, because std does not tell a
//! name that does not exist from a resolver that has no answer.

mod international;
mod link;
mod rule;
pub mod server_key;
mod servers;

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::str::FromStr;

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};
use nix::net::if_::{if_indextoname, if_nametoindex};
use thiserror::Error;

use super::exit::{Exit, Failure};
use super::output::quoted;
pub use link::Target;
use rule::{check_address, check_host, port, refusal_of_resolved};
pub use servers::Servers;

/// Chosen: unassigned by IANA for UDP chat, easy to type.
pub const DEFAULT_PORT: u16 = 7777;

pub const DEFAULT_HOST: &str = "127.0.0.1";

/// How the system's word on a name begins here.
const OF_RESOLVER: &str = "failed to lookup address information: ";

/// A server as the user named it, which is also its name in `known_servers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName {
    /// A name, in ASCII, or an address; IPv6 without brackets.
    pub host: String,
    pub port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error("the host is missing")]
    NoHost,
    #[error("{} is not a port: a number from 1 to 65535, without a sign and without zeros in front", quoted(.0))]
    Port(String),
    #[error("only the host and its port are written, without {}", quoted(.0))]
    Scheme(String),
    #[error("an IPv4 address or a name is written without brackets, as in {0}")]
    NoBrackets(String),
    #[error("{} is not a host name, and not one of another script either (IDNA)", quoted(.0))]
    Script(String),
    #[error("the interface is missing after %, as in {0}%eth0 (`ip link` lists them)")]
    ZoneMissing(Ipv6Addr),
    #[error("an IPv6 address with a port is written [address]:port")]
    Brackets,
    #[error("{} is neither an address nor a host name", quoted(.0))]
    Host(String),
    #[error(
        "{0} is a link-local address: name its interface too, as in {0}%eth0 (`ip link` lists them)"
    )]
    NoZone(Ipv6Addr),
    #[error("{} is not an address: write four decimal numbers, as in 127.0.0.1", quoted(.0))]
    Number(String),
    #[error("{0} is {1}, which no server has")]
    NoServer(IpAddr, &'static str),
    #[error("[::] stands for every address of this machine: leave out the interface")]
    ZoneOfAll,
    #[error("this host has no network interface {} (`ip link` lists them)", quoted(.0))]
    Zone(String),
}

/// Why a server has no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unresolved {
    #[error(transparent)]
    Address(AddressError),
    #[error("cannot resolve {0}: there is no such name, or it has no address")]
    NoSuchName(String),
    #[error("{0} is {1}, {2}, which no server has")]
    NoServer(String, IpAddr, &'static str),
    /// A later attempt may succeed.
    #[error("cannot resolve {0}: {1}")]
    Temporary(String, String),
}

impl From<Unresolved> for Failure {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Address(error) => Self::usage(error),
            Unresolved::NoServer(..) => Self::usage(unresolved)
                .hint("check the name; a filter of names may have answered for it"),
            unresolved => Self::new(Exit::Unreachable, unresolved)
                .hint("check the name, and this host's network"),
        }
    }
}

impl FromStr for ServerName {
    type Err = AddressError;

    /// `HOST`, `HOST:PORT`, an IPv6 address, or `[IPv6]:PORT`.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let plain = |host: &str| Self {
            host: host.to_owned(),
            port: DEFAULT_PORT,
        };
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(AddressError::Scheme(format!("{scheme}://")));
        }
        if is_ipv6(text) {
            check_ipv6(text)?;
            return Ok(plain(text));
        }
        if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or(AddressError::Brackets)?;
            if host.is_empty() {
                return Err(AddressError::NoHost);
            }
            if !is_ipv6(host) {
                let bare = format!("{host}{rest}");
                return Err(match check_host(host) {
                    Ok(()) => AddressError::NoBrackets(bare),
                    Err(error) => error,
                });
            }
            check_ipv6(host)?;
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
        let host = if host.is_ascii() {
            host.to_ascii_lowercase()
        } else {
            international::to_ascii(host)?
        };
        check_host(&host)?;
        Ok(Self { host, port })
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
    /// The host alone, as [`ServerName::shown`] has it.
    pub fn shown_host(&self) -> String {
        if self.is_address() {
            self.host.clone()
        } else {
            international::shown(&self.host)
        }
    }

    /// As it is shown to a user: a name of another script as that, unless it could be taken for another one.
    pub fn shown(&self) -> String {
        let host = self.shown_host();
        Self { host, ..*self }.to_string()
    }

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

    /// Resolves the name, for as long as the system's resolver likes. The addresses keep its order, which is the order of
    /// preference (RFC 6724).
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, Unresolved> {
        if let Some((ip, zone)) = zoned(&self.host) {
            let address = with_zone(ip, zone, self.port);
            return Ok(vec![address.map_err(Unresolved::Address)?]);
        }
        let hints = AddrInfoHints {
            socktype: SockType::DGram.into(),
            ..AddrInfoHints::default()
        };
        let found = getaddrinfo(Some(&self.host), None, Some(hints)).map_err(|error| {
            let host = self.host.clone();
            match error.kind() {
                LookupErrorKind::NoName | LookupErrorKind::NoData => Unresolved::NoSuchName(host),
                _ => {
                    let why = io::Error::from(error).to_string();
                    let why = why.strip_prefix(OF_RESOLVER).unwrap_or(&why).to_owned();
                    Unresolved::Temporary(host, why)
                }
            }
        })?;
        let mut addresses: Vec<SocketAddr> = found
            .filter_map(Result::ok)
            .map(|found| match found.sockaddr.ip().to_canonical() {
                IpAddr::V4(ip) => SocketAddr::from((ip, self.port)),
                IpAddr::V6(_) => {
                    let mut address = found.sockaddr;
                    address.set_port(self.port);
                    address
                }
            })
            .collect();
        let mut seen = HashSet::new();
        addresses.retain(|address| seen.insert(*address));
        if addresses.is_empty() {
            return Err(Unresolved::NoSuchName(self.host.clone()));
        }
        self.usable(addresses)
    }

    /// Those of a name's addresses that a server can have.
    fn usable(&self, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Unresolved> {
        let refusal = |address: &SocketAddr| refusal_of_resolved(address.ip());
        if let Some(first) = addresses.first().copied()
            && let Some(what) = refusal(&first)
            && addresses.iter().all(|address| refusal(address).is_some())
        {
            return Err(Unresolved::NoServer(self.host.clone(), first.ip(), what));
        }
        addresses.retain(|address| refusal(address).is_none());
        Ok(addresses)
    }
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

fn check_ipv6(text: &str) -> Result<(), AddressError> {
    let (address, zone) = split_zone(text);
    match address.parse::<Ipv6Addr>() {
        Ok(ip) => check_address(ip.into(), zone),
        Err(_) => Err(AddressError::Host(text.to_owned())),
    }
}

fn split_zone(text: &str) -> (&str, Option<&str>) {
    match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
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

/// `ADDR:PORT`; port 0 is any free one. An IPv4 address in the form of IPv6 is that IPv4 address.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let wrong = || {
        format!(
            "{} is not an address and a port, such as 0.0.0.0:{DEFAULT_PORT} or [::]:{DEFAULT_PORT}",
            quoted(text)
        )
    };
    let (ip, zone, digits): (IpAddr, _, _) = if let Some(rest) = text.strip_prefix('[') {
        let (host, digits) = rest.split_once("]:").ok_or_else(wrong)?;
        let (address, zone) = split_zone(host);
        let ip: Ipv6Addr = address.parse().map_err(|_| wrong())?;
        (ip.into(), zone, digits)
    } else {
        let (host, digits) = text.split_once(':').ok_or_else(wrong)?;
        let ip: Ipv4Addr = host.parse().map_err(|_| wrong())?;
        (ip.into(), None, digits)
    };
    listen_on(ip, zone, digits).map_err(|error| error.to_string())
}

fn listen_on(ip: IpAddr, zone: Option<&str>, digits: &str) -> Result<SocketAddr, AddressError> {
    check_address(ip, zone)?;
    let port = if digits == "0" { 0 } else { port(digits)? };
    match (ip.to_canonical(), zone) {
        (IpAddr::V6(ip), Some(zone)) => with_zone(ip, zone, port),
        (ip, _) => Ok(SocketAddr::new(ip, port)),
    }
}

#[cfg(test)]
mod tests;
