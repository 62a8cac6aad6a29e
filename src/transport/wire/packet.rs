//! The outermost layer of the wire: which packet a datagram is, and its fields that are not encrypted.
//!
//! A datagram is checked here once, length and all, and is typed values from then on. Whatever parses is still
//! not believed: only cookie and token, the handshake and the tag of a DATA packet prove anything.

use thiserror::Error;

use super::packet_number::truncate;

/// The version of the protocol that this program speaks.
pub(crate) const PROTOCOL_VERSION: u32 = 1;
/// Bytes of a cookie: the time (8) and a truncated MAC (16).
pub(crate) const COOKIE_LEN: usize = 24;
/// Bytes of an address token: when it was given (4) and a truncated MAC (16). By its length it is told from a cookie.
pub(crate) const ADDRESS_TOKEN_LEN: usize = 20;
/// Bytes of a cookie and the address token after it.
pub(crate) const BOTH_LEN: usize = COOKIE_LEN + ADDRESS_TOKEN_LEN;
/// Bytes of a reset token.
pub(crate) const TOKEN_LEN: usize = 16;
/// Bytes of an ephemeral X25519 key.
pub(crate) const EPHEMERAL_LEN: usize = 32;
/// Bytes of the AEAD's tag.
pub(crate) const TAG_LEN: usize = 16;
/// Bytes of `SYN_ACK`'s payload before encryption: the server's connection id and the reset token.
pub(crate) const SYN_ACK_PAYLOAD_LEN: usize = 8 + TOKEN_LEN;
/// Bytes of the Noise message `e, ee, s, es`: a key, an encrypted key, an encrypted payload.
pub(crate) const SYN_ACK_MESSAGE_LEN: usize = 32 + (32 + TAG_LEN) + (SYN_ACK_PAYLOAD_LEN + TAG_LEN);
/// Bytes of a DATA packet before its ciphertext; they are the associated data.
pub(crate) const DATA_HEADER_LEN: usize = 1 + 8 + 4;
/// Bytes of the smallest DATA packet: a single byte of plaintext.
pub(crate) const DATA_MIN_LEN: usize = DATA_HEADER_LEN + 1 + TAG_LEN;
/// Bytes of a SYN at the first two tries, and the largest datagram until a larger one has been proved.
pub(crate) const DATAGRAM_LEN: usize = 1200;
/// Bytes of the smallest SYN, sent from the third try: some paths carry no more than 1000. A smaller one is dropped.
pub(crate) const SYN_MIN_LEN: usize = 1000;
/// Bytes of a COOKIE packet.
pub(crate) const COOKIE_PACKET_LEN: usize = 1 + 8 + COOKIE_LEN;
/// Bytes of a `SYN_ACK` packet.
pub(crate) const SYN_ACK_PACKET_LEN: usize = 1 + 8 + SYN_ACK_MESSAGE_LEN;
/// Bytes of a RESET packet.
pub(crate) const RESET_PACKET_LEN: usize = 1 + 8 + TOKEN_LEN;
/// Versions that a VERSION packet names at most; one that names more is dropped.
pub(crate) const MAX_VERSIONS: usize = 16;

const VERSION_HEADER_LEN: usize = 1 + 8 + 4 + 1;
const SYN_HEADER_LEN: usize = 1 + 4 + 8;

// No answer to a SYN is larger than the SYN, and no reset as large as what provoked it: nobody can use a server
// to multiply traffic, and two ends cannot reset each other for ever.
const _: () = assert!(COOKIE_PACKET_LEN < SYN_MIN_LEN);
const _: () = assert!(SYN_ACK_PACKET_LEN < SYN_MIN_LEN);
const _: () = assert!(VERSION_HEADER_LEN + 4 * MAX_VERSIONS < SYN_MIN_LEN);
const _: () = assert!(RESET_PACKET_LEN < DATA_MIN_LEN);
const _: () = assert!(SYN_HEADER_LEN + EPHEMERAL_LEN + 1 + BOTH_LEN <= SYN_MIN_LEN);
const _: () = assert!(SYN_MIN_LEN <= DATAGRAM_LEN);
const _: () = assert!(ADDRESS_TOKEN_LEN != COOKIE_LEN && ADDRESS_TOKEN_LEN < COOKIE_LEN);

