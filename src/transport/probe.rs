//! Which sizes of datagrams reach a server: a SYN may be padded, and whatever its size it is answered.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;

use super::wire::packet::{PROTOCOL_VERSION, Packet, Proof, encode_syn, parse};

/// A handshake that is begun to see whether its first packet arrives, and goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeProbe {
    client_id: u64,
    ephemeral: [u8; 32],
}

impl SizeProbe {
    /// Another one than all before.
    #[must_use]
    pub fn new(random: &mut ChaCha20Rng) -> Self {
        let mut ephemeral = [0; 32];
        random.fill_bytes(&mut ephemeral);
        Self {
            client_id: random.next_u64(),
            ephemeral,
        }
    }

    /// A datagram of so many bytes of UDP payload, or of the least that is answered.
    #[must_use]
    pub fn datagram(&self, size: usize) -> Vec<u8> {
        let mut datagram = Vec::new();
        encode_syn(
            &mut datagram,
            PROTOCOL_VERSION,
            self.client_id,
            &self.ephemeral,
            Proof::None,
            size,
        );
        datagram
    }

    /// Whether a datagram answers it. Anybody between could have made that: nothing follows from it but a size.
    #[must_use]
    pub fn is_answered_by(&self, datagram: &[u8]) -> bool {
        matches!(
            parse(datagram),
            Ok(Packet::Cookie { client_id, .. }
                | Packet::SynAck { client_id, .. }
                | Packet::Version { client_id, .. }) if client_id == self.client_id
        )
    }
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng as _;

    use super::*;
    use crate::testing::instant;
    use crate::transport::{Endpoint, Limits, ServerConfig};

    #[test]
    fn server_answers_a_handshake_of_every_size_and_each_knows_its_own_answer() {
        let now = instant();
        let config = ServerConfig {
            static_key: [7; 32],
            reset_key: [8; 32],
            unix_ms: 1,
            limits: Limits::default(),
        };
        let mut server = Endpoint::server(now, config, [1; 32]);
        let mut random = ChaCha20Rng::from_seed([2; 32]);
        for size in [1000, 1200, 1252, 1472, 8952] {
            let probe = SizeProbe::new(&mut random);
            let mut datagram = probe.datagram(size);
            assert_eq!(datagram.len(), size);
            let remote = "10.0.0.1:5".parse().unwrap();
            server.handle_datagram(now, None, remote, None, &mut datagram);
            let mut answer = Vec::new();
            assert!(server.poll_transmit(now, &mut answer).is_some(), "{size}");
            assert!(probe.is_answered_by(&answer));
            assert!(!SizeProbe::new(&mut random).is_answered_by(&answer));
        }
        let probe = SizeProbe::new(&mut random);
        assert!(!probe.is_answered_by(&[]) && !probe.is_answered_by(&probe.datagram(0)));
    }
}
