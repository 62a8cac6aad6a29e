//! What has gone through all sockets: the network thread writes it down, and any thread may look.

use std::sync::atomic::{AtomicU64, Ordering};

use super::socket::SocketCounters;

/// What has gone through all sockets since the start.
#[derive(Debug, Default)]
pub struct Traffic {
    packets_received: AtomicU64,
    packets_sent: AtomicU64,
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
    send_errors: AtomicU64,
}

/// What had gone through all sockets at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrafficReport {
    /// UDP datagrams.
    pub packets_received: u64,
    /// UDP datagrams that were handed to the operating system.
    pub packets_sent: u64,
    /// Bytes of UDP payload.
    pub bytes_received: u64,
    /// Bytes of UDP payload.
    pub bytes_sent: u64,
    /// Datagrams that the operating system refused.
    pub send_errors: u64,
}

impl Traffic {
    pub(super) fn note(&self, counters: SocketCounters) {
        let pairs = [
            (&self.packets_received, counters.datagrams_received),
            (&self.packets_sent, counters.datagrams_sent),
            (&self.bytes_received, counters.bytes_received),
            (&self.bytes_sent, counters.bytes_sent),
            (&self.send_errors, counters.send_errors),
        ];
        for (shared, count) in pairs {
            shared.store(count, Ordering::Relaxed);
        }
    }

    /// What has gone through until now.
    #[must_use]
    pub fn report(&self) -> TrafficReport {
        TrafficReport {
            packets_received: self.packets_received.load(Ordering::Relaxed),
            packets_sent: self.packets_sent.load(Ordering::Relaxed),
            bytes_received: self.bytes_received.load(Ordering::Relaxed),
            bytes_sent: self.bytes_sent.load(Ordering::Relaxed),
            send_errors: self.send_errors.load(Ordering::Relaxed),
        }
    }
}