const TYPE_SYN: u8 = 1;
const TYPE_COOKIE: u8 = 2;
const TYPE_SYN_ACK: u8 = 3;
const TYPE_DATA: u8 = 4;
const TYPE_RESET: u8 = 5;
const TYPE_VERSION: u8 = 6;
const TYPE_MASK: u8 = 0x0f;
const KEY_PHASE_BIT: u8 = 0x80;

/// What a SYN brings to show that its sender is at the address that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof<'a> {
    /// Nothing: the first try of a client that has never been there.
    None,
    /// What a COOKIE asked for.
    Cookie(&'a [u8; COOKIE_LEN]),
    /// What an earlier session was given.
    Token(&'a [u8; ADDRESS_TOKEN_LEN]),
    /// Both: it is at that address, and has signed in from there before.
    Both(&'a [u8; COOKIE_LEN], &'a [u8; ADDRESS_TOKEN_LEN]),
}

impl Proof<'_> {
    /// Its parts in their order.
    fn parts(&self) -> [&[u8]; 2] {
        match self {
            Self::None => [&[], &[]],
            Self::Cookie(cookie) => [&cookie[..], &[]],
            Self::Token(token) => [&token[..], &[]],
            Self::Both(cookie, token) => [&cookie[..], &token[..]],
        }
    }
}

/// A datagram's type and open fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// A client asks for a session, in our version.
    Syn {
        client_id: u64,
        ephemeral: &'a [u8; EPHEMERAL_LEN],
        proof: Proof<'a>,
    },
    /// A client asks for a session in a version that we do not speak; the rest of it may mean anything.
    SynOfOtherVersion { version: u32, client_id: u64 },
    /// A server asks for proof of the client's address.
    Cookie {
        client_id: u64,
        cookie: &'a [u8; COOKIE_LEN],
    },
    /// A server's half of the handshake.
    SynAck {
        client_id: u64,
        message: &'a [u8; SYN_ACK_MESSAGE_LEN],
    },
    /// Encrypted frames. The header is copied out, so that the datagram can be decrypted in place.
    Data(DataHeader),
    /// A server does not know this connection.
    Reset {
        connection_id: u64,
        token: &'a [u8; TOKEN_LEN],
    },
    /// A server does not speak the version offered, but these.
    Version {
        client_id: u64,
        /// The version of the SYN that this answers.
        offered: u32,
        versions: Versions<'a>,
    },
}

/// The open fields of a DATA packet; `datagram[..DATA_HEADER_LEN]` is the associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DataHeader {
    /// The id that the receiver chose.
    pub(crate) connection_id: u64,
    pub(crate) key_phase: bool,
    /// The packet number's low 32 bits; see [`expand`].
    pub(crate) truncated: u32,
}

/// The versions that a VERSION packet names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Versions<'a>(&'a [[u8; 4]]);

impl Versions<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().map(|bytes| u32::from_be_bytes(*bytes))
    }

    pub(crate) fn contains(&self, version: u32) -> bool {
        self.iter().any(|spoken| spoken == version)
    }
}

/// Why a datagram is no packet of ours. It is dropped and counted by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Error)]
pub(crate) enum PacketError {
    #[error("an empty datagram")]
    Empty,
    #[error("an unknown packet type")]
    UnknownType,
    #[error("a reserved bit is set")]
    ReservedBit,
    #[error("a packet of the wrong length for its type")]
    Length,
    #[error("a SYN too small to be answered")]
    SmallSyn,
    #[error("a proof of the address that is of an impossible length")]
    ProofLength,
    #[error("a VERSION that names no version, or too many")]
    VersionCount,
}

