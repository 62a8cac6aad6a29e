//! What only tests look at inside a session, or make it send.

use super::Connection;
use crate::transport::wire::packet::{DATA_HEADER_LEN, DataHeader};

impl Connection {
    /// Makes a packet with whatever frames a test writes.
    pub(crate) fn forge(&mut self, write: impl FnOnce(&mut Vec<u8>, u64, bool, u64)) -> Vec<u8> {
        let mut buffer = Vec::new();
        let number = self.next_number();
        write(&mut buffer, self.remote_id, self.keys.phase(), number);
        self.keys.seal(number, &mut buffer, DATA_HEADER_LEN);
        self.recovery.sent.on_sent_unrecorded();
        buffer
    }

    pub(crate) fn peek(&self, header: DataHeader, datagram: &[u8]) -> Option<Vec<u8>> {
        self.keys.peek(header, datagram)
    }

    pub(crate) fn next_number(&self) -> u64 {
        self.recovery.sent.next_number()
    }

    /// Records of packets in flight.
    pub(crate) fn records(&self) -> usize {
        self.recovery.sent.len()
    }

    pub(crate) fn has_received(&self, number: u64) -> bool {
        self.received.contains(number)
    }
}
