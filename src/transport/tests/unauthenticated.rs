//! What those get who have proved nothing: no memory, and never more than they sent.

use std::time::Duration;

use proptest::prelude::*;

use super::network::{Datagram, Network, PLAIN, server};
use crate::kit::Link;
use crate::testing::instant;
use crate::transport::{Channel, ClientConfig, CloseReason, Endpoint, Event, SendError};

/// Hands a datagram to the server and gives what it answers.
fn ask(server: &mut Endpoint, now: std::time::Instant, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut question = bytes.to_vec();
    server.handle_datagram(
        now,
        None,
        ([192, 0, 2, 66], 6666).into(),
        None,
        &mut question,
    );
    let mut buffer = Vec::new();
    let mut answers = Vec::new();
    while server.poll_transmit(now, &mut buffer).is_some() {
        answers.push(buffer.clone());
    }
    answers
}

#[test]
fn a_duplicate_syn_with_a_good_cookie_gets_the_identical_syn_ack() {
    let mut network = Network::new(1, PLAIN);
    network.client.connect(network.now, network.server_address);
    network.run(Duration::from_millis(70));
    let syn = network
        .sent
        .iter()
        .rfind(|datagram| datagram.bytes[0] == 1)
        .expect("a SYN went out")
        .clone();
    network.deliver(syn.clone());
    network.flush();
    network.run(Duration::from_secs(2));
    network.deliver(syn);
    network.flush();
    let answers: Vec<_> = network
        .sent
        .iter()
        .filter(|datagram| datagram.bytes[0] == 3)
        .map(|datagram| &datagram.bytes)
        .collect();
    assert_eq!(
        answers.len(),
        3,
        "the first SYN's, its duplicate's before and after the session opened"
    );
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let opened = network
        .server_events
        .iter()
        .filter(|event| matches!(event, Event::Connected { .. }));
    assert_eq!(opened.count(), 1);
}

#[test]
fn nothing_is_remembered_before_a_cookie_came_back() {
    let mut network = Network::new(2, PLAIN);
    network.client.connect(network.now, network.server_address);
    network.flush();
    let syn = network.sent[0].bytes.clone();
    let mut server = server(network.now, 1);
    for _ in 0..100 {
        assert_eq!(ask(&mut server, network.now, &syn).len(), 1);
    }
    assert_eq!(server.held(), 0);
    assert_eq!(server.poll_timeout(), None);
}

#[test]
fn a_cookie_of_another_address_or_time_earns_only_a_new_one() {
    let mut network = Network::new(3, PLAIN);
    network.client.connect(network.now, network.server_address);
    network.run(Duration::from_millis(50));
    let syn = network
        .sent
        .iter()
        .rfind(|datagram| datagram.bytes[0] == 1)
        .expect("a SYN went out")
        .clone();
    let answers = ask(&mut network.server, network.now, &syn.bytes);
    assert_eq!(
        answers.iter().map(|answer| answer[0]).collect::<Vec<_>>(),
        [2],
        "another address"
    );
    let mut late = Network::new(3, PLAIN);
    late.client.connect(late.now, late.server_address);
    late.run(Duration::from_millis(50));
    let syn = late
        .sent
        .iter()
        .rfind(|datagram| datagram.bytes[0] == 1)
        .expect("a SYN went out")
        .clone();
    late.run(Duration::from_secs(40));
    late.sent.clear();
    late.deliver(Datagram {
        from: late.client_address,
        ..syn
    });
    late.flush();
    assert!(
        late.sent.iter().any(|datagram| datagram.bytes[0] == 2),
        "an expired cookie"
    );
}

