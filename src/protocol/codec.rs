//! The envelope that a message travels and is stored in: MessagePack around bytes that no hop encodes again.
//!
//! On the wire a message is `[hop, content, digest]`: what this hop adds, the author's immutable bytes, and the
//! SHA-256 digest over exactly these bytes. `content` is a MessagePack `bin` that itself holds `[header,
//! body]`.

use serde::{Deserialize, Deserializer};
use serde_bytes::Bytes;

use super::MESSAGE_MAX_BYTES;
use super::body::Body;
use super::digest::Digest;
use super::file::FileRoot;
use super::message::{Header, Hop, Message};
use super::wire::{DecodeError, decode, encode_to, field, skip_surplus};
use super::words::EntryKind;

/// Room for what is around the content: a delivery with two long names, and the digest. More is possible, and costs a second
/// allocation.
const AROUND_CONTENT: usize = 192;

/// Room for the content of what the server says of a message: that it is stored, receipts. A longer one costs a second
/// allocation, too.
const SHORT_CONTENT: usize = 128;

/// A message as it travels: what this hop adds, the author's bytes, their digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// What this hop adds.
    pub hop: Hop<'a>,
    /// The immutable part, as the author encoded it.
    pub content: &'a [u8],
    /// The author's digest over `content`.
    pub digest: Digest,
}

impl<'a> Envelope<'a> {
    /// Takes the envelope apart, without looking into the content.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`] and [`DecodeError::Malformed`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MESSAGE_MAX_BYTES {
            return Err(DecodeError::TooLong(bytes.len()));
        }
        decode(bytes)
    }

    /// The envelope's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.content.len() + AROUND_CONTENT);
        self.write_to(&mut bytes);
        bytes
    }

    fn write_to(&self, bytes: &mut Vec<u8>) {
        let parts = (&self.hop, Bytes::new(self.content), &self.digest);
        encode_to(bytes, &parts);
    }

    /// Checks the digest and only then decodes the content.
    ///
    /// # Errors
    /// [`DecodeError::Digest`] and [`DecodeError::Malformed`].
    pub fn open<B: Body>(&self) -> Result<Message<B>, DecodeError> {
        open(self.content, &self.digest)
    }
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> serde::de::Visitor<'de> for Parts {
            type Value = Envelope<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("hop, content and digest")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Envelope<'de>, A::Error> {
                let hop = field(&mut seq, "hop")?;
                let content: &'de Bytes = field(&mut seq, "content")?;
                let digest = field(&mut seq, "digest")?;
                skip_surplus(&mut seq)?;
                Ok(Envelope {
                    hop,
                    content,
                    digest,
                })
            }
        }
        deserializer.deserialize_seq(Parts)
    }
}

/// Checks a digest and only then decodes the content that it is of.
///
/// # Errors
/// [`DecodeError::Digest`] and [`DecodeError::Malformed`].
pub fn open<B: Body>(content: &[u8], digest: &Digest) -> Result<Message<B>, DecodeError> {
    if Digest::of(content) == *digest {
        decode(content)
    } else {
        Err(DecodeError::Digest)
    }
}

/// The root of the file that belongs to an entry with this content, if it is a [`EntryKind::File`].
#[must_use]
pub fn root_of(content: &[u8]) -> Option<FileRoot> {
    let Beginning(header) = decode(content).ok()?;
    let entry = header.entry.filter(|entry| entry.kind == EntryKind::File)?;
    entry.root
}

/// A content of which only the header is read.
struct Beginning(Header);

impl<'de> Deserialize<'de> for Beginning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> serde::de::Visitor<'de> for Parts {
            type Value = Beginning;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a header")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Beginning, A::Error> {
                let header = field(&mut seq, "header")?;
                skip_surplus(&mut seq)?;
                Ok(Beginning(header))
            }
        }
        deserializer.deserialize_seq(Parts)
    }
}

/// Encodes a message's immutable part and makes its digest: what its author does, once.
#[must_use]
pub fn seal(message: &Message<impl Body>) -> (Vec<u8>, Digest) {
    let mut content = Vec::with_capacity(SHORT_CONTENT);
    let digest = write_content(message, &mut content);
    (content, digest)
}

fn write_content(message: &Message<impl Body>, content: &mut Vec<u8>) -> Digest {
    encode_to(content, message);
    Digest::of(content)
}

/// Where messages are written that are passed on at once: their immutable parts, and the whole.
#[derive(Debug, Default)]
pub struct Scratch {
    content: Vec<u8>,
    envelope: Vec<u8>,
}

impl Scratch {
    /// Like [`encode`]; the bytes stay until the next call.
    pub fn encode(&mut self, message: &Message<impl Body>, hop: Hop<'_>) -> &[u8] {
        self.content.clear();
        self.envelope.clear();
        let digest = write_content(message, &mut self.content);
        let envelope = Envelope {
            hop,
            content: &self.content,
            digest,
        };
        envelope.write_to(&mut self.envelope);
        &self.envelope
    }
}

/// Encodes a message, envelope and all, for one hop.
#[must_use]
pub fn encode(message: &Message<impl Body>, hop: Hop<'_>) -> Vec<u8> {
    let (content, digest) = seal(message);
    Envelope {
        hop,
        content: &content,
        digest,
    }
    .encode()
}
