//! What can be the address, the name and the port of a server: one rule for where to connect and where to listen, on the
//! command line, in variables and in files.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::AddressError;

/// Longest name of a host, and of a part between two dots (RFC 1035 §2.3.4), in bytes.
const HOST_MAX_BYTES: usize = 253;
const LABEL_MAX_BYTES: usize = 63;

/// The first octet of the addresses that are reserved (RFC 1112 §4).
const RESERVED: u8 = 240;

/// The last address of 127.0.0.0/8.
const LOOPBACK_BROADCAST: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 255);

/// Refuses what no server can have. "Every address" is one to listen on.
pub fn check_address(ip: IpAddr, zone: Option<&str>) -> Result<(), AddressError> {
    let ip = ip.to_canonical();
    if let Some(what) = other_use(ip) {
        return Err(AddressError::NoServer(ip, what));
    }
    match (ip, zone) {
        (IpAddr::V6(Ipv6Addr::UNSPECIFIED), Some(_)) => Err(AddressError::ZoneOfAll),
        (IpAddr::V6(ip), Some("")) => Err(AddressError::ZoneMissing(ip)),
        (IpAddr::V6(ip), None) if ip.is_unicast_link_local() => Err(AddressError::NoZone(ip)),
        _ => Ok(()),
    }
}

/// What an address is, if it cannot be one of a host (RFC 6890).
fn other_use(ip: IpAddr) -> Option<&'static str> {
    match ip {
        _ if ip.is_multicast() => Some("a multicast address"),
        IpAddr::V4(Ipv4Addr::BROADCAST) => Some("the broadcast address"),
        IpAddr::V4(LOOPBACK_BROADCAST) => Some("the broadcast address of this machine"),
        IpAddr::V4(ip) if ip.octets()[0] >= RESERVED => Some("a reserved address"),
        IpAddr::V4(ip) if ip.octets()[0] == 0 && !ip.is_unspecified() => {
            Some("an address of \"this network\"")
        }
        _ => None,
    }
}

/// Why a name cannot stand for this address, which a resolver gives for it.
pub fn refusal_of_resolved(ip: IpAddr) -> Option<&'static str> {
    // Filters of names answer with it.
    let is_every = ip.is_unspecified();
    other_use(ip).or(is_every.then_some("every address of a machine"))
}

/// Letters, digits, dots, hyphens and underscores.
pub fn check_host(host: &str) -> Result<(), AddressError> {
    let labels = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (1..=LABEL_MAX_BYTES).contains(&label.len()) && label.bytes().all(is_allowed)
    };
    let is_name = host.len() <= HOST_MAX_BYTES && !host.starts_with('-');
    if !is_name || !labels.split('.').all(is_label) {
        return Err(AddressError::Host(host.to_owned()));
    }
    match host.parse::<Ipv4Addr>() {
        Ok(ip) => check_address(ip.into(), None),
        Err(_) if ends_in_number(labels) => Err(AddressError::Number(host.to_owned())),
        Err(_) => Ok(()),
    }
}

/// Whether resolvers take it for an address: they accept 127.1, octal 0177.0.0.1 and 0x7f.1. No top-level domain is a number
/// (WHATWG URL §3.5).
fn ends_in_number(labels: &str) -> bool {
    let last = labels.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let is_hexadecimal = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    last.bytes().all(|digit| digit.is_ascii_digit()) || hexadecimal.is_some_and(is_hexadecimal)
}

/// A port to send to: decimal digits, without a sign and without zeros in front.
pub fn port(digits: &str) -> Result<u16, AddressError> {
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    let port = digits.parse().ok().filter(|_| is_plain);
    port.ok_or_else(|| AddressError::Port(digits.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_that_no_server_can_have_is_refused_also_as_a_mapped_one() {
        for (ip, what) in [
            ("224.0.0.1", "multicast"),
            ("239.255.255.255", "multicast"),
            ("ff02::1", "multicast"),
            ("255.255.255.255", "broadcast"),
            ("127.255.255.255", "broadcast"),
            ("240.0.0.1", "reserved"),
            ("254.1.2.3", "reserved"),
            ("0.1.2.3", "this network"),
            ("::ffff:224.0.0.1", "multicast"),
            ("::ffff:255.255.255.255", "broadcast"),
        ] {
            let error = check_address(ip.parse().unwrap(), None).unwrap_err();
            assert!(error.to_string().contains(what), "{ip}: {error}");
        }
        for ip in [
            "0.0.0.0",
            "127.0.0.1",
            "10.1.2.3",
            "223.255.255.255",
            "169.254.1.1",
            "::",
            "::1",
            "2001:db8::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "::ffff:0.0.0.0",
        ] {
            assert_eq!(check_address(ip.parse().unwrap(), None), Ok(()), "{ip}");
        }
        let every = check_address("::".parse().unwrap(), Some("lo"));
        assert_eq!(every, Err(AddressError::ZoneOfAll));
    }

    #[test]
    fn number_that_resolvers_take_for_an_address_is_no_name() {
        for host in [
            "127.1",
            "0177.0.0.1",
            "0x7f.1",
            "0X7F000001",
            "2130706433",
            "1.2.3.4.5",
            "999.1.1.1",
            "127.0.0.1.",
            "127.0.0.0x1",
            "0x",
            "chat.7",
        ] {
            let error = Err(AddressError::Number(host.to_owned()));
            assert_eq!(check_host(host), error, "{host}");
        }
        for host in [
            "chat.example",
            "chat.example.",
            "7.example",
            "0x7f.example",
            "10.0.0.1",
            "a_b",
            "x0x",
        ] {
            assert_eq!(check_host(host), Ok(()), "{host}");
        }
        let long = "x".repeat(64);
        for host in ["", ".", ".a", "a..b", "a..", "-a", "a b", &long] {
            let error = Err(AddressError::Host(host.to_owned()));
            assert_eq!(check_host(host), error, "{host}");
        }
    }

    #[test]
    fn port_has_digits_only() {
        assert_eq!(port("1"), Ok(1));
        assert_eq!(port("65535"), Ok(65535));
        for bad in [
            "", "0", "+1", "-1", "00080", "080", "65536", "1 ", "0x1", "x",
        ] {
            assert_eq!(port(bad), Err(AddressError::Port(bad.to_owned())), "{bad}");
        }
    }
}
