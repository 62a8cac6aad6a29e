//! The measurements of a session.

use serde::Serialize;

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
