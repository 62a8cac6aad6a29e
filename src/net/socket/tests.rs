//! Sockets of loopback.

use std::time::Duration;

use super::*;

fn loopback() -> Socket {
    Socket::bind(([127, 0, 0, 1], 0).into()).unwrap()
}

fn receive_all(socket: &mut Socket, expected: usize) -> Vec<(Option<IpAddr>, Vec<u8>)> {
    let mut poll = mio::Poll::new().unwrap();
    poll.registry()
        .register(socket.source(), mio::Token(0), mio::Interest::READABLE)
        .unwrap();
    let mut events = mio::Events::with_capacity(4);
    let mut received = Vec::new();
    for _ in 0..50 {
        while socket.receive(|local, _, _, bytes| received.push((local, bytes.to_vec()))) {}
        if received.len() >= expected {
            break;
        }
        poll.poll(&mut events, Some(Duration::from_millis(100)))
            .unwrap();
    }
    received
}

fn packet(to: SocketAddr, bytes: &[u8], segment_size: Option<usize>) -> Packet {
    Packet {
        port: 0,
        transmit: Transmit {
            remote: to,
            local_ip: None,
            len: bytes.len(),
            segment_size,
        },
        bytes: bytes.to_vec(),
    }
}

fn payloads(socket: &mut Socket, expected: usize) -> Vec<Vec<u8>> {
    let received = receive_all(socket, expected);
    received.into_iter().map(|(_, bytes)| bytes).collect()
}

#[test]
fn sockets_are_of_the_families_that_are_needed() {
    let sockets = Socket::bind_toward(&["127.0.0.1:7".parse().unwrap()]).unwrap();
    assert_eq!(sockets.len(), 1);
    assert!(sockets[0].local().is_ipv4());
}

#[test]
fn batch_arrives_as_the_datagrams_it_was_made_of() {
    let (mut from, mut to) = (loopback(), loopback());
    let bytes = [[1_u8; 100].as_slice(), &[2; 100], &[3; 40]].concat();
    assert_eq!(from.send(&mut [packet(to.local(), &bytes, Some(100))]), 1);
    assert_eq!(
        payloads(&mut to, 3),
        [vec![1; 100], vec![2; 100], vec![3; 40]]
    );
    assert_eq!(from.counters().datagrams_sent, 3);
    assert_eq!(to.counters().datagrams_received, 3);
}

#[test]
fn batch_that_is_refused_is_sent_one_by_one() {
    let (mut from, mut to) = (loopback(), loopback());
    // More in all than an IPv4 packet carries: EMSGSIZE, though each of them is small enough.
    let bytes = vec![7; 60 * 1200];
    assert_eq!(from.send(&mut [packet(to.local(), &bytes, Some(1200))]), 1);
    let received = payloads(&mut to, 60);
    assert!(received.len() == 60 && received.iter().all(|bytes| bytes.len() == 1200));
    let counters = from.counters();
    assert_eq!((counters.datagrams_sent, counters.send_errors), (60, 0));
    let has_gso = from.state.max_gso_segments() >= 60;
    assert_eq!(counters.batches_split, u64::from(has_gso));
}

#[test]
fn received_datagram_says_to_which_address_it_was_sent() {
    let (mut from, mut to) = (loopback(), loopback());
    from.send(&mut [packet(to.local(), &[9], None)]);
    let received = receive_all(&mut to, 1);
    assert_eq!(received, [(Some([127, 0, 0, 1].into()), vec![9])]);
}

#[test]
fn packets_for_several_peers_arrive_in_order_with_a_refused_one_among_them() {
    let (mut from, mut one, mut two) = (loopback(), loopback(), loopback());
    // More than an IPv4 packet carries (RFC 768, RFC 791): EMSGSIZE, whatever the route.
    let refused = vec![0; DATAGRAM_MAX_BYTES];
    let mut packets = [
        packet(one.local(), &[1], None),
        packet(two.local(), &[2, 2], None),
        packet(one.local(), &[3; 20], Some(10)),
        packet(one.local(), &refused, None),
        packet(one.local(), &[4], None),
        packet(two.local(), &[5], None),
        packet(two.local(), &refused, None),
    ];
    assert_eq!(from.send(&mut packets), packets.len());
    let (at_one, at_two) = (payloads(&mut one, 4), payloads(&mut two, 2));
    assert_eq!(at_one, [vec![1], vec![3; 10], vec![3; 10], vec![4]]);
    assert_eq!(at_two, [vec![2, 2], vec![5]]);
    let counters = from.counters();
    assert_eq!((counters.datagrams_sent, counters.send_errors), (6, 2));
    assert_eq!(counters.bytes_sent, 25);
}

/// The peer knows a host with several addresses by the one that it has written to.
#[test]
fn packets_leave_from_the_address_that_was_written_to() {
    // macOS has one address of loopback.
    let second: IpAddr = if cfg!(target_os = "linux") {
        [127, 0, 0, 2].into()
    } else {
        [127, 0, 0, 1].into()
    };
    let sources = [
        (IpAddr::from(Ipv4Addr::UNSPECIFIED), second),
        (
            Ipv6Addr::UNSPECIFIED.into(),
            IpAddr::from(Ipv6Addr::LOCALHOST),
        ),
    ];
    for (bound, source) in sources {
        let to = match source {
            IpAddr::V4(_) => IpAddr::from(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        // A host may be without IPv6.
        let (Ok(mut from), Ok(to)) = (
            Socket::bind((bound, 0).into()),
            std::net::UdpSocket::bind((to, 0)),
        ) else {
            continue;
        };
        to.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        for count in [1, 3] {
            let mut packet = packet(to.local_addr().unwrap(), &[7], None);
            packet.transmit.local_ip = Some(source);
            let mut packets: Vec<_> = std::iter::repeat_with(|| packet.clone())
                .take(count)
                .collect();
            assert_eq!(from.send(&mut packets), count);
            for _ in 0..count {
                let (length, remote) = to.recv_from(&mut [0; 8]).unwrap();
                assert_eq!((length, remote.ip()), (1, source));
            }
        }
    }
}

#[test]
fn both_families_share_a_port() {
    let four = Socket::bind(([0, 0, 0, 0], 0).into()).unwrap();
    let six = Socket::bind((std::net::Ipv6Addr::UNSPECIFIED, four.local().port()).into());
    // A host without IPv6 answers that it has none; it never answers that the port is taken.
    assert!(six.map_or_else(|error| error.kind() != ErrorKind::AddrInUse, |_| true));
}
