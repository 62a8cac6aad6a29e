//! The SHA-256 digest that every message carries, and the fingerprint of a server's key, which is one.
//!
//! A message's digest is made by the author over the exact bytes of the message's immutable part and checked wherever these
//! bytes are used. It finds faults that no packet tag can find, between the two encrypted hops, in memory or on
//! disk; it proves no authorship.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::bytes::Bytes;

/// The hash of an enrolment code, from which the server makes what it keeps of the code: BLAKE3 with a context of its own. Who makes
/// an invitation tells the server this and nothing else.
#[must_use]
pub fn hash_code(code: &[u8; 16]) -> Bytes<32> {
    Bytes(blake3::derive_key("udpchat 1 enrolment code", code))
}

/// A SHA-256 digest (FIPS 180-4), 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Digest(pub [u8; Digest::LENGTH]);

impl Digest {
    /// Its length in bytes.
    pub const LENGTH: usize = 32;

    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Bytes(self.0).fmt(f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Bytes(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bytes::deserialize(deserializer).map(|bytes| Self(bytes.0))
    }
}

/// The short form of a server's key that people compare, as OpenSSH writes it: `SHA256:` and the unpadded base64 of the key's
/// SHA-256 digest.
#[must_use]
pub fn fingerprint(key: &[u8; 32]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Digest::of(key).0))
}

/// The digest that a fingerprint shows; nothing if it is none.
#[must_use]
pub fn digest_of(fingerprint: &str) -> Option<Digest> {
    let bytes = STANDARD_NO_PAD.decode(fingerprint.strip_prefix("SHA256:")?);
    Some(Digest(bytes.ok()?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_sha_256_as_published() {
        // FIPS 180-4's example, the message "abc".
        let expected = [
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
            0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61,
            0xf2, 0x00, 0x15, 0xad,
        ];
        assert_eq!(Digest::of(b"abc"), Digest(expected));
    }

    #[test]
    fn fingerprint_is_unpadded_base64_of_sha_256() {
        // `head -c32 /dev/zero | sha256sum | xxd -r -p | base64` gives this with one `=` after it.
        assert_eq!(
            fingerprint(&[0; 32]),
            "SHA256:Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU"
        );
        let digest = Digest::of(&[0; 32]);
        assert_eq!(digest_of(&fingerprint(&[0; 32])), Some(digest));
        for other in ["", "SHA256:", "SHA256:Zmh6", "MD5:x"] {
            assert_eq!(digest_of(other), None, "{other}");
        }
    }
}
