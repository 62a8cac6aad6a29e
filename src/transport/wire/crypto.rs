//! The keys of a session: ChaCha20-Poly1305 by ring, with the packet header as associated data, and key update (RFC
//! 9001 §6).
//!
//! Only the 32 bytes of each key are kept, because ring's expanded form has 544 bytes and there are tens of thousands
//! of sessions.

use std::time::{Duration, Instant};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::packet::{DATA_HEADER_LEN, DataHeader};
use super::packet_number::expand;

/// The maximum age of a key. Chosen like `WireGuard`'s two minutes for a handshake; a key update is cheaper.
const KEY_LIFETIME: Duration = Duration::from_hours(1);

/// The maximum packets of a key. ChaCha20-Poly1305 has no limit below the 2^62 packet numbers (RFC 9001 §6.6); this
/// one limits what a stolen key decrypts.
const KEY_PACKETS: u64 = 1 << 32;

/// The integrity limit of ChaCha20-Poly1305 in failed decryptions (RFC 9001 §6.6). At the limit the session decrypts
/// nothing, and ends by time-out.
const FORGERY_LIMIT: u64 = 1 << 36;

/// The derivation context of the next key.
const NEXT_KEY_CONTEXT: &str = "udpchat 2026 transport next key";

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn next(&self) -> Self {
        Self(blake3::derive_key(NEXT_KEY_CONTEXT, &self.0))
    }

    fn cipher(&self) -> LessSafeKey {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &self.0)
            .expect("a ChaCha20-Poly1305 key is 32 bytes, and so is this array");
        LessSafeKey::new(key)
    }

    /// Encrypts `packet[header_length..]` in place and appends the tag.
    pub(crate) fn seal(&self, number: u64, packet: &mut Vec<u8>, header_length: usize) {
        let (header, body) = packet.split_at_mut(header_length);
        let tag = self
            .cipher()
            .seal_in_place_separate_tag(nonce(number), Aad::from(&*header), body)
            .expect("a packet is far shorter than the cipher's limit of 256 GiB");
        packet.extend_from_slice(tag.as_ref());
    }

    /// Decrypts `body` (ciphertext and tag) in place; `None` if the tag is wrong.
    fn open<'a>(&self, number: u64, header: &[u8], body: &'a mut [u8]) -> Option<&'a [u8]> {
        self.cipher()
            .open_in_place(nonce(number), Aad::from(header), body)
            .ok()
            .map(|plain| &*plain)
    }
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

struct Previous {
    key: Key,
    until: Option<Instant>,
}

pub(crate) struct Keys {
    send: Key,
    receive: Key,
    /// The previous receive key, for reordered packets: until the given time, or without limit while the peer has not
    /// followed our update.
    previous: Option<Box<Previous>>,
    /// The key phase bit of `send` and `receive`.
    phase: bool,
    since: Instant,
    /// The first packet number sent in this phase.
    first_sent: u64,
    /// The smallest packet number received in this phase.
    first_received: Option<u64>,
    /// Whether a packet of this phase was acknowledged; only then may the next update start.
    confirmed: bool,
    forgeries: u64,
}

impl Keys {
    pub(crate) fn new(now: Instant, send: Key, receive: Key) -> Self {
        Self {
            send,
            receive,
            previous: None,
            phase: false,
            since: now,
            first_sent: 0,
            first_received: None,
            confirmed: false,
            forgeries: 0,
        }
    }

    pub(crate) fn phase(&self) -> bool {
        self.phase
    }

    pub(crate) fn seal(&self, number: u64, packet: &mut Vec<u8>, header_length: usize) {
        self.send.seal(number, packet, header_length);
    }

    /// Starts a key update if this phase is old and the peer is known to have followed it. `next_number`: of the next
    /// packet to send.
    pub(crate) fn update_if_due(&mut self, now: Instant, next_number: u64) {
        let old = now.saturating_duration_since(self.since) >= KEY_LIFETIME
            || next_number.saturating_sub(self.first_sent) >= KEY_PACKETS;
        if old && self.confirmed {
            self.advance(now, next_number);
        }
    }

    pub(crate) fn on_acknowledged(&mut self, number: u64) {
        self.confirmed |= number >= self.first_sent;
    }

    /// Whether a session's first packet decrypts with its key. Leaves the packet unchanged.
    pub(crate) fn recognises(&self, header: DataHeader, datagram: &[u8]) -> bool {
        let number = expand(header.truncated, None);
        let mut copy = datagram.to_vec();
        copy.split_at_mut_checked(DATA_HEADER_LEN)
            .is_some_and(|(associated, body)| {
                !header.key_phase && self.receive.open(number, associated, body).is_some()
            })
    }

