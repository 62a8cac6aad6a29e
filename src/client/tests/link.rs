//! The link against a real server's endpoint, in virtual time: how soon it stands again after a restart.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::instant;
use crate::client::effects::Outgoing;
use crate::client::link::{Link, LinkEvent};
use crate::protocol::EndReason;
use crate::transport::{Channel, ClientConfig, Endpoint, Event, Limits, ServerConfig};

const ONE_WAY: Duration = Duration::from_millis(40);

fn server(now: Instant, seed: u8) -> Endpoint {
    let config = ServerConfig {
        static_key: [5; 32],
        reset_key: [6; 32],
        unix_ms: 1_773_756_120_000,
        limits: Limits::default(),
    };
    Endpoint::server(now, config, [seed; 32])
}

fn question() -> Outgoing {
    Outgoing {
        channel: Channel::Chat,
        may_wait: false,
        bytes: b"are you there?".to_vec(),
    }
}

fn address(port: u16) -> SocketAddr {
    ([192, 0, 2, 1], port).into()
}

struct Wire {
    now: Instant,
    server: Endpoint,
    client: Endpoint,
    link: Link,
    random: ChaCha20Rng,
    under_way: VecDeque<(Instant, bool, Vec<u8>)>,
    happened: Vec<LinkEvent>,
    /// Where the server is.
    place: SocketAddr,
}

impl Wire {
    fn new(addresses: Vec<SocketAddr>) -> Self {
        let now = instant();
        Self {
            now,
            server: server(now, 1),
            client: Endpoint::client(now, ClientConfig::default(), [3; 32]),
            link: Link::new(addresses),
            random: ChaCha20Rng::from_seed([4; 32]),
            under_way: VecDeque::new(),
            happened: Vec::new(),
            place: address(7777),
        }
    }

    /// Lets a millisecond pass.
    fn step(&mut self) {
        let now = self.now;
        let mut buffer = Vec::new();
        for is_up in [true, false] {
            let endpoint = if is_up {
                &mut self.client
            } else {
                &mut self.server
            };
            while let Some(transmit) = endpoint.poll_transmit(now, &mut buffer) {
                if is_up && transmit.remote != self.place {
                    // Nobody is there.
                    continue;
                }
                self.under_way
                    .push_back((now + ONE_WAY, is_up, buffer.clone()));
            }
        }
        while self.under_way.front().is_some_and(|(at, ..)| *at <= now) {
            let Some((_, is_up, mut bytes)) = self.under_way.pop_front() else {
                break;
            };
            let (endpoint, from) = if is_up {
                (&mut self.server, address(4000))
            } else {
                (&mut self.client, self.place)
            };
            endpoint.handle_datagram(now, None, from, None, &mut bytes);
        }
        self.server.handle_timeout(now);
        self.client.handle_timeout(now);
        while let Some(event) = self.client.poll_event() {
            let random = &mut self.random;
            let happened = self.link.handle_event(now, &mut self.client, event, random);
            self.happened.extend(happened);
        }
        if self.link.deadline().is_some_and(|deadline| deadline <= now) {
            let random = &mut self.random;
            let happened = self.link.handle_timeout(now, &mut self.client, random);
            self.happened.extend(happened);
        }
        self.now += Duration::from_millis(1);
    }

    fn run_until_up(&mut self) -> Duration {
        let start = self.now;
        self.happened.clear();
        let is_up = |event: &LinkEvent| matches!(event, LinkEvent::Up { .. });
        while !self.happened.iter().any(is_up) {
            self.step();
            assert!(
                self.now - start < Duration::from_secs(20),
                "it never came up"
            );
        }
        self.now - start
    }
}

/// The client waited a second, more or less a quarter, before it called a restarted server again.
#[test]
fn restarted_server_is_called_again_at_once_but_not_one_that_resets_every_session() {
    let mut wire = Wire::new(vec![address(7777)]);
    wire.link.connect(wire.now, &mut wire.client);
    wire.run_until_up();
    for _ in 0..5000 {
        wire.step();
    }
    let (round_trip, slack) = (2 * ONE_WAY, Duration::from_millis(10));
    for (restart, at_once) in [(2, true), (3, false)] {
        wire.server = server(wire.now, restart);
        let message = question();
        let (now, endpoint) = (wire.now, &mut wire.client);
        wire.link.send(now, endpoint, message);
        let took = wire.run_until_up();
        // One for the RESET, one for the cookie, one for the handshake.
        assert_eq!(took <= 3 * round_trip + slack, at_once, "{took:?}");
    }
}

