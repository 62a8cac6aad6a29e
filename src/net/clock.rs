//! The only module that reads the host's clocks and randomness.
#![allow(
    clippy::disallowed_methods,
    reason = "everything else takes the time as an argument; this is where it comes from"
)]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rand_core::{OsRng, RngCore};

use crate::transport::Now;

/// The time, by both clocks.
#[must_use]
pub fn now() -> Now {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Now {
        instant: Instant::now(),
        unix_ms: u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
    }
}

/// A seed for the generator of a state machine.
///
/// # Errors
/// If the operating system has no randomness.
pub fn seed() -> std::io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    OsRng.try_fill_bytes(&mut seed).map_err(|error| {
        std::io::Error::other(format!("the operating system gives no randomness: {error}"))
    })?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seeds_differ() {
        assert_ne!(seed().unwrap(), seed().unwrap());
    }

    #[test]
    fn monotonic_clock_does_not_go_back() {
        let first = now();
        assert!(now().instant >= first.instant);
    }
}
