//! The short form of a server's key that people compare: as OpenSSH writes it, so that it is known at sight.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::Digest;

/// `SHA256:` and the unpadded base64 of the key's SHA-256 digest.
#[must_use]
pub fn fingerprint(key: &[u8; 32]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Digest::of(key).0))
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
    }
}
