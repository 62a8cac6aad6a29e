//! The envelope that a message travels and is stored in: MessagePack around bytes that no hop encodes anew.
//!
//! On the wire a message is `[hop, content, digest]`: what this hop adds, the author's immutable bytes, and the
//! SHA-256 digest over exactly these bytes. `content` is a MessagePack `bin` that itself holds `[header,
//! body]`.

use std::io::ErrorKind;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_bytes::Bytes;
use thiserror::Error;

use super::MESSAGE_MAX_BYTES;
use super::body::Body;
use super::digest::Digest;
use super::message::{Hop, Message};
use super::wire::{field, skip_surplus};

/// How deeply arrays may nest; our own messages need 5.
const DEPTH_MAX: usize = 16;

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Longer than any message may be.
    #[error("the message has {0} bytes, more than the {MESSAGE_MAX_BYTES} that are allowed")]
    TooLong(usize),
    /// Not MessagePack, or not of the shape that its header calls for.
    #[error("the message is malformed: {0}")]
    Malformed(String),
    /// The content is not what its author made the digest of.
    #[error("the message's SHA-256 digest does not fit its content")]
    Digest,
}

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
        let mut bytes = Vec::with_capacity(self.content.len() + 64);
        let parts = (&self.hop, Bytes::new(self.content), &self.digest);
        rmp_serde::encode::write(&mut bytes, &parts).expect("writing to a Vec cannot fail");
        bytes
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

/// Encodes a message's immutable part and makes its digest: what its author does, once.
#[must_use]
pub fn seal(message: &Message<impl Body>) -> (Vec<u8>, Digest) {
    let content = rmp_serde::to_vec(message).expect("writing to a Vec cannot fail");
    let digest = Digest::of(&content);
    (content, digest)
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

/// Reads one MessagePack value that must fill `bytes` exactly.
pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, DecodeError> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(DEPTH_MAX);
    let value = T::deserialize(&mut deserializer)
        .map_err(|error| DecodeError::Malformed(error.to_string()))?;
    // The reader does not tell how far it has come; it stands at the end if there is no further marker to read.
    match IgnoredAny::deserialize(&mut deserializer) {
        Err(rmp_serde::decode::Error::InvalidMarkerRead(error))
            if error.kind() == ErrorKind::UnexpectedEof =>
        {
            Ok(value)
        }
        _ => Err(DecodeError::Malformed("bytes follow its end".into())),
    }
}

/// Serializes any of the protocol's values, for storing it beside a message.
#[must_use]
pub fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec(value).expect("writing to a Vec cannot fail")
}
