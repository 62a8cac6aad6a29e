//! A hostile client: sessions from any loopback address, which say whatever a test wants them to.
//!
//! It speaks through the library's transport and protocol, so that everything below its malice is as an honest
//! client's. Nothing it does leaves this machine, and every wait ends.

mod account;

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use udpchat::protocol::{
    ClientBody, ClientMessage, Command, Envelope, Failure, Hop, ServerBody, ServerMessage, encode,
};
use udpchat::transport::{
    Channel, ClientConfig, CloseReason, Endpoint, Event, SendError, SessionId,
};

pub use account::{Pass, mallory_with_bob};

/// How long a peer waits for an answer before it says that there was none.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The longest datagram that the transport sends, and room for more.
const DATAGRAM_BYTES: usize = 2048;

/// Where a peer stands.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Connecting,
    Open,
    Closed(String),
}

/// One address with one session.
pub struct Peer {
    socket: UdpSocket,
    server: SocketAddr,
    endpoint: Endpoint,
    session: SessionId,
    state: State,
    handshake_hash: [u8; 32],
    random: ChaCha20Rng,
    /// What has come and was not looked at.
    inbox: Vec<ServerMessage>,
    /// Bytes that the other end has sent, as UDP payload.
    pub received_bytes: u64,
    /// Whether messages are taken from the transport: who does not take them lets the server's buffers fill.
    pub is_reading: bool,
    /// How many more datagrams it sends; then it falls silent, in the middle of whatever it was saying.
    pub datagrams_left: u64,
}

/// A loopback address for the attacker of this number: 127.1.0.0 and up, each in another /24 than the one before.
pub fn address(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(127, 1 + high, low, 1).into()
}

impl Peer {
    /// A socket at this address, and a handshake that begins.
    pub fn dial(server: SocketAddr, from: IpAddr, seed: u64) -> Self {
        let socket = UdpSocket::bind((from, 0)).expect("a loopback address can be bound");
        socket
            .set_nonblocking(true)
            .expect("a socket can be made non-blocking");
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let mut endpoint_seed = [0; 32];
        random.fill_bytes(&mut endpoint_seed);
        let now = Instant::now();
        let mut endpoint = Endpoint::client(now, ClientConfig::default(), endpoint_seed);
        let session = endpoint.connect(now, server);
        let mut peer = Self {
            socket,
            server,
            endpoint,
            session,
            state: State::Connecting,
            handshake_hash: [0; 32],
            random,
            inbox: Vec::new(),
            received_bytes: 0,
            is_reading: true,
            datagrams_left: u64::MAX,
        };
        peer.turn();
        peer
    }

    /// [`Peer::dial`] from 127.0.0.1, until the session is open.
    pub fn connect(server: SocketAddr, seed: u64) -> Self {
        Self::connect_from(server, Ipv4Addr::LOCALHOST.into(), seed)
    }

    /// [`Peer::dial`], until the session is open.
    ///
    /// # Panics
    /// If it does not open.
    pub fn connect_from(server: SocketAddr, from: IpAddr, seed: u64) -> Self {
        let mut peer = Self::dial(server, from, seed);
        assert!(
            peer.wait(PATIENCE, |peer| peer.state != State::Connecting),
            "no session within {PATIENCE:?}"
        );
        assert!(peer.is_open(), "the session ended: {:?}", peer.state);
        peer
    }

