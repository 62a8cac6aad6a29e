//! Many sessions from one address, which are opened and held with as little as the transport needs for that.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use udpchat::transport::{ClientConfig, Endpoint, Event};

/// One address with any number of strangers' sessions.
pub struct Crowd {
    socket: UdpSocket,
    server: SocketAddr,
    endpoint: Endpoint,
    /// Sessions that are open now, as this end sees it.
    pub open: u32,
    /// Sessions that could not be opened, or were closed.
    pub lost: u32,
}

impl Crowd {
    pub fn new(server: SocketAddr, from: IpAddr, seed: u64) -> Self {
        let socket = UdpSocket::bind((from, 0)).expect("a loopback address can be bound");
        socket
            .set_nonblocking(true)
            .expect("a socket can be made non-blocking");
        let mut endpoint_seed = [0; 32];
        ChaCha20Rng::seed_from_u64(seed).fill_bytes(&mut endpoint_seed);
        Self {
            socket,
            server,
            endpoint: Endpoint::client(Instant::now(), ClientConfig::default(), endpoint_seed),
            open: 0,
            lost: 0,
        }
    }

    /// Begins so many more sessions.
    pub fn dial(&mut self, sessions: u32) {
        for _ in 0..sessions {
            self.endpoint.connect(Instant::now(), self.server);
        }
    }

    /// Takes in what has come and sends what is to be sent. Never waits.
    pub fn turn(&mut self) {
        let now = Instant::now();
        let mut datagram = [0; 2048];
        while let Ok((length, remote)) = self.socket.recv_from(&mut datagram) {
            self.endpoint
                .handle_datagram(now, None, remote, None, &mut datagram[..length]);
        }
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Connected { .. } => self.open += 1,
                Event::Closed { .. } => {
                    self.open = self.open.saturating_sub(1);
                    self.lost += 1;
                }
                _ => {}
            }
        }
        let mut buffer = Vec::new();
        while let Some(transmit) = self.endpoint.poll_transmit(now, &mut buffer) {
            let _ = self
                .socket
                .send_to(&buffer[..transmit.len], transmit.remote);
            buffer.clear();
        }
    }
}
