//! Address tokens: who has one comes back without being asked for a cookie, and nobody gains anything else by it.

use std::time::{Duration, Instant};

use super::network::{Datagram, Network, PLAIN, RESET_KEY, STATIC_KEY, UNIX_MS};
use crate::transport::{Channel, Endpoint, Event, Limits, ServerConfig, SessionId};

/// One way on these networks.
const ONE_WAY: Duration = PLAIN.delay;

/// A network whose client has signed in and got its token.
fn signed_in(seed: u64) -> (Network, SessionId, SessionId) {
    let (mut network, client, server) = Network::connected(seed, PLAIN);
    network.server.set_signed_in(network.now, server, true);
    network.run(Duration::from_secs(1));
    (network, client, server)
}

/// The types of what has been sent since `sent` was cleared.
fn kinds(network: &Network) -> Vec<u8> {
    let kind = |datagram: &Datagram| datagram.bytes[0] & 0x0f;
    network.sent.iter().map(kind).collect()
}

fn restarted(now: Instant, unix_ms: u64, limits: Limits) -> Endpoint {
    let config = ServerConfig {
        static_key: STATIC_KEY,
        reset_key: RESET_KEY,
        unix_ms,
        limits,
    };
    Endpoint::server(now, config, [99; 32])
}

/// The SYN with a token that a client sends which comes back.
fn token_syn(network: &mut Network) -> Datagram {
    network.run(Duration::from_mins(1));
    network.sent.clear();
    network.client.connect(network.now, network.server_address);
    network.flush();
    let syn = network.sent.pop().expect("a SYN goes out");
    assert_eq!((syn.bytes[0], syn.bytes[45]), (1, 20));
    syn
}

/// What a server answers to this SYN from there.
fn answers(server: &mut Endpoint, now: Instant, syn: &Datagram) -> Vec<Vec<u8>> {
    server.handle_datagram(now, None, syn.from, None, &mut syn.bytes.clone());
    let mut buffer = Vec::new();
    let mut answers = Vec::new();
    while server.poll_transmit(now, &mut buffer).is_some() {
        answers.push(buffer.clone());
    }
    answers
}

fn kinds_of(answers: &[Vec<u8>]) -> Vec<u8> {
    answers.iter().map(|answer| answer[0]).collect()
}

#[test]
fn who_was_signed_in_opens_a_session_in_one_round_trip_also_after_a_restart() {
    let (mut network, _, _) = signed_in(1);
    network.server = restarted(network.now, UNIX_MS + 60_000, Limits::default());
    network.sent.clear();
    network.client_events.clear();
    let began = network.now;
    network.client.connect(network.now, network.server_address);
    let connected = network.run_until(Duration::from_secs(1), |network| {
        let is_connected = |event: &Event| matches!(event, Event::Connected { .. });
        network.client_events.iter().any(is_connected)
    });
    assert!(connected);
    assert_eq!(network.now - began, ONE_WAY * 2);
    assert_eq!(kinds(&network)[..2], [1, 3]);
}

#[test]
fn token_is_given_to_who_has_signed_in_and_to_nobody_else() {
    let (mut network, _, _) = Network::connected(2, PLAIN);
    network.run(Duration::from_secs(1));
    network.sent.clear();
    network.client.connect(network.now, network.server_address);
    network.flush();
    assert_eq!(
        network.sent[0].bytes[45], 0,
        "a stranger has nothing to show"
    );
}

#[test]
fn token_that_is_lost_is_given_again() {
    let (mut network, _, server) = Network::connected(3, PLAIN);
    network.link.loss = 1.0;
    network.server.set_signed_in(network.now, server, true);
    network.run(Duration::from_millis(60));
    network.link.loss = 0.0;
    network.run(Duration::from_secs(5));
    token_syn(&mut network);
}

