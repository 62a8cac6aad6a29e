//! Any bytes as a message's envelope, and as the content of one whose digest fits, at either end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use udpchat::protocol::{Body, ClientBody, Digest, Envelope, ServerBody, open, seal};

fn check<B: Body + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(envelope) = Envelope::decode(bytes) {
        let _ = envelope.open::<B>();
    }
    if let Ok(message) = open::<B>(bytes, &Digest::of(bytes)) {
        let _ = (message.text(), message.room_event());
        // What was understood can be said again, and means the same.
        let (content, digest) = seal(&message);
        assert_eq!(open(&content, &digest).as_ref(), Ok(&message));
    }
}

fuzz_target!(|bytes: &[u8]| {
    check::<ClientBody>(bytes);
    check::<ServerBody>(bytes);
});
