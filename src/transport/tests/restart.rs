//! A server that has restarted, and how soon its clients are back: counted in round trips, in virtual time.

use std::time::{Duration, Instant};

use super::network::{Datagram, Network, PLAIN, RESET_KEY, STATIC_KEY, UNIX_MS};
use crate::kit::Link;
use crate::transport::{Channel, CloseReason, Endpoint, Event, Limits, ServerConfig, SessionId};

const ROUND_TRIP: Duration = Duration::from_millis(40);

/// A network whose client is signed in and has been quiet for a while.
fn signed_in(seed: u64, link: Link) -> (Network, SessionId, SessionId) {
    let (mut network, client, server) = Network::connected(seed, PLAIN);
    network.server.set_signed_in(network.now, server, true);
    network.run(Duration::from_secs(2));
    network.link = link;
    network.client_events.clear();
    network.server_events.clear();
    network.sent.clear();
    (network, client, server)
}

fn restarted(now: Instant) -> Endpoint {
    let config = ServerConfig {
        static_key: STATIC_KEY,
        reset_key: RESET_KEY,
        unix_ms: UNIX_MS + 10_000,
        limits: Limits::default(),
    };
    Endpoint::server(now, config, [99; 32])
}

/// The server is away for so long, and then another process.
fn restart(network: &mut Network, away: Duration) {
    network.link.loss = 1.0;
    network.run(away);
    network.link.loss = 0.0;
    network.server = restarted(network.now);
    network.server_events.clear();
    network.sent.clear();
}

/// Lets the client come back as its application does: it connects once it is told of the reset, and asks to be signed
/// in once it is connected. Says when the server had the question, and how many sessions it has seen.
fn come_back(network: &mut Network) -> (Instant, usize) {
    let is_reset = |network: &mut Network| {
        let reset = |event: &Event| {
            matches!(
                event,
                Event::Closed {
                    reason: CloseReason::Reset,
                    ..
                }
            )
        };
        network.client_events.iter().any(reset)
    };
    assert!(network.run_until(Duration::from_mins(1), is_reset));
    let again = network.client.connect(network.now, network.server_address);
    let is_connected = move |network: &mut Network| {
        let connected =
            |event: &Event| matches!(event, Event::Connected { session, .. } if *session == again);
        network
            .client_events
            .extend(std::iter::from_fn(|| network.client.poll_event()));
        network.client_events.iter().any(connected)
    };
    assert!(network.run_until(Duration::from_secs(5), is_connected));
    network.send_from_client(again, Channel::Control, b"sign me in");
    let is_asked = |network: &mut Network| {
        let readable = |event: &Event| matches!(event, Event::Readable { .. });
        network.server_events.iter().any(readable)
    };
    assert!(network.run_until(Duration::from_secs(5), is_asked));
    let opened = |event: &&Event| matches!(event, Event::Connected { .. });
    let asked = network.now;
    network.run(Duration::from_secs(2));
    let sessions = network.server_events.iter().filter(opened).count();
    (asked, sessions)
}

#[test]
fn busy_client_asks_to_be_signed_in_one_round_trip_after_its_first_packet_has_arrived() {
    for away_ms in [350, 1_000, 3_000, 20_000, 300_000] {
        let (mut network, client, _) = signed_in(1, PLAIN);
        network.send_from_client(client, Channel::Chat, b"is anybody there?");
        restart(&mut network, Duration::from_millis(away_ms));
        assert!(network.run_until(Duration::from_secs(20), |network| !network.sent.is_empty()));
        let first = network.now;
        let (asked, sessions) = come_back(&mut network);
        assert_eq!(asked - first, ROUND_TRIP * 3 / 2, "away for {away_ms} ms");
        assert_eq!(sessions, 1, "one session, and so one sign-in");
        assert_eq!(network.client.held(), 1, "nothing stands by any more");
    }
}

#[test]
fn idle_client_needs_one_round_trip_more() {
    let (mut network, client, _) = signed_in(2, PLAIN);
    restart(&mut network, Duration::from_millis(500));
    let first = network.now;
    network.send_from_client(client, Channel::Chat, b"is anybody there?");
    let (asked, sessions) = come_back(&mut network);
    assert_eq!(asked - first, ROUND_TRIP * 5 / 2);
    assert_eq!(sessions, 1);
}

#[test]
fn standby_of_a_server_that_asks_for_a_cookie_brings_it_once_it_is_needed() {
    let (mut network, client, _) = signed_in(3, PLAIN);
    network.send_from_client(client, Channel::Chat, b"is anybody there?");
    restart(&mut network, Duration::from_secs(3));
    let config = ServerConfig {
        static_key: STATIC_KEY,
        reset_key: RESET_KEY,
        // Its clock is wrong: to it all tokens are from the future.
        unix_ms: 0,
        limits: Limits::default(),
    };
    network.server = Endpoint::server(network.now, config, [98; 32]);
    assert!(network.run_until(Duration::from_secs(20), |network| !network.sent.is_empty()));
    let first = network.now;
    let (asked, sessions) = come_back(&mut network);
    assert_eq!(asked - first, ROUND_TRIP * 5 / 2);
    assert_eq!(sessions, 1);
}