    /// Decrypts a packet, and follows a key update of the peer. `grace`: how long reordered packets of the previous
    /// phase are accepted.
    #[allow(clippy::too_many_arguments, reason = "they are a packet's parts")]
    pub(crate) fn open<'a>(
        &mut self,
        now: Instant,
        phase: bool,
        number: u64,
        header: &[u8],
        body: &'a mut [u8],
        next_number: u64,
        grace: Duration,
    ) -> Option<&'a [u8]> {
        if self.forgeries >= FORGERY_LIMIT {
            return None;
        }
        let expired = |previous: &Previous| previous.until.is_some_and(|until| until <= now);
        if self.previous.as_deref().is_some_and(expired) {
            self.previous = None;
        }
        if phase == self.phase {
            let plain = self.receive.open(number, header, body);
            if plain.is_some() {
                let first = self.first_received.unwrap_or(number);
                self.first_received = Some(first.min(number));
                if let Some(previous) = &mut self.previous {
                    previous.until.get_or_insert(now + grace);
                }
            } else {
                self.forgeries += 1;
            }
            return plain;
        }
        let before_update = self.first_received.is_none_or(|first| number < first);
        if let (Some(previous), true) = (&self.previous, before_update) {
            let plain = previous.key.open(number, header, body);
            self.forgeries += u64::from(plain.is_none());
            return plain;
        }
        let Some(plain) = self.receive.next().open(number, header, body) else {
            self.forgeries += 1;
            return None;
        };
        self.advance(now, next_number);
        self.first_received = Some(number);
        if let Some(previous) = &mut self.previous {
            previous.until = Some(now + grace);
        }
        Some(plain)
    }

    fn advance(&mut self, now: Instant, next_number: u64) {
        self.send = self.send.next();
        let next = self.receive.next();
        let key = std::mem::replace(&mut self.receive, next);
        self.previous = Some(Box::new(Previous { key, until: None }));
        self.phase = !self.phase;
        self.since = now;
        self.first_sent = next_number;
        self.first_received = None;
        self.confirmed = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    impl Keys {
        /// What a packet of this phase holds; the packet is left as it is, and nothing is noted.
        pub(crate) fn peek(&self, header: DataHeader, datagram: &[u8]) -> Option<Vec<u8>> {
            let number = expand(header.truncated, None);
            let mut copy = datagram.to_vec();
            let (associated, body) = copy.split_at_mut_checked(DATA_HEADER_LEN)?;
            let plain = self.receive.open(number, associated, body)?;
            Some(plain.to_vec())
        }
    }

    const GRACE: Duration = Duration::from_secs(3);

    fn pair(now: Instant) -> (Keys, Keys) {
        let (a, b) = (Key::new([1; 32]), Key::new([2; 32]));
        (Keys::new(now, a.clone(), b.clone()), Keys::new(now, b, a))
    }

    fn sealed(keys: &Keys, number: u64) -> (bool, Vec<u8>) {
        let mut packet = b"headerfrom here".to_vec();
        keys.seal(number, &mut packet, 6);
        (keys.phase(), packet)
    }

    fn opens(keys: &mut Keys, now: Instant, number: u64, packet: &(bool, Vec<u8>)) -> bool {
        let mut bytes = packet.1.clone();
        let (header, body) = bytes.split_at_mut(6);
        keys.open(now, packet.0, number, header, body, 100, GRACE)
            .is_some_and(|opened| opened == b"from here")
    }

    #[test]
    fn a_packet_opens_only_with_its_number_header_and_key() {
        let now = instant();
        let (alice, mut bob) = pair(now);
        let packet = sealed(&alice, 7);
        assert!(opens(&mut bob, now, 7, &packet));
        assert!(!opens(&mut bob, now, 8, &packet));
        let mut other_header = packet.clone();
        other_header.1[0] ^= 1;
        assert!(!opens(&mut bob, now, 7, &other_header));
    }

    #[test]
    fn keys_change_hourly_and_late_packets_of_the_old_phase_still_open() {
        let now = instant();
        let (mut alice, mut bob) = pair(now);
        let early = sealed(&alice, 1);
        alice.update_if_due(now + KEY_LIFETIME, 2);
        assert!(
            !alice.phase(),
            "not before the peer has confirmed this phase"
        );
        alice.on_acknowledged(0);
        alice.update_if_due(now + KEY_LIFETIME, 2);
        assert!(alice.phase());
        let later = sealed(&alice, 2);
        let then = now + KEY_LIFETIME;
        assert!(opens(&mut bob, then, 2, &later));
        assert!(bob.phase(), "bob follows");
        assert!(opens(&mut bob, then, 1, &early));
        let answer = sealed(&bob, 1);
        assert!(opens(&mut alice, then, 1, &answer));
    }

    #[test]
    fn both_ends_may_update_at_once() {
        let now = instant();
        let (mut alice, mut bob) = pair(now);
        let under_way = sealed(&bob, 1);
        alice.on_acknowledged(0);
        bob.on_acknowledged(0);
        let then = now + KEY_LIFETIME;
        alice.update_if_due(then, 2);
        bob.update_if_due(then, 2);
        assert!(opens(&mut alice, then, 1, &under_way));
        let (from_alice, from_bob) = (sealed(&alice, 2), sealed(&bob, 2));
        assert!(opens(&mut alice, then, 2, &from_bob));
        assert!(opens(&mut bob, then, 2, &from_alice));
    }
}
