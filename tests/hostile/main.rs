//! What a hostile client, or many of them, can do to a running server and to those who use it.
//!
//! Each file is a subject. The floods, which measure, run only where they are asked for
//! (`contrib/floods`).

#![allow(
    clippy::disallowed_methods,
    reason = "tests of processes live in real time"
)]

mod crowd;
mod entries;
mod files;
mod floods;
#[allow(dead_code, reason = "each subject uses its part of the kit")]
mod kit;
mod logs;
mod screen;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