#[test]
fn living_server_hears_of_no_second_session_and_makes_a_handshake_a_second_at_most() {
    let (mut network, client, server) = signed_in(4, PLAIN);
    let began = network.now;
    let mut answers = 0;
    // What the server says of the session is lost, and no answer to a SYN is.
    network.swallows =
        Some(|datagram| datagram.bytes[0] & 0x0f == 4 && datagram.from.port() == 7777);
    network.send_from_client(client, Channel::Chat, b"is anybody there?");
    let mut distinct = std::collections::BTreeSet::new();
    while network.now < began + Duration::from_secs(30) {
        network.run(Duration::from_millis(1));
        for datagram in network.sent.drain(..) {
            if datagram.bytes[0] == 3 {
                answers += 1;
                distinct.insert(datagram.bytes);
            }
        }
    }
    assert!(answers > 0, "something stood by");
    assert!(distinct.len() <= 10, "{} handshakes", distinct.len());
    let opened = |event: &&Event| matches!(event, Event::Connected { .. });
    assert_eq!(network.server_events.iter().filter(opened).count(), 0);
    network.swallows = None;
    network.run(Duration::from_secs(20));
    assert_eq!(network.client.held(), 1);
    assert_eq!(network.server.held(), 1);
    assert!(
        network
            .server
            .receive(network.now, server, Channel::Chat)
            .is_some()
    );
}

#[test]
fn lossy_path_costs_a_living_server_few_handshakes() {
    let link = Link { loss: 0.4, ..PLAIN };
    let (mut network, client, server) = signed_in(5, link);
    for number in 0..120_u8 {
        network.send_from_client(client, Channel::Chat, &[number; 60]);
        network.send_from_server(server, Channel::Chat, &[number; 60]);
        network.run(Duration::from_millis(500));
    }
    let answers: std::collections::BTreeSet<_> = network
        .sent
        .iter()
        .filter(|datagram| datagram.bytes[0] == 3)
        .map(|datagram| &datagram.bytes)
        .collect();
    assert!(
        answers.len() <= 3,
        "{} handshakes in a minute",
        answers.len()
    );
    let closed = |event: &Event| matches!(event, Event::Closed { .. });
    assert!(!network.client_events.iter().any(closed));
}

#[test]
fn forged_reset_and_syn_ack_displace_nothing() {
    let (mut network, client, _) = signed_in(6, PLAIN);
    network.send_from_client(client, Channel::Chat, b"is anybody there?");
    network.link.loss = 1.0;
    network.run(Duration::from_secs(3));
    let data = network
        .sent
        .iter()
        .rfind(|datagram| datagram.bytes[0] & 0x0f == 4);
    let connection: [u8; 8] = data.expect("it probes").bytes[1..9].try_into().unwrap();
    let syn = network.sent.iter().rfind(|datagram| datagram.bytes[0] == 1);
    let standby: [u8; 8] = syn.expect("it stands by").bytes[5..13].try_into().unwrap();
    let reset = [&[5][..], &connection, &[7; 16]].concat();
    let syn_ack = [&[3][..], &standby, &[7; 120]].concat();
    let version = [&[6][..], &standby, &[0, 0, 0, 1, 1, 0, 0, 0, 2]].concat();
    for bytes in [reset, syn_ack, version] {
        network.deliver(Datagram {
            from: network.server_address,
            to: network.client_address,
            bytes,
        });
    }
    network.link.loss = 0.0;
    network.run(Duration::from_secs(20));
    let closed = |event: &Event| matches!(event, Event::Closed { .. });
    assert!(!network.client_events.iter().any(closed));
    assert_eq!(network.client.held(), 1);
}

#[test]
fn server_that_resets_every_session_is_not_answered_without_end() {
    let (mut network, client, _) = signed_in(7, PLAIN);
    network.send_from_client(client, Channel::Chat, b"is anybody there?");
    restart(&mut network, Duration::from_secs(3));
    let (_, sessions) = come_back(&mut network);
    assert_eq!(sessions, 1);
    network.server = restarted(network.now);
    network.sent.clear();
    network.run(Duration::from_mins(10));
    let resets = network
        .sent
        .iter()
        .filter(|datagram| datagram.bytes[0] == 5);
    assert!(
        resets.count() <= 1,
        "one for the keep-alive, and the session is over"
    );
    assert_eq!(network.client.held(), 0);
}

#[test]
fn standby_that_nobody_takes_over_is_forgotten() {
    let (mut network, client, _) = signed_in(8, PLAIN);
    network.send_from_client(client, Channel::Chat, b"is anybody there?");
    restart(&mut network, Duration::from_secs(3));
    network.run(Duration::from_secs(30));
    assert_eq!(network.client.held(), 0);
    assert_eq!(network.client.poll_timeout(), None);
    let opened = |event: &&Event| matches!(event, Event::Connected { .. });
    assert_eq!(network.server_events.iter().filter(opened).count(), 0);
}
