//! The short form of a server's key that people compare: as OpenSSH writes it, so that it is known at sight.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::Digest;

/// `SHA256:` and the unpadded base64 of the key's SHA-256 digest.
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
    fn fingerprint_is_unpadded_base64_of_sha_256() {
        // `head -c32 /dev/zero | sha256sum | xxd -r -p | base64` gives this with one `=` behind it.
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