#[test]
fn code_of_the_servers_goodbye_says_whether_the_user_was_signed_out() {
    let reasons = [
        (1, None),
        (3, Some(EndReason::Superseded)),
        (4, Some(EndReason::TooManySessions)),
        (11, Some(EndReason::AccountDisabled)),
        (14, Some(EndReason::AccountBanned)),
        (15, Some(EndReason::EndedByOperator)),
    ];
    for (code, reason) in reasons {
        let mut wire = Wire::new(vec![address(7777)]);
        wire.link.connect(wire.now, &mut wire.client);
        wire.run_until_up();
        for _ in 0..100 {
            wire.step();
        }
        let connected =
            std::iter::from_fn(|| wire.server.poll_event()).find_map(|event| match event {
                Event::Connected { session, .. } => Some(session),
                _ => None,
            });
        let session = connected.expect("it is up");
        wire.server.close(wire.now, session, code, "why");
        for _ in 0..100 {
            wire.step();
        }
        let lost = wire.happened.iter().find_map(|event| match event {
            LinkEvent::Lost { ended, .. } => Some(*ended),
            _ => None,
        });
        assert_eq!(lost, Some(reason), "{code}");
    }
}

#[test]
fn server_that_has_banned_this_address_is_not_called_again() {
    let mut wire = Wire::new(vec![address(7777)]);
    wire.link.connect(wire.now, &mut wire.client);
    wire.run_until_up();
    // The server learns of the session with the packet that came after it was up here.
    for _ in 0..100 {
        wire.step();
    }
    let connected = std::iter::from_fn(|| wire.server.poll_event()).find_map(|event| match event {
        Event::Connected { session, .. } => Some(session),
        _ => None,
    });
    let session = connected.expect("it is up");
    wire.server.close(wire.now, session, 13, "for good: spam");
    wire.happened.clear();
    for _ in 0..60_000 {
        wire.step();
        assert!(
            wire.server
                .poll_event()
                .is_none_or(|event| !matches!(event, Event::Connected { .. }))
        );
    }
    assert_eq!(wire.happened, [LinkEvent::Banned("for good: spam".into())]);
    assert!(wire.link.is_closed());
    assert_eq!(wire.link.deadline(), None);
}

/// RFC 8305 §5: an address that does not answer costs a quarter of a second, and only the first time.
#[test]
fn addresses_are_raced_and_the_one_that_has_answered_is_the_first_to_be_called_again() {
    let dead: SocketAddr = "[2001:db8::1]:7777".parse().expect("an address");
    let mut wire = Wire::new(vec![dead, address(7777)]);
    wire.link.connect(wire.now, &mut wire.client);
    let took = wire.run_until_up();
    let (handshake, slack) = (4 * ONE_WAY, Duration::from_millis(10));
    assert!(
        took <= Duration::from_millis(250) + handshake + slack,
        "{took:?}"
    );
    assert!(took > Duration::from_millis(250));
    for _ in 0..2000 {
        wire.step();
    }
    assert_eq!(
        wire.client.path().map(|(remote, _)| remote),
        Some(address(7777))
    );
    let (now, endpoint) = (wire.now, &mut wire.client);
    wire.link.connect(now, endpoint);
    let took = wire.run_until_up();
    assert!(took <= handshake + slack, "{took:?}");
}

