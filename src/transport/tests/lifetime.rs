//! How sessions live and end: silence, closing, restarts.

use std::time::Duration;

use super::network::{Network, PLAIN, server};
use crate::kit::Link;
use crate::transport::{Channel, CloseReason, Event};

#[test]
fn both_ends_agree_on_the_handshake_hash_and_the_client_sees_the_servers_key() {
    let (network, ..) = Network::connected(1, PLAIN);
    let hash = |event: &Event| match event {
        Event::Connected {
            handshake_hash,
            peer_key,
            ..
        } => (*handshake_hash, *peer_key),
        other => panic!("{other:?}"),
    };
    let (at_client, at_server) = (
        hash(&network.client_events[0]),
        hash(&network.server_events[0]),
    );
    assert_eq!(at_client.0, at_server.0);
    assert_eq!(at_client.1, network.server.public_key());
}

#[test]
fn a_replayed_datagram_does_nothing() {
    let (mut network, client, session) = Network::connected(4, PLAIN);
    network.send_from_client(client, Channel::Chat, b"once");
    network.flush();
    let packet = network.sent.last().expect("it went out").clone();
    network.run(Duration::from_secs(1));
    assert!(
        network
            .server
            .receive(network.now, session, Channel::Chat)
            .is_some()
    );
    let (events, sent) = (network.server_events.len(), network.sent.len());
    for from in [packet.from, ([203, 0, 113, 66], 666).into()] {
        network.deliver(super::network::Datagram {
            from,
            ..packet.clone()
        });
        network.flush();
    }
    assert_eq!(
        (network.server_events.len(), network.sent.len()),
        (events, sent)
    );
    assert_eq!(
        network.server.receive(network.now, session, Channel::Chat),
        None
    );
    assert!(network.server.counters().replayed >= 2);
}

#[test]
fn a_restarted_server_resets_the_client_and_a_forged_reset_does_not() {
    let (mut network, client, _) = Network::connected(5, PLAIN);
    network.server = server(network.now, 99);
    network.send_from_client(client, Channel::Chat, b"are you there?");
    network.flush();
    network.run(Duration::from_millis(30));
    let reset = network
        .sent
        .last()
        .expect("the server has answered")
        .clone();
    assert_eq!(reset.bytes[0], 5);
    let mut forged = reset.clone();
    forged.bytes[20] ^= 1;
    network.deliver(forged);
    network.flush();
    assert_eq!(network.client_events.len(), 1, "only Connected so far");
    network.run(Duration::from_millis(30));
    let closed = Event::Closed {
        session: client,
        reason: CloseReason::Reset,
    };
    assert_eq!(network.client_events.back(), Some(&closed));
    assert_eq!(network.client.held(), 0);
}

#[test]
fn a_goodbye_carries_what_was_queued_and_both_ends_forget() {
    let (mut network, client, session) = Network::connected(6, PLAIN);
    network.send_from_client(client, Channel::Chat, b"good night");
    network.client.close(network.now, client, 3, "quit");
    network.run(Duration::from_millis(25));
    assert_eq!(
        network
            .server
            .receive(network.now, session, Channel::Chat)
            .as_deref(),
        Some(&b"good night"[..])
    );
    let reason = CloseReason::Peer {
        code: 3,
        reason: "quit".to_owned(),
    };
    assert_eq!(
        network.server_events.back(),
        Some(&Event::Closed { session, reason })
    );
    let local = Event::Closed {
        session: client,
        reason: CloseReason::Local,
    };
    assert_eq!(network.client_events.back(), Some(&local));
    network.run(Duration::from_secs(11));
    assert_eq!((network.client.held(), network.server.held()), (0, 0));
    assert_eq!(
        (network.client.poll_timeout(), network.server.poll_timeout()),
        (None, None)
    );
}

