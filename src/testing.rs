//! What the tests of all layers take from the host they run on.

use std::time::Instant;

/// Some moment, from which a test counts on.
#[expect(
    clippy::disallowed_methods,
    reason = "an Instant can be had in no other way; nothing depends on which it is"
)]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// What whoever runs the tests says in the environment, if anything.
#[expect(
    clippy::disallowed_methods,
    reason = "how much is tried is for who runs the tests to say"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