/// Says what a datagram is. Cheap and without side effects; nothing is believed yet.
pub(crate) fn parse(datagram: &[u8]) -> Result<Packet<'_>, PacketError> {
    let (&first, rest) = datagram.split_first().ok_or(PacketError::Empty)?;
    let kind = first & TYPE_MASK;
    if !(TYPE_SYN..=TYPE_VERSION).contains(&kind) {
        return Err(PacketError::UnknownType);
    }
    let flags = first & !TYPE_MASK;
    if flags & !KEY_PHASE_BIT != 0 || (flags != 0 && kind != TYPE_DATA) {
        return Err(PacketError::ReservedBit);
    }
    match kind {
        TYPE_SYN => parse_syn(datagram.len(), rest),
        TYPE_COOKIE => {
            let (client_id, cookie) = id_and_array(rest)?;
            Ok(Packet::Cookie { client_id, cookie })
        }
        TYPE_SYN_ACK => {
            let (client_id, message) = id_and_array(rest)?;
            Ok(Packet::SynAck { client_id, message })
        }
        TYPE_DATA => {
            if datagram.len() < DATA_MIN_LEN {
                return Err(PacketError::Length);
            }
            let (connection_id, rest) = take_u64(rest)?;
            let (truncated, _ciphertext) = take_u32(rest)?;
            Ok(Packet::Data(DataHeader {
                connection_id,
                key_phase: flags & KEY_PHASE_BIT != 0,
                truncated,
            }))
        }
        TYPE_RESET => {
            let (connection_id, token) = id_and_array(rest)?;
            Ok(Packet::Reset {
                connection_id,
                token,
            })
        }
        _ => parse_version(rest),
    }
}

fn parse_syn(datagram_len: usize, rest: &[u8]) -> Result<Packet<'_>, PacketError> {
    if datagram_len < SYN_MIN_LEN {
        return Err(PacketError::SmallSyn);
    }
    let (version, rest) = take_u32(rest)?;
    let (client_id, rest) = take_u64(rest)?;
    if version != PROTOCOL_VERSION {
        return Ok(Packet::SynOfOtherVersion { version, client_id });
    }
    let (ephemeral, rest) = rest.split_first_chunk().ok_or(PacketError::Length)?;
    let (&proof_len, rest) = rest.split_first().ok_or(PacketError::Length)?;
    let proof = match usize::from(proof_len) {
        0 => Proof::None,
        COOKIE_LEN => Proof::Cookie(rest.first_chunk().ok_or(PacketError::Length)?),
        ADDRESS_TOKEN_LEN => Proof::Token(rest.first_chunk().ok_or(PacketError::Length)?),
        BOTH_LEN => {
            let (cookie, rest) = rest.split_first_chunk().ok_or(PacketError::Length)?;
            Proof::Both(cookie, rest.first_chunk().ok_or(PacketError::Length)?)
        }
        _ => return Err(PacketError::ProofLength),
    };
    Ok(Packet::Syn {
        client_id,
        ephemeral,
        proof,
    })
}

fn parse_version(rest: &[u8]) -> Result<Packet<'_>, PacketError> {
    let (client_id, rest) = take_u64(rest)?;
    let (offered, rest) = take_u32(rest)?;
    let (&count, rest) = rest.split_first().ok_or(PacketError::Length)?;
    let (versions, surplus) = rest.as_chunks::<4>();
    if count == 0 || usize::from(count) > MAX_VERSIONS {
        return Err(PacketError::VersionCount);
    }
    if versions.len() != usize::from(count) || !surplus.is_empty() {
        return Err(PacketError::Length);
    }
    Ok(Packet::Version {
        client_id,
        offered,
        versions: Versions(versions),
    })
}

fn take_u64(bytes: &[u8]) -> Result<(u64, &[u8]), PacketError> {
    let (head, rest) = bytes.split_first_chunk().ok_or(PacketError::Length)?;
    Ok((u64::from_be_bytes(*head), rest))
}

fn take_u32(bytes: &[u8]) -> Result<(u32, &[u8]), PacketError> {
    let (head, rest) = bytes.split_first_chunk().ok_or(PacketError::Length)?;
    Ok((u32::from_be_bytes(*head), rest))
}

/// An id, then exactly `N` bytes.
fn id_and_array<const N: usize>(bytes: &[u8]) -> Result<(u64, &[u8; N]), PacketError> {
    let (id, rest) = take_u64(bytes)?;
    Ok((id, rest.try_into().map_err(|_| PacketError::Length)?))
}

