//! A server and any number of clients, each at an address of its own, over a network without delay or loss.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::network::{RESET_KEY, STATIC_KEY, UNIX_MS};
use crate::testing::instant;
use crate::transport::wire::{frame, packet};
use crate::transport::{Channel, ClientConfig, Endpoint, Event, Limits, ServerConfig, SessionId};

pub(super) const SERVER: ([u8; 4], u16) = ([198, 51, 100, 1], 7777);

pub(super) struct Peer {
    pub(super) endpoint: Endpoint,
    pub(super) session: SessionId,
    pub(super) address: SocketAddr,
}

pub(super) struct Site {
    pub(super) now: Instant,
    pub(super) server: Endpoint,
    pub(super) peers: Vec<Peer>,
    pub(super) events: Vec<Event>,
    /// Whether nothing that the server sends arrives.
    pub(super) is_deaf: bool,
    by_address: HashMap<SocketAddr, usize>,
    ports: u16,
}

pub(super) fn server(now: Instant, limits: Limits) -> Endpoint {
    let config = ServerConfig {
        static_key: STATIC_KEY,
        reset_key: RESET_KEY,
        unix_ms: UNIX_MS,
        limits,
    };
    Endpoint::server(now, config, [7; 32])
}

impl Site {
    pub(super) fn new(limits: Limits) -> Self {
        let now = instant();
        Self {
            now,
            server: server(now, limits),
            peers: Vec::new(),
            events: Vec::new(),
            is_deaf: false,
            by_address: HashMap::new(),
            ports: 1024,
        }
    }

    /// Somebody dials from there.
    pub(super) fn dial(&mut self, ip: IpAddr) -> usize {
        self.ports += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&(self.peers.len() as u64).to_be_bytes());
        let mut endpoint = Endpoint::client(self.now, ClientConfig::default(), seed);
        let session = endpoint.connect(self.now, SERVER.into());
        let address = (ip, self.ports).into();
        self.by_address.insert(address, self.peers.len());
        self.peers.push(Peer {
            endpoint,
            session,
            address,
        });
        self.peers.len() - 1
    }

    /// Dials from there, until the server has a session; `None` if it has none after 50 ms.
    pub(super) fn connect(&mut self, ip: IpAddr) -> Option<(usize, SessionId)> {
        let peer = self.dial(ip);
        Some((peer, self.finish(peer)?))
    }

    /// Goes on with a dial.
    pub(super) fn finish(&mut self, peer: usize) -> Option<SessionId> {
        let address = self.peers[peer].address;
        for _ in 0..50 {
            let seen = self.events.len();
            self.now += Duration::from_millis(1);
            let now = self.now;
            self.peers[peer].endpoint.handle_timeout(now);
            self.exchange(peer);
            let is_it = |event: &Event| match event {
                Event::Connected { session, .. } => {
                    (self.server.remote(*session) == Some(address)).then_some(*session)
                }
                _ => None,
            };
            if let Some(session) = self.events[seen..].iter().find_map(is_it) {
                return Some(session);
            }
        }
        None
    }

    /// What one of them has to say, and then the server.
    pub(super) fn exchange(&mut self, peer: usize) {
        let mut buffer = Vec::new();
        for _ in 0..8 {
            let Peer {
                endpoint, address, ..
            } = &mut self.peers[peer];
            let mut is_quiet = true;
            while endpoint.poll_transmit(self.now, &mut buffer).is_some() {
                self.server
                    .handle_datagram(self.now, None, *address, None, &mut buffer);
                is_quiet = false;
            }
            self.speak();
            if is_quiet {
                return;
            }
        }
    }

    /// What the server has to say.
    pub(super) fn speak(&mut self) {
        let mut buffer = Vec::new();
        if self.server.poll_timeout().is_some_and(|at| at <= self.now) {
            self.server.handle_timeout(self.now);
        }
        while let Some(transmit) = self.server.poll_transmit(self.now, &mut buffer) {
            let to = self.by_address.get(&transmit.remote);
            if let Some(to) = to.filter(|_| !self.is_deaf) {
                let endpoint = &mut self.peers[*to].endpoint;
                endpoint.handle_datagram(self.now, None, SERVER.into(), None, &mut buffer);
            }
        }
        self.events
            .extend(std::iter::from_fn(|| self.server.poll_event()));
    }

    /// Somebody says something on the control channel, and the server takes it; whether it came.
    pub(super) fn say(&mut self, (peer, session): (usize, SessionId), message: &[u8]) -> bool {
        let now = self.now;
        let Peer {
            endpoint,
            session: own,
            ..
        } = &mut self.peers[peer];
        if endpoint.send(now, *own, Channel::Control, message).is_err() {
            return false;
        }
        self.exchange(peer);
        let taken = self.server.receive(now, session, Channel::Control);
        taken.as_deref() == Some(message)
    }

    /// Somebody sends a packet with these bytes at this place of a channel.
    pub(super) fn inject(&mut self, peer: usize, channel: Channel, offset: u64, bytes: &[u8]) {
        let Peer {
            endpoint,
            session,
            address,
        } = &mut self.peers[peer];
        let connection = endpoint.connection_mut(*session);
        let mut datagram = connection.forge(|buffer, remote_id, phase, number| {
            packet::encode_data_header(buffer, remote_id, phase, number);
            frame::encode_stream(buffer, channel, false, offset, (bytes, b""));
        });
        self.server
            .handle_datagram(self.now, None, *address, None, &mut datagram);
        self.speak();
    }

    /// How a session has ended, if it has.
    pub(super) fn end_of(&self, session: SessionId) -> Option<&crate::transport::CloseReason> {
        self.events.iter().find_map(|event| match event {
            Event::Closed {
                session: closed,
                reason,
            } if *closed == session => Some(reason),
            _ => None,
        })
    }

    /// Time passes at the server.
    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.server.handle_timeout(self.now);
        self.speak();
    }
}
