//! The option `--server-key`: the fingerprint of the expected server key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::cli::output::quoted;

const PREFIX: &str = "SHA256:";

/// A fingerprint is `SHA256:` and the unpadded base64 of 32 bytes.
pub fn parse(text: &str) -> Result<String, String> {
    text.strip_prefix(PREFIX)
        .and_then(|digest| STANDARD_NO_PAD.decode(digest).ok())
        .filter(|digest| digest.len() == 32)
        .map(|_| text.to_owned())
        .ok_or_else(|| {
            format!(
                "{} is not a fingerprint: {PREFIX} and 43 characters, as `udpchat serve` prints it",
                quoted(text)
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_taken_and_everything_else_refused() {
        let good = crate::protocol::fingerprint(&[3; 32]);
        assert_eq!(parse(&good), Ok(good.clone()));
        for bad in ["", "SHA256:", "SHA256:abc", &good[7..], &format!("{good}=")] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