/// Appends a SYN of `size` bytes, or of the least that is allowed if that is more.
pub(crate) fn encode_syn(
    buffer: &mut Vec<u8>,
    version: u32,
    client_id: u64,
    ephemeral: &[u8; EPHEMERAL_LEN],
    proof: Proof<'_>,
    size: usize,
) {
    let start = buffer.len();
    buffer.push(TYPE_SYN);
    buffer.extend_from_slice(&version.to_be_bytes());
    buffer.extend_from_slice(&client_id.to_be_bytes());
    buffer.extend_from_slice(ephemeral);
    let parts = proof.parts();
    #[allow(clippy::cast_possible_truncation)] // 44 at most.
    buffer.push(parts.map(<[u8]>::len).iter().sum::<usize>() as u8);
    buffer.extend_from_slice(parts[0]);
    buffer.extend_from_slice(parts[1]);
    buffer.resize(start + size.max(SYN_MIN_LEN), 0);
}

/// Appends a COOKIE.
pub(crate) fn encode_cookie(buffer: &mut Vec<u8>, client_id: u64, cookie: &[u8; COOKIE_LEN]) {
    buffer.push(TYPE_COOKIE);
    buffer.extend_from_slice(&client_id.to_be_bytes());
    buffer.extend_from_slice(cookie);
}

/// Appends a `SYN_ACK`.
pub(crate) fn encode_syn_ack(
    buffer: &mut Vec<u8>,
    client_id: u64,
    message: &[u8; SYN_ACK_MESSAGE_LEN],
) {
    buffer.push(TYPE_SYN_ACK);
    buffer.extend_from_slice(&client_id.to_be_bytes());
    buffer.extend_from_slice(message);
}

/// Appends the header of a DATA packet; the frames follow, are encrypted in place, and the tag comes last.
pub(crate) fn encode_data_header(
    buffer: &mut Vec<u8>,
    connection_id: u64,
    key_phase: bool,
    packet_number: u64,
) {
    buffer.push(TYPE_DATA | if key_phase { KEY_PHASE_BIT } else { 0 });
    buffer.extend_from_slice(&connection_id.to_be_bytes());
    buffer.extend_from_slice(&truncate(packet_number).to_be_bytes());
}

/// Appends a RESET.
pub(crate) fn encode_reset(buffer: &mut Vec<u8>, connection_id: u64, token: &[u8; TOKEN_LEN]) {
    buffer.push(TYPE_RESET);
    buffer.extend_from_slice(&connection_id.to_be_bytes());
    buffer.extend_from_slice(token);
}

