//! Addresses on the command line: where to listen, and which server to connect to.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

use thiserror::Error;

use super::exit::{Exit, Failure};

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
    #[error("{0:?} is not a port (1 to 65535)")]
    Port(String),
    #[error("an IPv6 address with a port is written [address]:port")]
    Brackets,
    #[error("{0:?} is neither an address nor a host name")]
    Host(String),
}

impl FromStr for ServerName {
    type Err = AddressError;

    /// `HOST`, `HOST:PORT`, an IPv6 address, or `[IPv6]:PORT`.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let plain = |host: &str| Self {
            host: host.to_owned(),
            port: DEFAULT_PORT,
        };
        if text.parse::<Ipv6Addr>().is_ok() {
            return Ok(plain(text));
        }
        if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or(AddressError::Brackets)?;
            // A zone (fe80::1%eth0) is left to the resolver.
            let address = host.split_once('%').map_or(host, |(address, _)| address);
            address
                .parse::<Ipv6Addr>()
                .map_err(|_| AddressError::Host(host.to_owned()))?;
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
    /// Resolves the name. The addresses keep the resolver's order, which is the order of preference (RFC 6724).
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, Failure> {
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

/// `ADDR:PORT`; port 0 is any free one.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("{text:?} is not an address and a port, such as 0.0.0.0:{DEFAULT_PORT} or [::]:{DEFAULT_PORT}")
    })
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

    proptest! {
        #[test]
        fn any_text_is_parsed_without_panic_and_what_it_names_is_written_back(text in "\\PC{0,40}") {
            if let Ok(name) = text.parse::<ServerName>() {
                prop_assert_eq!(name.to_string().parse::<ServerName>(), Ok(name));
            }
        }
    }
}
