//! The plain values that an endpoint is given and gives.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use crate::transport::limits::Limits;

/// What a server needs to know. All keys are of 32 bytes.
#[derive(Clone)]
pub struct ServerConfig {
    /// X25519 private key of Noise.
    pub static_key: [u8; 32],
    /// BLAKE3 key from which reset tokens and address tokens are made; persisted, so that a restarted server can
    /// reset, and knows again whom it has met.
    pub reset_key: [u8; 32],
    /// The wall clock when the endpoint is made, in milliseconds since 1970 (UTC): address tokens outlive a process.
    pub unix_ms: u64,
    /// How much strangers may ask for.
    pub limits: Limits,
}

/// What a client needs to know.
#[derive(Debug, Default)]
pub struct ClientConfig {}

/// One datagram (or several of one size) to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transmit {
    /// To whom.
    pub remote: SocketAddr,
    /// The local address to send from: the one that the peer wrote to.
    pub local_ip: Option<IpAddr>,
    /// How many bytes of the buffer.
    pub len: usize,
    /// If the buffer holds several datagrams: the size of each but the last.
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

/// What the sessions of an endpoint hold of what is limited for all of them together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes in buffers: received and not taken, to be sent or to be acknowledged.
    pub buffers_bytes: usize,
    /// How many there may be.
    pub buffers_limit_bytes: usize,
    /// Sessions half open or not signed in.
    pub strangers: usize,
    /// How many there may be.
    pub strangers_limit: usize,
}

/// A session's figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// The smoothed round trip time, in microseconds.
    pub rtt_us: u64,
    /// The shortest round trip on this path, in microseconds.
    pub min_rtt_us: u64,
    /// Bytes that may be under way at once.
    pub congestion_window_bytes: u64,
    /// Bytes that are.
    pub bytes_in_flight: u64,
    /// DATA packets sent.
    pub packets_sent: u64,
    /// DATA packets received that opened.
    pub packets_received: u64,
    /// Bytes of UDP payload in them.
    pub bytes_sent: u64,
    /// Bytes of UDP payload in them.
    pub bytes_received: u64,
    /// Packets of ours that were taken for lost.
    pub packets_lost: u64,
    /// Packets of ours that carried something again: after a loss, as a probe, or as an early copy.
    pub retransmissions: u64,
    /// Packets of ours that held a copy of something sent before and not known to be lost.
    pub copies_sent: u64,
    /// How many of a thousand packets of ours are lost, lately.
    pub loss_sent_permille: u16,
    /// The same of the peer's packets, as the peer says.
    pub loss_received_permille: u16,
}
