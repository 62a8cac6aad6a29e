//! Datagrams on their way to the kernel. They are gathered, since one call for several costs a sixth less than one for
//! each; and what a full socket does not take stays here until it is writable.

use crate::transport::Transmit;

/// Datagrams that are gathered before they are sent. Chosen: more gain nothing that can be measured, and the first
/// waits only until the last is encrypted, some ten microseconds.
const GATHERED: usize = 16;

/// A datagram, or several of one size for one peer, and the socket that sends it.
#[derive(Debug, Clone)]
pub(super) struct Packet {
    pub(super) port: usize,
    pub(super) transmit: Transmit,
    /// What is not sent yet.
    pub(super) bytes: Vec<u8>,
}

/// The packets that wait, oldest first. Their buffers are used again.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: Vec<Packet>,
    spare: Vec<Vec<u8>>,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= GATHERED
    }

    /// A buffer to write the next packet into; it comes back by [`Outbox::push`] or [`Outbox::put_back`].
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    pub(super) fn put_back(&mut self, buffer: Vec<u8>) {
        self.spare.push(buffer);
    }

    pub(super) fn push(&mut self, port: usize, transmit: Transmit, bytes: Vec<u8>) {
        self.waiting.push(Packet {
            port,
            transmit,
            bytes,
        });
    }

    /// Forgets what waits: its socket is another now.
    pub(super) fn clear(&mut self) {
        self.remove(self.waiting.len());
    }

    /// Hands over the packets, those of one port in one piece, to a function that returns how many it has dealt with.
    /// Fewer than all: that port is full; it is returned, and the rest is kept.
    pub(super) fn flush(
        &mut self,
        mut send: impl FnMut(usize, &mut [Packet]) -> usize,
    ) -> Option<usize> {
        while let Some(first) = self.waiting.first() {
            let port = first.port;
            let others = self.waiting.iter().position(|packet| packet.port != port);
            let end = others.unwrap_or(self.waiting.len());
            let done = send(port, &mut self.waiting[..end]);
            self.remove(done);
            if done < end {
                return Some(port);
            }
        }
        None
    }

    fn remove(&mut self, count: usize) {
        let sent = self.waiting.drain(..count);
        self.spare.extend(sent.map(|packet| packet.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(ports: &[usize]) -> Outbox {
        let mut outbox = Outbox::default();
        for (index, port) in (0..).zip(ports) {
            let mut bytes = outbox.buffer();
            bytes.push(index);
            let transmit = Transmit {
                remote: ([127, 0, 0, 1], 7).into(),
                local_ip: None,
                len: 1,
                segment_size: None,
            };
            outbox.push(*port, transmit, bytes);
        }
        outbox
    }

    fn contents(packets: &[Packet]) -> Vec<u8> {
        packets.iter().map(|packet| packet.bytes[0]).collect()
    }

    #[test]
    fn packets_of_one_port_are_handed_over_together_and_in_order() {
        let mut outbox = outbox(&[0, 0, 1, 0]);
        let mut seen = Vec::new();
        let full = outbox.flush(|port, packets| {
            seen.push((port, contents(packets)));
            packets.len()
        });
        assert_eq!(full, None);
        assert_eq!(seen, [(0, vec![0, 1]), (1, vec![2]), (0, vec![3])]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn what_a_full_port_does_not_take_is_handed_over_again_and_nothing_twice() {
        let mut outbox = outbox(&[0, 0, 1, 1, 1]);
        let mut seen = Vec::new();
        let full = outbox.flush(|port, packets| {
            let taken = if port == 0 { packets.len() } else { 1 };
            seen.extend(contents(&packets[..taken]));
            taken
        });
        assert_eq!((full, outbox.is_empty()), (Some(1), false));
        assert_eq!(outbox.flush(|_, _| 0), Some(1));
        let full = outbox.flush(|_, packets| {
            seen.extend(contents(packets));
            packets.len()
        });
        assert_eq!((full, seen), (None, vec![0, 1, 2, 3, 4]));
    }

    #[test]
    fn buffers_are_used_again() {
        let mut outbox = outbox(&[0]);
        outbox.clear();
        assert!(outbox.is_empty());
        assert!(outbox.buffer().capacity() > 0);
        assert_eq!(outbox.buffer().capacity(), 0);
    }
}