/// Appends a VERSION that names the first [`MAX_VERSIONS`] of `versions`.
pub(crate) fn encode_version(buffer: &mut Vec<u8>, client_id: u64, offered: u32, versions: &[u32]) {
    let versions = &versions[..versions.len().min(MAX_VERSIONS)];
    buffer.push(TYPE_VERSION);
    buffer.extend_from_slice(&client_id.to_be_bytes());
    buffer.extend_from_slice(&offered.to_be_bytes());
    #[allow(clippy::cast_possible_truncation)] // At most MAX_VERSIONS.
    buffer.push(versions.len() as u8);
    for version in versions {
        buffer.extend_from_slice(&version.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn syn(version: u32, proof: Proof<'_>, size: usize) -> Vec<u8> {
        let mut buffer = Vec::new();
        encode_syn(&mut buffer, version, 7, &[9; 32], proof, size);
        buffer
    }

    #[test]
    fn a_syn_comes_back_with_whatever_proof_and_has_the_size_asked_for() {
        let (cookie, token) = ([3; COOKIE_LEN], [4; ADDRESS_TOKEN_LEN]);
        for proof in [
            Proof::None,
            Proof::Cookie(&cookie),
            Proof::Token(&token),
            Proof::Both(&cookie, &token),
        ] {
            let datagram = syn(PROTOCOL_VERSION, proof, DATAGRAM_LEN);
            assert_eq!(datagram.len(), DATAGRAM_LEN);
            let expected = Packet::Syn {
                client_id: 7,
                ephemeral: &[9; 32],
                proof,
            };
            assert_eq!(parse(&datagram), Ok(expected));
        }
        assert_eq!(syn(PROTOCOL_VERSION, Proof::None, 0).len(), SYN_MIN_LEN);
    }

    #[test]
    fn a_syn_smaller_than_its_answers_is_refused() {
        let datagram = syn(PROTOCOL_VERSION, Proof::None, SYN_MIN_LEN);
        assert_eq!(
            parse(&datagram[..SYN_MIN_LEN - 1]),
            Err(PacketError::SmallSyn)
        );
    }

    #[test]
    fn a_syn_of_another_version_tells_version_and_id_only() {
        let expected = Packet::SynOfOtherVersion {
            version: 99,
            client_id: 7,
        };
        assert_eq!(parse(&syn(99, Proof::None, SYN_MIN_LEN)), Ok(expected));
    }

    #[test]
    fn wrong_datagrams_are_told_apart() {
        let mut odd_proof = syn(PROTOCOL_VERSION, Proof::None, SYN_MIN_LEN);
        odd_proof[1 + 4 + 8 + 32] = 23;
        assert_eq!(parse(&odd_proof), Err(PacketError::ProofLength));
        assert_eq!(parse(&[]), Err(PacketError::Empty));
        assert_eq!(parse(&[0]), Err(PacketError::UnknownType));
        assert_eq!(parse(&[7; 50]), Err(PacketError::UnknownType));
        assert_eq!(parse(&[0x80 | TYPE_RESET]), Err(PacketError::ReservedBit));
        assert_eq!(parse(&[0x40 | TYPE_DATA]), Err(PacketError::ReservedBit));
        let small = [TYPE_DATA; DATA_MIN_LEN - 1];
        assert_eq!(parse(&small), Err(PacketError::Length));
        let surplus = [TYPE_RESET; RESET_PACKET_LEN + 1];
        assert_eq!(parse(&surplus), Err(PacketError::Length));
        let mut none = Vec::new();
        encode_version(&mut none, 1, 2, &[]);
        assert_eq!(parse(&none), Err(PacketError::VersionCount));
    }

    proptest! {
        #[test]
        fn fixed_packets_come_back(id: u64, cookie: [u8; COOKIE_LEN], token: [u8; TOKEN_LEN], fill: u8) {
            let mut buffer = Vec::new();
            encode_cookie(&mut buffer, id, &cookie);
            prop_assert_eq!(buffer.len(), COOKIE_PACKET_LEN);
            prop_assert_eq!(parse(&buffer), Ok(Packet::Cookie { client_id: id, cookie: &cookie }));
            buffer.clear();
            let message = [fill; SYN_ACK_MESSAGE_LEN];
            encode_syn_ack(&mut buffer, id, &message);
            prop_assert_eq!(buffer.len(), SYN_ACK_PACKET_LEN);
            prop_assert_eq!(parse(&buffer), Ok(Packet::SynAck { client_id: id, message: &message }));
            buffer.clear();
            encode_reset(&mut buffer, id, &token);
            prop_assert_eq!(buffer.len(), RESET_PACKET_LEN);
            prop_assert_eq!(parse(&buffer), Ok(Packet::Reset { connection_id: id, token: &token }));
        }

        #[test]
        fn data_headers_and_versions_come_back(
            connection_id: u64,
            key_phase: bool,
            number in 0_u64..1 << 62,
            offered: u32,
            spoken in proptest::collection::vec(any::<u32>(), 1..MAX_VERSIONS + 4),
        ) {
            let mut buffer = Vec::new();
            encode_data_header(&mut buffer, connection_id, key_phase, number);
            prop_assert_eq!(buffer.len(), DATA_HEADER_LEN);
            buffer.resize(DATA_MIN_LEN, 0);
            let header = DataHeader { connection_id, key_phase, truncated: truncate(number) };
            prop_assert_eq!(parse(&buffer), Ok(Packet::Data(header)));
            buffer.clear();
            encode_version(&mut buffer, connection_id, offered, &spoken);
            let Ok(Packet::Version { client_id, offered: echoed, versions }) = parse(&buffer) else {
                return Err(TestCaseError::fail("not a VERSION"));
            };
            prop_assert_eq!((client_id, echoed), (connection_id, offered));
            prop_assert!(versions.iter().eq(spoken.iter().copied().take(MAX_VERSIONS)));
            prop_assert!(versions.contains(spoken[0]));
        }

        #[test]
        fn any_bytes_parse_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1300), kind in 0_u8..8) {
            let mut bytes = bytes;
            let _any = parse(&bytes);
            if let Some(first) = bytes.first_mut() {
                *first = kind;
            }
            let _typed = parse(&bytes);
        }
    }
}