    /// Begins another session from the same socket, after one that is over or not.
    pub fn redial(&mut self) {
        self.session = self.endpoint.connect(Instant::now(), self.server);
        self.state = State::Connecting;
        self.turn();
    }

    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Why the session ended, if it has.
    pub fn why_closed(&self) -> Option<&str> {
        match &self.state {
            State::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    pub fn local(&self) -> SocketAddr {
        self.socket.local_addr().expect("it is bound")
    }

    /// Takes in what has come, does what is due, sends what is to be sent. Never waits.
    pub fn turn(&mut self) {
        let mut datagram = [0; DATAGRAM_BYTES];
        let now = Instant::now();
        loop {
            match self.socket.recv_from(&mut datagram) {
                Ok((length, remote)) => {
                    self.received_bytes += length as u64;
                    self.endpoint
                        .handle_datagram(now, None, remote, None, &mut datagram[..length]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // The port may be closed for now: the transport tries again.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(error) => panic!("receiving: {error}"),
            }
        }
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
        while let Some(event) = self.endpoint.poll_event() {
            self.on_event(now, event);
        }
        self.flush(now);
    }

    fn on_event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Connected {
                session,
                handshake_hash,
                ..
            } if session == self.session => {
                self.handshake_hash = handshake_hash;
                self.state = State::Open;
            }
            Event::Closed { session, reason } if session == self.session => {
                self.take_messages(now);
                self.state = State::Closed(match reason {
                    CloseReason::Peer { code, reason } => format!("code {code}: {reason}"),
                    other => other.to_string(),
                });
            }
            Event::Readable { .. } => self.take_messages(now),
            _ => {}
        }
    }

    fn take_messages(&mut self, now: Instant) {
        if !self.is_reading {
            return;
        }
        for channel in Channel::ALL {
            while let Some(bytes) = self.endpoint.receive(now, self.session, channel) {
                let message = Envelope::decode(&bytes).and_then(|envelope| envelope.open());
                self.inbox.push(message.expect("the server is honest"));
            }
        }
    }

    fn flush(&mut self, now: Instant) {
        let mut buffer = Vec::new();
        while let Some(transmit) = self.endpoint.poll_transmit(now, &mut buffer) {
            if self.datagrams_left == 0 {
                buffer.clear();
                continue;
            }
            self.datagrams_left -= 1;
            // What a full socket loses is sent again, as on any path.
            let _ = self
                .socket
                .send_to(&buffer[..transmit.len], transmit.remote);
            buffer.clear();
        }
    }

    /// Turns until `is_done`; `false` when the time is over first.
    pub fn wait(&mut self, at_most: Duration, mut is_done: impl FnMut(&mut Self) -> bool) -> bool {
        let end = Instant::now() + at_most;
        loop {
            self.turn();
            if is_done(self) {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends the session, for this reason.
    pub fn hang_up(&mut self, reason: &str) {
        self.endpoint.close(Instant::now(), self.session, 7, reason);
        self.turn();
    }

    /// Bytes to the server from this address that are no session's.
    pub fn send_raw(&self, datagram: &[u8]) {
        let _ = self.socket.send_to(datagram, self.server);
    }

    /// Queues a message as any bytes.
    ///
    /// # Errors
    /// As [`Endpoint::send`].
    pub fn send_bytes(&mut self, channel: Channel, bytes: &[u8]) -> Result<(), SendError> {
        let sent = self
            .endpoint
            .send(Instant::now(), self.session, channel, bytes);
        self.turn();
        sent
    }

    /// Queues a message.
    ///
    /// # Errors
    /// As [`Endpoint::send`].
    pub fn send(&mut self, channel: Channel, message: &ClientMessage) -> Result<(), SendError> {
        self.send_bytes(channel, &encode(message, Hop::default()))
    }

    /// Queues a request on the control channel.
    ///
    /// # Panics
    /// If there is no room for it.
    pub fn ask(&mut self, body: impl Into<ClientBody>) {
        self.send(Channel::Control, &ClientMessage::control(body))
            .expect("a request finds room");
    }

    /// What has come since this was called last.
    pub fn take_inbox(&mut self) -> Vec<ServerMessage> {
        self.turn();
        std::mem::take(&mut self.inbox)
    }

    /// The first message that `wanted` makes something of; it is taken out, the others stay.
    pub fn next<T>(
        &mut self,
        at_most: Duration,
        mut wanted: impl FnMut(&ServerMessage) -> Option<T>,
    ) -> Option<T> {
        let mut found = None;
        self.wait(at_most, |peer| {
            let index = peer.inbox.iter().position(|message| {
                found = wanted(message);
                found.is_some()
            });
            if let Some(index) = index {
                peer.inbox.remove(index);
            }
            found.is_some() || !matches!(peer.state, State::Open)
        });
        found
    }

    /// What answers a request: what `wanted` makes of the answer, or the refusal.
    ///
    /// # Errors
    /// The refusal, or that nothing came.
    pub fn answer<T>(
        &mut self,
        command: Command,
        mut wanted: impl FnMut(&ServerBody) -> Option<T>,
    ) -> Result<T, Option<Failure>> {
        self.next(PATIENCE, |message| match &message.body {
            ServerBody::Failure(failure) if message.header.command == command => {
                Some(Err(Some(failure.clone())))
            }
            body => wanted(body).map(Ok),
        })
        .unwrap_or(Err(None))
    }
}