/// A client dialled the address that its server had left for as long as it ran.
#[test]
fn server_whose_name_has_moved_is_found_whether_it_has_said_goodbye_or_not() {
    for says_goodbye in [true, false] {
        let mut wire = Wire::new(vec![address(7777)]);
        wire.link.connect(wire.now, &mut wire.client);
        wire.run_until_up();
        for _ in 0..2000 {
            wire.step();
        }
        if says_goodbye {
            let connected = std::iter::from_fn(|| wire.server.poll_event());
            let session = connected.filter_map(|event| match event {
                Event::Connected { session, .. } => Some(session),
                _ => None,
            });
            let session = session.last().expect("it is up");
            wire.server.close(wire.now, session, 1, "stopping");
            for _ in 0..100 {
                wire.step();
            }
        }
        wire.server = server(wire.now, 2);
        wire.place = address(8888);
        let (now, endpoint) = (wire.now, &mut wire.client);
        let message = question();
        wire.link.send(now, endpoint, message);
        let start = wire.now;
        while !wire.happened.contains(&LinkEvent::Resolve) {
            wire.step();
            assert!(wire.now - start < Duration::from_secs(15));
        }
        let (now, endpoint) = (wire.now, &mut wire.client);
        // Until the name has moved, the old address is tried further.
        let same = wire
            .link
            .handle_addresses(now, endpoint, vec![address(7777)]);
        assert_eq!(same, None);
        let new = vec![address(9999), address(8888)];
        let lost = wire.link.handle_addresses(now, endpoint, new);
        assert_eq!(lost.is_some(), !says_goodbye, "{lost:?}");
        let took = wire.run_until_up();
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
}

#[test]
fn user_is_told_once_that_the_first_attempt_takes_long() {
    let mut wire = Wire::new(vec![address(1)]);
    wire.link.connect(wire.now, &mut wire.client);
    for _ in 0..29_000 {
        wire.step();
    }
    assert_eq!(wire.happened, [LinkEvent::Slow]);
    for _ in 0..2000 {
        wire.step();
    }
    assert_eq!(wire.happened[1..], [LinkEvent::Unreachable(None)]);
}

/// A name that was resolved only after some seconds ended the client at once.
#[test]
fn name_is_resolved_again_until_it_is_and_the_user_is_told_once() {
    let mut wire = Wire::new(Vec::new());
    wire.link.connect(wire.now, &mut wire.client);
    let why = || "cannot resolve host: try again".to_owned();
    // Far longer than a server is tried that has an address.
    for _ in 0..120 {
        wire.step();
        while !matches!(wire.happened.pop(), Some(LinkEvent::Resolve)) {
            wire.step();
        }
        let link = &mut wire.link;
        wire.happened
            .extend(link.handle_unresolved(wire.now, why(), false));
        let told = matches!(wire.happened[..], [LinkEvent::Unresolved(_)]);
        assert_eq!(told, wire.now - instant() < Duration::from_millis(100));
        wire.happened.clear();
    }
    assert!(wire.now - instant() > Duration::from_secs(100));
    let found = vec![address(7777)];
    wire.link
        .handle_addresses(wire.now, &mut wire.client, found);
    wire.run_until_up();
    // A resolver that fails later is no news.
    let told = wire.link.handle_unresolved(wire.now, why(), true);
    assert_eq!(told, None);
}

/// A resolver that hung for a minute made "no answer from the server" of a name that was not resolved yet.
#[test]
fn resolver_that_does_not_answer_does_not_end_the_client() {
    let mut wire = Wire::new(Vec::new());
    wire.link.connect(wire.now, &mut wire.client);
    while wire.now - instant() < Duration::from_secs(70) {
        wire.step();
    }
    let is_end = |event: &LinkEvent| !matches!(event, LinkEvent::Resolve | LinkEvent::Slow);
    assert!(!wire.happened.iter().any(is_end), "{:?}", wire.happened);
    let (why, link) = ("cannot resolve host: try again", &mut wire.link);
    let told = link.handle_unresolved(wire.now, why.into(), false);
    assert_eq!(told, Some(LinkEvent::Unresolved(why.into())));
}

#[test]
fn name_that_does_not_exist_is_the_end_unless_it_did_before() {
    let mut wire = Wire::new(Vec::new());
    wire.link.connect(wire.now, &mut wire.client);
    let why = || "cannot resolve host: there is no such name".to_owned();
    let told = wire.link.handle_unresolved(wire.now, why(), true);
    assert_eq!(told, Some(LinkEvent::NoSuchName(why())));
    assert!(wire.link.is_closed());
    let mut wire = Wire::new(vec![address(7778)]);
    wire.link.connect(wire.now, &mut wire.client);
    let told = wire.link.handle_unresolved(wire.now, why(), true);
    assert_eq!(told, None);
}
