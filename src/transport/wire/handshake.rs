//! The cryptographic handshake: Noise `NX`. The client learns the server's static key, and both ends derive fresh
//! keys.
//!
//! snow takes its randomness from the endpoint's generator through a resolver, so that a simulation repeats with its
//! seed.

use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState};
use zeroize::Zeroize;

use super::crypto::{Key, Keys};
use super::packet::{EPHEMERAL_LEN, SYN_ACK_MESSAGE_LEN, SYN_ACK_PAYLOAD_LEN, TOKEN_LEN};

/// Pattern and primitives in Noise's notation.
const NOISE: &str = "Noise_NX_25519_ChaChaPoly_BLAKE2s";

/// snow needs room for a tag after each message, even if it writes none.
const TAG_ROOM: usize = 16;

struct SeededRandom(ChaCha20Rng);

impl Random for SeededRandom {
    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), snow::Error> {
        self.0.fill_bytes(destination);
        Ok(())
    }
}

struct SeededResolver([u8; 32]);

impl CryptoResolver for SeededResolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(SeededRandom(ChaCha20Rng::from_seed(self.0))))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

fn prologue(client_id: u64) -> [u8; 19] {
    let mut bytes = [0; 19];
    bytes[..7].copy_from_slice(b"udpchat");
    bytes[7..11].copy_from_slice(&super::packet::PROTOCOL_VERSION.to_be_bytes());
    bytes[11..].copy_from_slice(&client_id.to_be_bytes());
    bytes
}

fn build(
    random: &mut ChaCha20Rng,
    client_id: u64,
    static_key: Option<&[u8; 32]>,
) -> Result<HandshakeState, snow::Error> {
    let mut seed = [0; 32];
    random.fill_bytes(&mut seed);
    let prologue = prologue(client_id);
    let builder = Builder::with_resolver(NOISE.parse()?, Box::new(SeededResolver(seed)))
        .prologue(&prologue)?;
    match static_key {
        Some(key) => builder.local_private_key(key)?.build_responder(),
        None => builder.build_initiator(),
    }
}

/// The public key of a server's static key.
#[must_use]
pub fn public_key(static_key: &[u8; 32]) -> [u8; 32] {
    let mut public = [0; 32];
    if let Some(mut pair) = DefaultResolver.resolve_dh(&DHChoice::Curve25519) {
        pair.set(static_key);
        public.copy_from_slice(pair.pubkey());
    }
    public
}

/// The result of a handshake.
pub(crate) struct Established {
    pub(crate) keys: Keys,
    /// Known to both ends only.
    pub(crate) handshake_hash: [u8; 32],
}

/// The keys of a finished handshake.
///
/// snow 0.10 would also split an unfinished handshake, into keys that anybody can compute.
fn establish(now: Instant, mut state: HandshakeState) -> Option<Established> {
    if !state.is_handshake_finished() {
        return None;
    }
    let mut handshake_hash = [0; 32];
    handshake_hash.copy_from_slice(state.get_handshake_hash().get(..32)?);
    let (mut initiator, mut responder) = state.dangerously_get_raw_split();
    let (mut send, mut receive) = (Key::new(initiator), Key::new(responder));
    initiator.zeroize();
    responder.zeroize();
    if !state.is_initiator() {
        std::mem::swap(&mut send, &mut receive);
    }
    Some(Established {
        keys: Keys::new(now, send, receive),
        handshake_hash,
    })
}

/// The client's side, from its SYN to the `SYN_ACK`.
pub(crate) struct ClientHandshake {
    state: HandshakeState,
    ephemeral: [u8; EPHEMERAL_LEN],
}

impl ClientHandshake {
    /// `None` only if snow rejects its own pattern.
    pub(crate) fn new(random: &mut ChaCha20Rng, client_id: u64) -> Option<Self> {
        let mut state = build(random, client_id, None).ok()?;
        let mut message = [0; EPHEMERAL_LEN + TAG_ROOM];
        let length = state.write_message(&[], &mut message).ok()?;
        let ephemeral = message.get(..length)?.try_into().ok()?;
        Some(Self { state, ephemeral })
    }

    /// The public ephemeral key, which each SYN carries.
    pub(crate) fn ephemeral(&self) -> [u8; EPHEMERAL_LEN] {
        self.ephemeral
    }

