//! Sockets that a service manager has opened (sd_listen_fds(3)). They stay open while the server is started again, and what
//! arrives meanwhile waits in them.

use std::net::{SocketAddr, UdpSocket};

use anyhow::anyhow;
use listenfd::ListenFd;
#[cfg(not(target_vendor = "apple"))]
use rustix::net::ipproto;
use rustix::net::sockopt;

use crate::cli::environment;
use crate::cli::exit::Failure;

/// Sockets of a server at most. Chosen: an address each of two families on as many interfaces as a host has.
const SOCKETS_MAX: usize = 64;

/// The first descriptor that is passed.
const FIRST: usize = 3;

/// The sockets that were opened for this process, and their addresses. To be called before other threads are started: it takes
/// variables out of the environment, so that no child takes them for its own.
pub fn inherited() -> Result<Vec<(UdpSocket, SocketAddr)>, Failure> {
    let Some(count) = environment::passed_descriptors() else {
        return Ok(Vec::new());
    };
    if !(1..=SOCKETS_MAX).contains(&count) {
        return Err(wrong(format!("it passes {count}")));
    }
    let mut passed = ListenFd::from_env();
    (0..count).map(|index| socket(&mut passed, index)).collect()
}

fn socket(passed: &mut ListenFd, index: usize) -> Result<(UdpSocket, SocketAddr), Failure> {
    let number = FIRST + index;
    let not_udp = || {
        wrong(format!(
            "descriptor {number} is none of UDP over IPv4 or IPv6"
        ))
    };
    let taken = passed.take_udp_socket(index);
    let socket = taken.ok().flatten().ok_or_else(not_udp)?;
    let address = socket.local_addr().map_err(|_| not_udp())?;
    if !is_udp(&socket) {
        return Err(not_udp());
    }
    if address.port() == 0 {
        return Err(wrong(format!("descriptor {number} has no address")));
    }
    // Clients of IPv4 would have other addresses there than anywhere else.
    if address.is_ipv6() && !sockopt::ipv6_v6only(&socket).unwrap_or(false) {
        return Err(wrong(format!("{address} takes IPv4 too"))
            .hint("set BindIPv6Only=ipv6-only in the socket unit, and list both families"));
    }
    Ok((socket, address))
}

#[cfg(not(target_vendor = "apple"))]
fn is_udp(socket: &UdpSocket) -> bool {
    sockopt::socket_protocol(socket).is_ok_and(|protocol| protocol == Some(ipproto::UDP))
}

/// macOS cannot be asked, and has no other protocol of datagrams over IP.
#[cfg(target_vendor = "apple")]
const fn is_udp(_: &UdpSocket) -> bool {
    true
}

fn wrong(why: String) -> Failure {
    Failure::usage(anyhow!(
        "the sockets of the service manager are wrong: {why}"
    ))
    .hint("the socket unit names each as ListenDatagram=ADDR:PORT")
}

/// Refuses sockets with other addresses than were asked for.
pub fn check(passed: &[SocketAddr], asked: &[SocketAddr]) -> Result<(), Failure> {
    let sorted = |addresses: &[SocketAddr]| {
        let mut addresses = addresses.to_vec();
        addresses.sort_unstable();
        addresses
    };
    if sorted(passed) == sorted(asked) {
        return Ok(());
    }
    let problem = format!(
        "the service manager has opened {}, but --listen asks for {}",
        listed(passed),
        listed(asked)
    );
    Err(Failure::usage(problem)
        .hint("change ListenDatagram= in the socket unit, or leave listen out"))
}

fn listed(addresses: &[SocketAddr]) -> String {
    let addresses: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
    addresses.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_that_were_asked_for_in_whatever_order() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let passed = addresses(&["0.0.0.0:7", "[::]:7"]);
        assert!(check(&passed, &addresses(&["[::]:7", "0.0.0.0:7"])).is_ok());
        let why = check(&passed, &addresses(&["0.0.0.0:7"]))
            .unwrap_err()
            .to_string();
        assert!(
            why.contains("has opened 0.0.0.0:7 and [::]:7, but --listen asks for 0.0.0.0:7"),
            "{why}"
        );
    }
}