#[test]
fn a_goodbye_is_heard_over_loss() {
    let heard = (0..20).filter(|seed| {
        let (mut network, client, _) = Network::connected(7 + seed, PLAIN);
        network.link.loss = 0.3;
        network.client.close(network.now, client, 0, "");
        network.run(Duration::from_secs(5));
        matches!(network.server_events.back(), Some(Event::Closed { .. }))
    });
    assert!(heard.count() >= 18);
}

#[test]
fn a_quiet_client_keeps_its_session_alive() {
    let (mut network, _, session) = Network::connected(8, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    network.run(Duration::from_hours(1));
    assert!(
        !network
            .server_events
            .iter()
            .any(|event| matches!(event, Event::Silent { .. } | Event::Closed { .. }))
    );
    assert!(
        !network
            .client_events
            .iter()
            .any(|event| matches!(event, Event::Silent { .. }))
    );
    assert!(
        network.sent.len() < 600,
        "{} datagrams in an hour",
        network.sent.len()
    );
}

#[test]
fn silence_is_told_once_and_the_session_wakes_with_what_was_said_meanwhile() {
    let (mut network, client, session) = Network::connected(9, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    network.run(Duration::from_secs(1));
    network.link.loss = 1.0;
    network.run(Duration::from_secs(100));
    assert_eq!(
        network.server_events.back(),
        Some(&Event::Silent { session })
    );
    assert_eq!(
        network.client_events.back(),
        Some(&Event::Silent { session: client })
    );
    network.send_from_server(session, Channel::Chat, b"while you were away");
    let before = network
        .sent
        .iter()
        .filter(|datagram| datagram.from == network.server_address)
        .count();
    network.run(Duration::from_mins(5));
    let after = network
        .sent
        .iter()
        .filter(|datagram| datagram.from == network.server_address)
        .count();
    assert_eq!(before, after, "nothing is sent to the silent");
    network.link.loss = 0.0;
    let back = network.run_until(Duration::from_secs(9), |network| {
        network
            .client
            .receive(network.now, client, Channel::Chat)
            .is_some()
    });
    assert!(back);
    network.flush();
    assert!(network.server_events.contains(&Event::Awake { session }));
    assert!(
        network
            .client_events
            .contains(&Event::Awake { session: client })
    );
}

#[test]
fn client_at_rest_that_watches_its_session_is_told_of_a_dead_server_within_five_seconds() {
    for seed in 0..20 {
        let (mut network, client, session) = Network::connected(11 + seed, PLAIN);
        network.server.set_signed_in(network.now, session, true);
        network.client.watch(network.now, client, true);
        network.run(Duration::from_secs(20 + seed % 5) + Duration::from_millis(137 * seed));
        let unanswered = Event::Unanswered { session: client };
        let answered = Event::Answered { session: client };
        assert!(!network.client_events.contains(&unanswered));
        network.link.loss = 1.0;
        let told = network.run_until(Duration::from_millis(4500), |network| {
            network.client_events.contains(&unanswered)
        });
        assert!(told, "seed {seed}");
        network.run(Duration::from_secs(15));
        let count = network.client_events.iter().filter(|it| **it == unanswered);
        assert_eq!(count.count(), 1, "it is said once");
        let silent = Event::Silent { session: client };
        assert_eq!(network.client_events.back(), Some(&silent));
        network.link.loss = 0.0;
        let back = network.run_until(Duration::from_secs(9), |network| {
            network.client_events.contains(&answered)
        });
        assert!(back, "seed {seed}");
    }
}

#[test]
fn watching_costs_a_packet_in_two_seconds_and_nothing_once_it_has_ended() {
    let (mut network, client, session) = Network::connected(12, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    network.run(Duration::from_mins(1));
    let mut sent_in_ten_minutes = |watched| {
        network.client.watch(network.now, client, watched);
        let before = network.sent.len();
        network.run(Duration::from_mins(10));
        network.sent.len() - before
    };
    let (before, watched, after) = (
        sent_in_ten_minutes(false),
        sent_in_ten_minutes(true),
        sent_in_ten_minutes(false),
    );
    assert!((500..=700).contains(&watched), "{watched}");
    assert!(before.abs_diff(after) <= 6, "{before} and then {after}");
}

#[test]
fn sessions_end_after_their_silence() {
    let closed = |signed_in: bool| {
        let (mut network, _, session) = Network::connected(10, PLAIN);
        network
            .server
            .set_signed_in(network.now, session, signed_in);
        network.link.loss = 1.0;
        let start = network.now;
        let closed = Event::Closed {
            session,
            reason: CloseReason::TimedOut,
        };
        assert!(network.run_until(Duration::from_secs(1000), |network| {
            network.server_events.contains(&closed)
        }));
        (network.now - start).as_secs()
    };
    assert!((50..=60).contains(&closed(false)));
    assert!((880..=900).contains(&closed(true)));
}

#[test]
fn who_does_not_sign_in_is_let_go_after_ten_minutes() {
    let (mut network, _, session) = Network::connected(11, PLAIN);
    network.run(Duration::from_secs(590));
    assert!(
        !network
            .server_events
            .iter()
            .any(|event| matches!(event, Event::Closed { .. }))
    );
    network.run(Duration::from_secs(10));
    let closed = Event::Closed {
        session,
        reason: CloseReason::TimedOut,
    };
    assert!(network.server_events.contains(&closed));
    network.run(Duration::from_secs(5));
    assert!(matches!(
        network.client_events.back(),
        Some(Event::Closed {
            reason: CloseReason::Peer { .. },
            ..
        })
    ));
    assert_eq!(network.server.held(), 0);
}

#[test]
fn keys_are_updated_hourly_without_a_gap() {
    let (mut network, client, session) = Network::connected(12, Link { loss: 0.1, ..PLAIN });
    network.server.set_signed_in(network.now, session, true);
    for hour in 0..5_u32 {
        network.run(Duration::from_mins(50));
        for _ in 0..20 {
            network.send_from_client(client, Channel::Chat, &hour.to_be_bytes());
            network.send_from_server(session, Channel::Chat, &hour.to_be_bytes());
            network.run(Duration::from_mins(1));
            assert!(
                network
                    .server
                    .receive(network.now, session, Channel::Chat)
                    .is_some()
            );
            assert!(
                network
                    .client
                    .receive(network.now, client, Channel::Chat)
                    .is_some()
            );
        }
    }
    assert!(
        network
            .sent
            .iter()
            .any(|datagram| datagram.bytes[0] == 0x84),
        "no update was seen"
    );
}

#[test]
fn keys_updated_by_both_ends_at_once_leave_no_gap() {
    let (mut network, client, session) = Network::connected(22, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    // Both keys were made within a round trip of each other: with traffic both ways, both ends are due at once.
    network.run(Duration::from_secs(3_590));
    network.sent.clear();
    for number in 0..200_u32 {
        network.send_from_client(client, Channel::Chat, &number.to_be_bytes());
        network.send_from_server(session, Channel::Chat, &number.to_be_bytes());
        network.run(Duration::from_millis(100));
        let (now, number) = (network.now, number.to_be_bytes());
        let at_server = network.server.receive(now, session, Channel::Chat);
        let at_client = network.client.receive(now, client, Channel::Chat);
        assert_eq!(at_server.as_deref(), Some(&number[..]));
        assert_eq!(at_client.as_deref(), Some(&number[..]));
    }
    let first_of = |from| {
        let mut sent = network.sent.iter();
        sent.position(|datagram| datagram.from == from && datagram.bytes[0] == 0x84)
            .expect("it has updated its keys")
    };
    let (one, other) = (
        first_of(network.client_address),
        first_of(network.server_address),
    );
    assert!(one.abs_diff(other) <= 2, "neither had seen the other's");
    assert_eq!(
        (
            network.client.counters().forged,
            network.server.counters().forged
        ),
        (0, 0)
    );
    let lost = network.server.statistics(session).expect("it is open");
    assert_eq!(lost.packets_lost, 0);
}

#[test]
fn an_idle_session_is_small() {
    let size = std::mem::size_of::<crate::transport::connection::Connection>();
    assert!(size <= 1856, "{size} bytes");
}

/// Lets the client's host sleep for ten minutes, from which its clock jumps, while the server goes on.
fn sleep_for_ten_minutes(network: &mut Network) {
    let asleep = network.now;
    network.link.loss = 1.0;
    for _ in 0..600 {
        network.now += Duration::from_secs(1);
        let now = network.now;
        if network.server.poll_timeout().is_some_and(|at| at <= now) {
            network.server.handle_timeout(now);
        }
        let mut lost = Vec::new();
        while network.server.poll_transmit(now, &mut lost).is_some() {}
    }
    network.link.loss = 0.0;
    assert_eq!(network.now - asleep, Duration::from_mins(10));
}

/// Once the client waited out the backoff of what it had sent before it slept, and the server its own.
#[test]
fn a_laptop_that_slept_for_ten_minutes_is_back_within_a_round_trip_and_a_second() {
    for under_way in [false, true] {
        for (elsewhere, noticed) in [(false, false), (false, true), (true, false), (true, true)] {
            let (mut network, client, session) = Network::connected(20, PLAIN);
            network.server.set_signed_in(network.now, session, true);
            network.run(Duration::from_secs(1));
            if under_way {
                network.link.loss = 1.0;
                network.send_from_client(client, Channel::Chat, b"said while the lid closed");
                network.send_from_server(session, Channel::Chat, b"said to a closed lid");
                network.run(Duration::from_secs(3));
            }
            sleep_for_ten_minutes(&mut network);
            network.send_from_server(session, Channel::Chat, b"while you slept");
            if elsewhere {
                network.client_address = ([203, 0, 113, 9], 4001).into();
            }
            let awake = network.now;
            if noticed {
                network.client.network_changed(network.now);
            }
            let mut expected = if under_way { 2 } else { 1 };
            let mut heard = !under_way;
            while expected > 0 || !heard {
                network.run(Duration::from_millis(1));
                while network
                    .client
                    .receive(network.now, client, Channel::Chat)
                    .is_some()
                {
                    expected -= 1;
                }
                let message = network.server.receive(network.now, session, Channel::Chat);
                heard |= message.is_some();
                let took = network.now - awake;
                assert!(
                    took <= Duration::from_millis(1040),
                    "under way: {under_way}, elsewhere: {elsewhere}, noticed: {noticed}"
                );
            }
        }
    }
}

/// While a socket is full nobody asks an endpoint for packets. Its deadlines must come all the same.
#[test]
fn time_passes_where_nothing_can_be_sent() {
    let (mut network, client, session) = Network::connected(1, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    network.send_from_client(client, Channel::Chat, b"is anybody there?");
    network.flush();
    let dialled = network
        .client
        .connect(network.now, ([192, 0, 2, 1], 7777).into());
    let (mut now, until) = (network.now, network.now + Duration::from_hours(1));
    for endpoint in [&mut network.client, &mut network.server] {
        now = network.now;
        while let Some(next) = endpoint.poll_timeout().filter(|next| *next < until) {
            assert!(next > now, "it would spin");
            now = next;
            endpoint.handle_timeout(now);
        }
    }
    assert!(now > network.now);
    let ends = |endpoint: &mut crate::transport::Endpoint, of| {
        std::iter::from_fn(|| endpoint.poll_event()).find_map(|event| match event {
            Event::Closed { session, reason } if session == of => Some(reason),
            _ => None,
        })
    };
    assert_eq!(
        ends(&mut network.server, session),
        Some(CloseReason::TimedOut)
    );
    let mut of_client = Vec::new();
    while let Some(event) = network.client.poll_event() {
        if let Event::Closed { session, reason } = event {
            of_client.push((session, reason));
        }
    }
    assert!(of_client.contains(&(dialled, CloseReason::NoAnswer)));
    assert!(of_client.contains(&(client, CloseReason::TimedOut)));
}