#[test]
fn foreign_and_expired_tokens_earn_a_cookie_that_is_smaller_than_the_syn() {
    let (mut network, _, _) = signed_in(4);
    let syn = token_syn(&mut network);
    let now = network.now;
    let soon = UNIX_MS + 61_000;
    let late = soon + 24 * 60 * 60 * 1000;
    let set_back = UNIX_MS - 10_000;
    let elsewhere = Datagram {
        from: ([203, 0, 113, 9], 4000).into(),
        ..syn.clone()
    };
    let mut forged = syn.clone();
    forged.bytes[60] ^= 1;
    for (unix_ms, syn) in [
        (soon, &elsewhere),
        (soon, &forged),
        (late, &syn),
        (set_back, &syn),
    ] {
        let mut server = restarted(now, unix_ms, Limits::default());
        let answers = answers(&mut server, now, syn);
        assert_eq!(kinds_of(&answers), [2]);
        assert!(answers[0].len() < syn.bytes.len());
        assert_eq!(server.held(), 0, "and nothing is remembered");
    }
    let other_port = Datagram {
        from: ([192, 0, 2, 1], 4001).into(),
        ..syn
    };
    let mut server = restarted(now, soon, Limits::default());
    let answers = answers(&mut server, now, &other_port);
    assert_eq!(kinds_of(&answers), [3], "a NAT may have changed the port");
    assert!(answers[0].len() < other_port.bytes.len());
}

#[test]
fn who_uses_a_stolen_token_takes_64_handshakes_in_ten_seconds_and_its_owner_still_comes_in() {
    let (mut network, _, _) = signed_in(5);
    let stolen = token_syn(&mut network);
    let now = network.now;
    let mut server = restarted(now, UNIX_MS + 61_000, Limits::default());
    let mut granted = 0;
    for number in 0..2000_u32 {
        let mut syn = stolen.clone();
        syn.bytes[5..9].copy_from_slice(&number.to_be_bytes());
        let now = now + Duration::from_millis(u64::from(number));
        server.handle_timeout(now);
        let answers = answers(&mut server, now, &syn);
        granted += answers.iter().filter(|answer| answer[0] == 3).count();
        let answered: usize = answers.iter().map(Vec::len).sum();
        assert!(answered < syn.bytes.len());
    }
    assert_eq!(granted, 64);
    network.now = now + Duration::from_secs(2);
    network.server = server;
    network.client_events.clear();
    network.client.connect(network.now, network.server_address);
    let connected = network.run_until(Duration::from_secs(1), |network| {
        let is_connected = |event: &Event| matches!(event, Event::Connected { .. });
        network.client_events.iter().any(is_connected)
    });
    assert!(connected, "by a cookie");
}

#[test]
fn cookie_is_asked_for_beside_a_token_when_many_come_from_one_host() {
    let (mut network, _, _) = signed_in(6);
    let syn = token_syn(&mut network);
    let now = network.now;
    let mut server = restarted(now, UNIX_MS + 61_000, Limits::default());
    for number in 0..1024_u32 {
        let mut syn = syn.clone();
        syn.bytes[5..9].copy_from_slice(&number.to_be_bytes());
        // They come at once: nobody is served between them.
        server.handle_datagram(now, None, syn.from, None, &mut syn.bytes);
    }
    let mut kinds = [0; 8];
    for turn in 0..1000 {
        let now = now + Duration::from_millis(turn);
        server.handle_timeout(now);
        let mut buffer = Vec::new();
        while server.poll_transmit(now, &mut buffer).is_some() {
            kinds[usize::from(buffer[0])] += 1;
        }
    }
    assert_eq!((kinds[3], kinds[2]), (64, 1024 - 64), "SYN_ACK and COOKIE");
}

#[test]
fn client_that_has_moved_is_given_a_token_for_where_it_is() {
    let (mut network, client, _) = signed_in(7);
    network.client_address = ([203, 0, 113, 77], 4000).into();
    network.send_from_client(client, Channel::Chat, b"from elsewhere");
    network.run(Duration::from_secs(5));
    let syn = token_syn(&mut network);
    let mut server = restarted(network.now, UNIX_MS + 70_000, Limits::default());
    let answers = answers(&mut server, network.now, &syn);
    assert_eq!(kinds_of(&answers), [3]);
}

#[test]
fn client_on_another_network_does_not_show_the_token_of_the_one_before() {
    let (mut network, client, _) = signed_in(8);
    network.client.close(network.now, client, 0, "");
    network.client.network_changed(network.now);
    network.run(Duration::from_secs(1));
    network.sent.clear();
    network.client.connect(network.now, network.server_address);
    network.flush();
    assert_eq!(network.sent[0].bytes[45], 0);
}

#[test]
fn token_is_renewed_before_it_expires() {
    let (mut network, _, _) = signed_in(9);
    network.run(Duration::from_hours(25));
    let syn = token_syn(&mut network);
    let unix_ms = UNIX_MS + 26 * 60 * 60 * 1000;
    let mut server = restarted(network.now, unix_ms, Limits::default());
    assert_eq!(kinds_of(&answers(&mut server, network.now, &syn)), [3]);
}
