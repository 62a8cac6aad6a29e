//! The plain types of the endpoint's interface.

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

/// The configuration of a client.
#[derive(Debug, Default)]
pub struct ClientConfig {
    /// Packets cost money: neither end sends a copy of what may be lost, and each waits to see that it was.
    pub frugal: bool,
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
