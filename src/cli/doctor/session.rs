//! A session of the doctor's own: the transport itself, on a socket that learns of ICMP errors because it is connected.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use quinn_udp::UdpSocketState;

use crate::net;
use crate::protocol::{Hop, Message, RoomsRequest, encode};
use crate::transport::{
    Channel, ClientConfig, CloseReason, Endpoint, Event, SessionId, Statistics,
};

/// The longest datagram that is read.
const DATAGRAM_MAX_BYTES: usize = 65_535;

/// A socket toward one address, which never sends fragments.
pub struct Wire {
    socket: UdpSocket,
    /// The first error that an ICMP message has caused.
    icmp: Option<ErrorKind>,
}

impl Wire {
    /// # Errors
    /// If there is no route to that address.
    pub fn open(remote: SocketAddr) -> io::Result<Self> {
        let any: IpAddr = match remote {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0))?;
        // It forbids fragments, and makes the socket one that does not block.
        UdpSocketState::new((&socket).into())?;
        socket.connect(remote)?;
        Ok(Self { socket, icmp: None })
    }

    pub fn local(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub fn send(&mut self, datagram: &[u8]) {
        // The first error may be that of an ICMP message about an earlier datagram, and then this one has not left.
        for _ in 0..2 {
            match self.socket.send(datagram) {
                Ok(_) => return,
                Err(error) => self.note(error.kind()),
            }
        }
    }

    /// What has arrived.
    pub fn receive(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; DATAGRAM_MAX_BYTES];
        loop {
            match self.socket.recv(&mut buffer) {
                Ok(length) => {
                    buffer.truncate(length);
                    return Some(buffer);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                // Each error is returned once.
                Err(error) => self.note(error.kind()),
            }
        }
    }

    /// A datagram that is too long for the path is no error here: its size is what is asked for.
    fn note(&mut self, kind: ErrorKind) {
        let is_told = matches!(
            kind,
            ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::PermissionDenied
        );
        if is_told {
            self.icmp.get_or_insert(kind);
        }
    }

    /// Waits until something arrives, or until then.
    pub fn wait(&self, until: Instant) {
        let left = until.saturating_duration_since(net::now().instant);
        // Rounded up: else it would return before that.
        let left = left + Duration::from_millis(1);
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut descriptors = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        // An interrupted wait is a short one.
        let _ = poll(&mut descriptors, timeout);
    }
}

/// A session over a wire.
pub struct ProbeSession {
    wire: Wire,
    endpoint: Endpoint,
    session: SessionId,
    remote: SocketAddr,
    /// The server's key.
    pub key: Option<[u8; 32]>,
    pub closed: Option<CloseReason>,
    /// When each answer to a request came.
    pub answers: Vec<Instant>,
}

impl ProbeSession {
    /// Begins a handshake.
    pub fn dial(remote: SocketAddr) -> anyhow::Result<Self> {
        let now = net::now().instant;
        let mut endpoint = Endpoint::client(now, ClientConfig::default(), net::seed()?);
        let session = endpoint.connect(now, remote);
        Ok(Self {
            wire: Wire::open(remote)?,
            endpoint,
            session,
            remote,
            key: None,
            closed: None,
            answers: Vec::new(),
        })
    }

    pub const fn remote(&self) -> SocketAddr {
        self.remote
    }

    pub const fn icmp(&self) -> Option<ErrorKind> {
        self.wire.icmp
    }

    pub fn statistics(&self) -> Option<Statistics> {
        self.endpoint.statistics(self.session)
    }

    /// Sends and receives until then, or until it is done.
    pub fn run(&mut self, until: Instant, is_done: impl Fn(&Self) -> bool) {
        loop {
            let now = net::now().instant;
            if self.endpoint.poll_timeout().is_some_and(|due| due <= now) {
                self.endpoint.handle_timeout(now);
            }
            self.send_pending(now);
            self.take_events(now);
            self.send_pending(now);
            if is_done(self) || now >= until {
                return;
            }
            let due = self.endpoint.poll_timeout();
            self.wire.wait(due.map_or(until, |due| due.min(until)));
            let now = net::now().instant;
            while let Some(mut datagram) = self.wire.receive() {
                let remote = self.remote;
                self.endpoint
                    .handle_datagram(now, None, remote, None, &mut datagram);
            }
        }
    }

    fn send_pending(&mut self, now: Instant) {
        let mut buffer = Vec::new();
        while self.endpoint.poll_transmit(now, &mut buffer).is_some() {
            self.wire.send(&buffer);
        }
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Connected { peer_key, .. } => self.key = peer_key,
                Event::Closed { reason, .. } => self.closed = Some(reason),
                Event::Readable { channel, .. } => {
                    let session = self.session;
                    while self.endpoint.receive(now, session, channel).is_some() {
                        self.answers.push(now);
                    }
                }
                _ => {}
            }
        }
    }

    /// Asks the server for what it refuses to strangers: the refusal is an answer of the whole server.
    pub fn ask(&mut self, number: u32) {
        let request = RoomsRequest {
            tag: number,
            page: None,
        };
        let bytes = encode(
            &Message::<crate::protocol::ClientBody>::control(request),
            Hop::default(),
        );
        let now = net::now().instant;
        // If the session is over, there is no answer.
        let _ = self
            .endpoint
            .send(now, self.session, Channel::Control, &bytes);
    }

    /// Goes on at another port, as after a change of networks. Returns the wire that was used until now.
    pub fn move_to(&mut self, wire: Wire) -> Wire {
        self.endpoint.port_changed(net::now().instant);
        std::mem::replace(&mut self.wire, wire)
    }

    /// Says goodbye.
    pub fn hang_up(mut self) {
        let now = net::now().instant;
        self.endpoint.close(now, self.session, 0, "");
        self.send_pending(now);
    }
}
