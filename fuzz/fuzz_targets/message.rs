//! Any bytes as a message's envelope, and as the content of one whose digest fits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use udpchat::protocol::{Digest, Envelope, open, seal};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(envelope) = Envelope::decode(bytes) {
        let _ = envelope.open();
    }
    if let Ok(message) = open(bytes, &Digest::of(bytes)) {
        // What was understood can be said again, and means the same.
        let (content, digest) = seal(&message);
        assert_eq!(open(&content, &digest).as_ref(), Ok(&message));
    }
});