/// A client whose NAT had forgotten its port while its server was away dialled from that port for ever.
#[test]
fn dials_in_vain_are_counted_together_and_begin_anew_from_another_port() {
    let mut network = Network::new(10, Link { loss: 1.0, ..PLAIN });
    let began = network.now;
    for _ in 0..3 {
        network.client.connect(network.now, network.server_address);
        let path = network.client.path();
        assert_eq!(path, Some((network.server_address, Some(began))));
        network.run(Duration::from_secs(31));
        assert_eq!(network.client.path(), None);
    }
    let again = network.client.connect(network.now, network.server_address);
    network.run(Duration::from_millis(100));
    network.link.loss = 0.0;
    network.client_address = ([192, 0, 2, 1], 4001).into();
    let hopped = network.now;
    network.client.port_changed(hopped);
    let answered = network.run_until(Duration::from_secs(1), |network| {
        network.client.statistics(again).is_some()
    });
    assert!(answered);
    assert_eq!(network.now - hopped, network.link.delay * 4);
    network.client.close(network.now, again, 0, "");
    network.run(Duration::from_secs(5));
    network.client.connect(network.now, network.server_address);
    let path = network.client.path();
    assert_eq!(path.and_then(|(_, since)| since), Some(network.now));
}

/// What a path or an attacker writes into the IP header's congestion bits is nobody's word.
#[test]
fn congestion_bits_of_a_datagram_change_nothing() {
    let answers = [None, Some(0), Some(1), Some(2), Some(3), Some(255)].map(|ecn| {
        let (mut network, client, session) = Network::connected(11, PLAIN);
        network.send_from_client(client, Channel::Chat, b"with whatever bits");
        network.flush();
        let mut data = network.sent.last().expect("it went out").bytes.clone();
        let (now, from) = (network.now, network.client_address);
        network
            .server
            .handle_datagram(now, None, from, ecn, &mut data);
        let got = network.server.receive(now, session, Channel::Chat);
        network.run(Duration::from_secs(1));
        let statistics = network.server.statistics(session);
        (got, statistics, network.server.counters())
    });
    assert!(answers[0].0.is_some());
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[test]
fn nobody_there_is_said_after_half_a_minute_of_few_syns_and_late_ones_are_small() {
    let mut network = Network::new(4, Link { loss: 1.0, ..PLAIN });
    let session = network.client.connect(network.now, network.server_address);
    network.run(Duration::from_secs(29));
    assert_eq!(network.client_events, []);
    network.run(Duration::from_secs(2));
    let closed = Event::Closed {
        session,
        reason: CloseReason::NoAnswer,
    };
    assert_eq!(network.client_events, [closed]);
    assert_eq!(network.sent.len(), 11);
    let sizes: Vec<_> = network
        .sent
        .iter()
        .map(|datagram| datagram.bytes.len())
        .collect();
    assert_eq!(sizes[..4], [1200, 1200, 1000, 1000]);
    assert_eq!(network.client.poll_timeout(), None);
    assert_eq!(network.client.held(), 0);
}

#[test]
fn an_unknown_session_earns_a_smaller_reset_at_a_limited_rate() {
    let now = instant();
    let mut server = server(now, 1);
    let mut data = vec![9; 40];
    data[0] = 4;
    let answers = ask(&mut server, now, &data);
    assert_eq!(answers.len(), 1);
    assert!(answers[0][0] == 5 && answers[0].len() == 25);
    assert!(
        ask(&mut server, now, &answers[0]).is_empty(),
        "a server ignores RESET"
    );
    let sent = (0..5000)
        .filter(|_| !ask(&mut server, now, &data).is_empty())
        .count();
    assert!(sent < 1001, "{sent}");
    assert!(server.counters().resets_withheld > 0);
}

#[test]
fn another_version_is_answered_by_the_versions_spoken() {
    let mut network = Network::new(5, PLAIN);
    let session = network.client.connect(network.now, network.server_address);
    network.flush();
    let mut syn = network.sent[0].bytes.clone();
    syn[4] = 99;
    let answers = ask(&mut network.server, network.now, &syn);
    assert_eq!(answers[0][0], 6);
    let mut version = answers[0].clone();
    version[9..13].copy_from_slice(&1_u32.to_be_bytes());
    let count = version.len();
    version[count - 4..].copy_from_slice(&2_u32.to_be_bytes());
    network.deliver(Datagram {
        from: network.server_address,
        to: network.client_address,
        bytes: version,
    });
    network.flush();
    assert_eq!(
        network.client_events,
        [Event::Closed {
            session,
            reason: CloseReason::Version
        }]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_answer_is_larger_than_its_question_and_nothing_is_kept(
        first in 0_u8..8,
        bytes in proptest::collection::vec(any::<u8>(), 0..1400),
    ) {
        let now = instant();
        let mut server = server(now, 1);
        let mut question = bytes;
        if let Some(byte) = question.first_mut() {
            *byte = first;
        }
        if question.len() > 5 && first == 1 {
            question[1..5].copy_from_slice(&1_u32.to_be_bytes());
        }
        let answered: usize = ask(&mut server, now, &question).iter().map(Vec::len).sum();
        prop_assert!(answered <= question.len());
        prop_assert_eq!(server.held(), 0);
    }

    #[test]
    fn mutated_datagrams_of_a_session_do_nothing(position in 0_usize..200, mask in 1_u8..=255) {
        let (mut network, client, server) = Network::connected(7, PLAIN);
        network.send_from_client(client, crate::transport::Channel::Chat, &[3; 300]);
        network.flush();
        let original = network.sent.last().expect("it went out").clone();
        let mut mutated = original;
        mutated.bytes[position] ^= mask;
        let events = network.server_events.len();
        network.deliver(mutated);
        network.flush();
        prop_assert_eq!(network.server_events.len(), events);
        prop_assert!(network.server.receive(network.now, server, crate::transport::Channel::Chat).is_none());
        prop_assert!(network.server.held() <= 2);
    }
}

#[test]
fn first_packet_from_an_address_without_a_cookie_proves_nothing() {
    // The session began at the address of its first DATA packet, and that was believed: who completed a handshake
    // with that packet's source forged had the server send a whole window, and more, to a victim.
    let mut network = Network::new(7, PLAIN);
    network.client.connect(network.now, network.server_address);
    let answered = network.run_until(Duration::from_secs(1), |network| {
        network.sent.iter().any(|datagram| datagram.bytes[0] == 3)
    });
    assert!(answered);
    network.link.loss = 1.0;
    network.run(Duration::from_millis(200));
    let data = network
        .sent
        .iter()
        .find(|datagram| datagram.bytes[0] == 4)
        .expect("the client completes the handshake")
        .clone();
    let victim = ([203, 0, 113, 9], 53).into();
    let spent = data.bytes.len();
    network.deliver(Datagram {
        from: victim,
        ..data
    });
    network.flush();
    let session = network.server_session().expect("the packet is authentic");
    network.send_from_server(session, Channel::Chat, &[7; 10_000]);
    network.run(Duration::from_secs(5));
    let to_victim: usize = network
        .sent
        .iter()
        .filter(|datagram| datagram.to == victim)
        .map(|datagram| datagram.bytes.len())
        .sum();
    assert!(to_victim <= 3 * spent, "{to_victim} bytes for {spent}");
}

#[test]
fn who_has_not_signed_in_and_does_not_read_costs_little() {
    // A server's send buffers were those of a signed-in session, 768 KiB in all: 16,384 strangers who asked and never
    // acknowledged could take 12 GiB.
    let (mut network, _, session) = Network::connected(8, PLAIN);
    let mut queued = 0;
    loop {
        let sent = network
            .server
            .send(network.now, session, Channel::Control, &[7; 100]);
        match sent {
            Ok(()) => queued += 100,
            Err(error) => {
                assert_eq!(error, SendError::Full);
                break;
            }
        }
    }
    assert!(queued <= 16 * 1024, "{queued} bytes");
    network.server.set_signed_in(network.now, session, true);
    network.flush();
    assert!(network.server_events.contains(&Event::Writable {
        session,
        channel: Channel::Control,
    }));
}

/// A server that had restarted made thousands of handshakes before it forwarded the next line.
#[test]
fn sessions_are_served_before_strangers_and_strangers_a_few_at_a_time() {
    let (mut network, client, session) = Network::connected(20, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    network.run(Duration::from_secs(1));
    let now = network.now;
    let mut strangers = Vec::new();
    let mut buffer = Vec::new();
    for number in 0..20_u8 {
        let mut stranger = Endpoint::client(now, ClientConfig::default(), [number; 32]);
        stranger.connect(now, network.server_address);
        stranger.poll_transmit(now, &mut buffer);
        let address = ([203, 0, 113, number], 5000).into();
        network
            .server
            .handle_datagram(now, None, address, None, &mut buffer);
        network.server.poll_transmit(now, &mut buffer);
        let from = network.server_address;
        stranger.handle_datagram(now, None, from, None, &mut buffer);
        strangers.push((stranger, address));
    }
    for (stranger, address) in &mut strangers {
        stranger.poll_transmit(now, &mut buffer);
        network
            .server
            .handle_datagram(now, None, *address, None, &mut buffer);
    }
    network.send_from_client(client, Channel::Chat, b"one");
    network.send_from_client(client, Channel::Control, b"two");
    network.client.poll_transmit(now, &mut buffer);
    let home = network.client_address;
    network
        .server
        .handle_datagram(now, None, home, None, &mut buffer);
    network.send_from_server(session, Channel::Chat, b"an answer");
    let mut kinds = Vec::new();
    while network.server.poll_transmit(now, &mut buffer).is_some() {
        kinds.push(buffer[0] & 0x7f);
    }
    let mut expected = vec![3; 9];
    expected[0] = 4;
    assert_eq!(kinds, expected, "DATA, and then eight SYN_ACKs");
    let mut turns = 1;
    while let Some(at) = network
        .server
        .poll_timeout()
        .filter(|at| *at <= now + Duration::from_millis(10))
    {
        network.server.handle_timeout(at);
        while network.server.poll_transmit(at, &mut buffer).is_some() {
            kinds.push(buffer[0] & 0x7f);
        }
        turns += 1;
    }
    assert_eq!(kinds[1..], [3; 20], "all of them have their turn");
    assert!(turns >= 3, "{turns}");
}

#[test]
fn events_of_those_who_have_signed_in_come_first() {
    let (mut network, client, session) = Network::connected(21, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    network.run(Duration::from_secs(1));
    let from = network.client_address;
    let server_address = network.server_address;
    let mut other = Endpoint::client(network.now, ClientConfig::default(), [9; 32]);
    let stranger = other.connect(network.now, server_address);
    let address = ([203, 0, 113, 1], 5000).into();
    let mut buffer = Vec::new();
    for _ in 0..2 {
        other.poll_transmit(network.now, &mut buffer);
        let now = network.now;
        let server = &mut network.server;
        server.handle_datagram(now, None, address, None, &mut buffer);
        while server.poll_transmit(now, &mut buffer).is_none() {}
        other.handle_datagram(now, None, server_address, None, &mut buffer);
    }
    let now = network.now;
    other
        .send(now, stranger, Channel::Control, b"sign me in")
        .expect("there is room");
    other.poll_transmit(now, &mut buffer);
    network
        .server
        .handle_datagram(now, None, address, None, &mut buffer);
    network.send_from_client(client, Channel::Chat, b"hello");
    network.client.poll_transmit(now, &mut buffer);
    network
        .server
        .handle_datagram(now, None, from, None, &mut buffer);
    let order: Vec<_> = std::iter::from_fn(|| network.server.poll_event()).collect();
    assert!(
        matches!(
            order[..],
            [
                Event::Readable { session: first, .. },
                Event::Connected { .. },
                Event::Readable { .. }
            ] if first == session
        ),
        "{order:?}"
    );
}
