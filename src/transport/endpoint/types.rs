//! The plain types of the endpoint's interface.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use crate::transport::limits::Limits;

/// The configuration of a server. All keys have 32 bytes.
#[derive(Clone)]
pub struct ServerConfig {
    /// The X25519 private key of Noise.
    pub static_key: [u8; 32],
    /// The BLAKE3 key of reset tokens and address tokens. It is persisted, so that a restarted server can reset old
    /// sessions and accept old tokens.
    pub reset_key: [u8; 32],
    /// The wall clock at the start, in milliseconds since 1970 (UTC), because address tokens outlive a process.
    pub unix_ms: u64,
    /// Limits on memory, handshakes and unauthenticated sessions.
    pub limits: Limits,
}

/// The configuration of a client: none yet.
#[derive(Debug, Default)]
pub struct ClientConfig {}

/// One datagram (or several of one size) to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transmit {
    /// The destination.
    pub remote: SocketAddr,
    /// The local address to send from: the one that the peer sent to.
    pub local_ip: Option<IpAddr>,
    /// Bytes of the buffer.
    pub len: usize,
    /// If the buffer holds several datagrams: the size in bytes of each but the last.
    pub segment_size: Option<usize>,
}

impl Transmit {
    pub(crate) const fn one(route: Route, len: usize) -> Self {
        Self {
            remote: route.remote,
            local_ip: route.local_ip,
            len,
            segment_size: None,
        }
    }
}

/// The two addresses between which packets travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) remote: SocketAddr,
    /// The local address to send from: the one that the peer sent to.
    pub(crate) local_ip: Option<IpAddr>,
}

/// How much of its limits an endpoint uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes in buffers: received and not read, queued, or not acknowledged.
    pub buffers_bytes: usize,
    /// How many there may be.
    pub buffers_limit_bytes: usize,
    /// Sessions that are half open or not signed in.
    pub strangers: usize,
    /// How many there may be.
    pub strangers_limit: usize,
}

/// Measurements of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// The smoothed round trip time, in microseconds.
    pub rtt_us: u64,
    /// The minimum round trip time of this path, in microseconds.
    pub min_rtt_us: u64,
    /// What congestion control allows in flight (RFC 9002 §7).
    pub congestion_window_bytes: u64,
    /// Bytes sent, and neither acknowledged nor lost.
    pub bytes_in_flight: u64,
    /// DATA packets sent.
    pub packets_sent: u64,
    /// DATA packets received and decrypted.
    pub packets_received: u64,
    /// Bytes of UDP payload in them.
    pub bytes_sent: u64,
    /// Bytes of UDP payload in them.
    pub bytes_received: u64,
    /// Packets sent and declared lost.
    pub packets_lost: u64,
    /// Packets that repeated data: after a loss, as a probe, or as a redundant copy.
    pub retransmissions: u64,
    /// Packets that held a redundant copy of data not known to be lost.
    pub copies_sent: u64,
    /// The recent loss of packets from this end, in packets of a thousand.
    pub loss_sent_permille: u16,
    /// The recent loss of the peer's packets, as reported by the peer.
    pub loss_received_permille: u16,
}
