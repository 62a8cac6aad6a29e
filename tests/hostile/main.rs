//! What a hostile client, or many of them, can do to a running server and to those who use it.
//!
//! Each file is a subject. The floods, which measure, run only where they are asked for
//! (`UDPCHAT_FLOODS=1 cargo test --release --test hostile flood -- --nocapture --test-threads 1`).

#![allow(
    clippy::disallowed_methods,
    reason = "tests of processes live in real time"
)]

mod files;
#[allow(dead_code, reason = "each subject uses its part of the kit")]
mod kit;
mod logs;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