    /// Verifies the server's answer: its connection id, reset token and static key. An invalid answer changes
    /// nothing, because the genuine one may follow.
    pub(crate) fn verify(
        &mut self,
        answer: &[u8; SYN_ACK_MESSAGE_LEN],
    ) -> Option<(u64, [u8; TOKEN_LEN], [u8; 32])> {
        let mut payload = [0; SYN_ACK_MESSAGE_LEN];
        let length = self.state.read_message(answer, &mut payload).ok()?;
        if length != SYN_ACK_PAYLOAD_LEN {
            return None;
        }
        let (server_id, token) = payload[..SYN_ACK_PAYLOAD_LEN].split_at(8);
        let peer_key = self.state.get_remote_static()?.try_into().ok()?;
        Some((
            u64::from_be_bytes(server_id.try_into().ok()?),
            token.try_into().ok()?,
            peer_key,
        ))
    }

    /// The keys, once an answer has been verified.
    pub(crate) fn finish(self, now: Instant) -> Option<Established> {
        establish(now, self.state)
    }
}

/// The server's side: its answer to a SYN, and the keys. `None` if the client's key is invalid.
///
/// `None` if the client's key is none.
pub(crate) fn answer(
    now: Instant,
    random: &mut ChaCha20Rng,
    static_key: &[u8; 32],
    client_id: u64,
    ephemeral: &[u8; EPHEMERAL_LEN],
    server_id: u64,
    reset_token: &[u8; TOKEN_LEN],
) -> Option<([u8; SYN_ACK_MESSAGE_LEN], Established)> {
    let mut state = build(random, client_id, Some(static_key)).ok()?;
    let mut nothing = [0; TAG_ROOM];
    state.read_message(ephemeral, &mut nothing).ok()?;
    let mut payload = [0; SYN_ACK_PAYLOAD_LEN];
    payload[..8].copy_from_slice(&server_id.to_be_bytes());
    payload[8..].copy_from_slice(reset_token);
    let mut message = [0; SYN_ACK_MESSAGE_LEN + TAG_ROOM];
    let length = state.write_message(&payload, &mut message).ok()?;
    let message = message.get(..length)?.try_into().ok()?;
    Some((message, establish(now, state)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn both_ends_derive_the_same_and_a_forged_answer_spoils_nothing() {
        let now = instant();
        let mut random = ChaCha20Rng::from_seed([7; 32]);
        let static_key = [9; 32];
        let mut client = ClientHandshake::new(&mut random, 5).unwrap();
        let ephemeral = client.ephemeral();
        let (message, server) =
            answer(now, &mut random, &static_key, 5, &ephemeral, 77, &[3; 16]).unwrap();
        for position in [0, 40, 90, 119] {
            let mut forged = message;
            forged[position] ^= 1;
            assert!(client.verify(&forged).is_none());
        }
        assert_eq!(
            client.verify(&message),
            Some((77, [3; 16], public_key(&static_key)))
        );
        let client = client.finish(now).unwrap();
        assert_eq!(client.handshake_hash, server.handshake_hash);
        let (mut sending, mut receiving) = (client.keys, server.keys);
        let mut packet = b"hi there".to_vec();
        sending.seal(1, &mut packet, 2);
        let (header, body) = packet.split_at_mut(2);
        let grace = std::time::Duration::ZERO;
        assert!(
            receiving
                .open(now, false, 1, header, body, 0, grace)
                .is_some()
        );
        assert!(!sending.phase());
        sending.on_acknowledged(1);
    }

    #[test]
    fn an_unfinished_handshake_is_never_split() {
        let mut random = ChaCha20Rng::from_seed([7; 32]);
        assert!(
            ClientHandshake::new(&mut random, 5)
                .unwrap()
                .finish(instant())
                .is_none()
        );
    }

    #[test]
    fn an_answer_to_another_connection_id_does_not_verify() {
        let mut random = ChaCha20Rng::from_seed([7; 32]);
        let mut client = ClientHandshake::new(&mut random, 5).unwrap();
        let ephemeral = client.ephemeral();
        let (message, _) = answer(
            instant(),
            &mut random,
            &[9; 32],
            6,
            &ephemeral,
            77,
            &[3; 16],
        )
        .unwrap();
        assert!(client.verify(&message).is_none());
    }
}
