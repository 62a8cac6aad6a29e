//! A client and a server with a link between them, and a virtual clock that jumps from one thing to the next.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::kit::{Direction, Link, Rng, UnderWay};
use crate::testing::instant;
use crate::transport::{Channel, ClientConfig, Endpoint, Event, Limits, ServerConfig, SessionId};

pub(super) const STATIC_KEY: [u8; 32] = [5; 32];
pub(super) const RESET_KEY: [u8; 32] = [6; 32];
/// The server's wall clock when it begins.
pub(super) const UNIX_MS: u64 = 1_773_756_120_000;

/// A path without faults.
pub(super) const PLAIN: Link = Link {
    delay: Duration::from_millis(20),
    ..Link::PERFECT
};

/// A path with all of them.
pub(super) const HARD: Link = Link {
    loss: 0.3,
    duplicate: 0.05,
    reorder: 0.1,
    corrupt: 0.02,
    ..PLAIN
};

/// A datagram under way.
#[derive(Debug, Clone)]
pub(super) struct Datagram {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// A client and a server, and what is under way between them.
pub(super) struct Network {
    pub(super) now: Instant,
    pub(super) client: Endpoint,
    pub(super) server: Endpoint,
    pub(super) client_address: SocketAddr,
    pub(super) server_address: SocketAddr,
    pub(super) link: Link,
    /// Which datagrams vanish beside.
    pub(super) swallows: Option<fn(&Datagram) -> bool>,
    pub(super) client_events: VecDeque<Event>,
    pub(super) server_events: VecDeque<Event>,
    /// All that was sent, faults or not.
    pub(super) sent: Vec<Datagram>,
    under_way: UnderWay<Instant, Datagram>,
    direction: Direction<Instant>,
    rng: Rng,
}

pub(super) fn server(now: Instant, seed: u8) -> Endpoint {
    let limits = Limits::default();
    let config = ServerConfig {
        static_key: STATIC_KEY,
        reset_key: RESET_KEY,
        unix_ms: UNIX_MS,
        limits,
    };
    Endpoint::server(now, config, [seed; 32])
}

impl Network {
    pub(super) fn new(seed: u64, link: Link) -> Self {
        let now = instant();
        let mut rng = Rng::new(seed, 0);
        Self {
            now,
            client: Endpoint::client(now, ClientConfig::default(), rng.seed()),
            server: server(now, seed.to_le_bytes()[0]),
            client_address: ([192, 0, 2, 1], 4000).into(),
            server_address: ([198, 51, 100, 1], 7777).into(),
            link,
            swallows: None,
            client_events: VecDeque::new(),
            server_events: VecDeque::new(),
            sent: Vec::new(),
            under_way: UnderWay::default(),
            direction: Direction::default(),
            rng,
        }
    }

    /// A network with an open session: the client's and the server's name for it.
    pub(super) fn connected(seed: u64, link: Link) -> (Self, SessionId, SessionId) {
        let mut network = Self::new(seed, link);
        let client = network.client.connect(network.now, network.server_address);
        network.run(Duration::from_secs(4));
        let server = network
            .server_session()
            .unwrap_or_else(|| panic!("seed {seed}: no handshake"));
        (network, client, server)
    }

    /// The session of the server's last Connected event.
    pub(super) fn server_session(&self) -> Option<SessionId> {
        self.server_events
            .iter()
            .rev()
            .find_map(|event| match event {
                Event::Connected { session, .. } => Some(*session),
                _ => None,
            })
    }

    /// Puts a datagram on its way, faults applied.
    fn put(&mut self, datagram: &Datagram) {
        self.sent.push(datagram.clone());
        if self.swallows.is_some_and(|swallows| swallows(datagram)) {
            return;
        }
        let (link, rng) = (&self.link, &mut self.rng);
        let bytes = &datagram.bytes;
        let copies = self.direction.carry(link, rng, self.now, bytes, |_| ());
        for (arrival, bytes) in copies {
            let (from, to) = (datagram.from, datagram.to);
            self.under_way.put(arrival, Datagram { from, to, bytes });
        }
    }

    /// Lets both ends send all they want to send now, and collects their events.
    pub(super) fn flush(&mut self) {
        let mut buffer = Vec::new();
        for (from_client, address) in [(true, self.client_address), (false, self.server_address)] {
            loop {
                let endpoint = if from_client {
                    &mut self.client
                } else {
                    &mut self.server
                };
                let Some(transmit) = endpoint.poll_transmit(self.now, &mut buffer) else {
                    break;
                };
                assert!(transmit.len == buffer.len() && (1..=1200).contains(&transmit.len));
                self.put(&Datagram {
                    from: address,
                    to: transmit.remote,
                    bytes: buffer.clone(),
                });
            }
        }
        self.client_events
            .extend(std::iter::from_fn(|| self.client.poll_event()));
        self.server_events
            .extend(std::iter::from_fn(|| self.server.poll_event()));
    }

    /// Hands a datagram to whom it is addressed, if anybody is there.
    pub(super) fn deliver(&mut self, mut datagram: Datagram) {
        let endpoint = if datagram.to == self.server_address {
            &mut self.server
        } else if datagram.to == self.client_address {
            &mut self.client
        } else {
            return;
        };
        endpoint.handle_datagram(self.now, None, datagram.from, None, &mut datagram.bytes);
    }

    /// Does the next thing that happens up to `end`; false if nothing does.
    fn step(&mut self, end: Instant) -> bool {
        self.flush();
        let arrival = self.under_way.next();
        let timeouts = [self.client.poll_timeout(), self.server.poll_timeout()];
        let next = timeouts.into_iter().flatten().chain(arrival).min();
        let Some(next) = next.filter(|next| *next <= end) else {
            self.now = end;
            return false;
        };
        self.now = self.now.max(next);
        while let Some(datagram) = self.under_way.take(self.now) {
            self.deliver(datagram);
        }
        let now = self.now;
        for endpoint in [&mut self.client, &mut self.server] {
            if endpoint.poll_timeout().is_some_and(|at| at <= now) {
                endpoint.handle_timeout(now);
                assert!(
                    endpoint.poll_timeout().is_none_or(|at| at > now),
                    "a deadline survived being polled"
                );
            }
        }
        self.flush();
        true
    }

    pub(super) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.step(end) {}
    }

    /// Runs until a condition holds; false if it does not within the time given.
    pub(super) fn run_until(
        &mut self,
        limit: Duration,
        condition: impl Fn(&mut Self) -> bool,
    ) -> bool {
        let end = self.now + limit;
        loop {
            if condition(self) {
                return true;
            }
            if !self.step(end) {
                return condition(self);
            }
        }
    }

    pub(super) fn send_from_client(
        &mut self,
        session: SessionId,
        channel: Channel,
        message: &[u8],
    ) {
        self.client
            .send(self.now, session, channel, message)
            .expect("there is room");
    }

    pub(super) fn send_from_server(
        &mut self,
        session: SessionId,
        channel: Channel,
        message: &[u8],
    ) {
        self.server
            .send(self.now, session, channel, message)
            .expect("there is room");
    }
}
