//! The interface of an endpoint (contract; the implementation follows).
#![allow(unused_variables, missing_docs, clippy::all, clippy::pedantic)]
use super::{Channel, Event, SendError, SessionId};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// Server side. All keys 32 bytes.
pub struct ServerConfig {
    /// X25519 private key of Noise.
    pub static_key: [u8; 32],
    /// BLAKE3 key from which reset tokens are made; persisted, so that a restarted server can reset.
    pub reset_key: [u8; 32],
}
#[derive(Default)]
pub struct ClientConfig {}

/// One datagram (or several of one size) to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transmit {
    pub remote: SocketAddr,
    /// The local address to send from: the one that the peer wrote to.
    pub local_ip: Option<IpAddr>,
    /// How many bytes of the buffer.
    pub len: usize,
    /// If the buffer holds several datagrams: the size of each but the last.
    pub segment_size: Option<usize>,
}
/// A session's figures.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Statistics {
    pub rtt_us: u64,
    pub min_rtt_us: u64,
    pub congestion_window_bytes: u64,
    pub bytes_in_flight: u64,
    pub packets_sent: u64,
    pub packets_received: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub packets_lost: u64,
}
pub struct Endpoint {}
impl Endpoint {
    /// `seed`: from the operating system in production, from the simulator's dice under test.
    pub fn server(now: Instant, config: ServerConfig, seed: [u8; 32]) -> Self {
        todo!()
    }
    pub fn client(now: Instant, config: ClientConfig, seed: [u8; 32]) -> Self {
        todo!()
    }
    /// The public half of the server's static key (None at a client).
    pub fn public_key(&self) -> Option<[u8; 32]> {
        todo!()
    }
    /// Begins a session with a server; Event::Connected or Event::Closed follows.
    pub fn connect(&mut self, now: Instant, remote: SocketAddr) -> SessionId {
        todo!()
    }
    /// Takes a datagram in (decrypted in place). Never panics, whatever it holds.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        local: Option<IpAddr>,
        remote: SocketAddr,
        ecn: Option<u8>,
        datagram: &mut [u8],
    ) {
        todo!()
    }
    pub fn handle_timeout(&mut self, now: Instant) {
        todo!()
    }
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }
    /// Writes the next datagram into `buffer` (cleared first).
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Transmit> {
        todo!()
    }
    pub fn poll_event(&mut self) -> Option<Event> {
        todo!()
    }
    /// Queues a message, all of it or nothing.
    pub fn send(
        &mut self,
        now: Instant,
        session: SessionId,
        channel: Channel,
        message: &[u8],
    ) -> Result<(), SendError> {
        todo!()
    }
    /// The next whole message of a channel, in order. Taking it is what widens the peer's window: whoever does not
    /// receive slows the sender down.
    pub fn receive(
        &mut self,
        now: Instant,
        session: SessionId,
        channel: Channel,
    ) -> Option<Vec<u8>> {
        todo!()
    }
    /// How many bytes may still be queued on a channel before `send` answers Full (0 for an unknown session).
    pub fn send_room(&self, session: SessionId, channel: Channel) -> usize {
        todo!()
    }
    /// Says goodbye (a CLOSE frame, sent a few times) and forgets the session. Event::Closed{Local} follows.
    /// Messages queued before are sent first if they fit into the goodbye's few packets; the application should
    /// wait for `is_drained` if it must know that they arrived.
    pub fn close(&mut self, now: Instant, session: SessionId, code: u16, reason: &str) {
        todo!()
    }
    /// Whether all that was sent on this session has been acknowledged.
    pub fn is_drained(&self, session: SessionId) -> bool {
        todo!()
    }
    /// At a server: the peer has signed in (true) or out (false): full windows, remembered for 15 minutes of silence.
    pub fn set_signed_in(&mut self, now: Instant, session: SessionId, signed_in: bool) {
        todo!()
    }
    /// The peer's current address.
    pub fn remote(&self, session: SessionId) -> Option<SocketAddr> {
        todo!()
    }
    pub fn statistics(&self, session: SessionId) -> Option<Statistics> {
        todo!()
    }
}
