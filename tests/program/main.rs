//! The real program as its users and operators meet it: processes, pipes, pseudo-terminals, signals.
//!
//! One test binary, because each one links everything. A test that needs a mount namespace or another host starts
//! this binary again there.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests of processes live in real time"
)]

mod abuse;
mod accounts;
mod bad_input;
mod bench;
#[cfg(feature = "cluster")]
mod cluster;
mod command_line;
#[cfg(target_os = "linux")]
mod disk_full;
mod editor;
mod finding;
mod manual;
mod messages;
mod operator;
mod paste;
mod programs;
mod prompt;
mod questions;
mod scripts;
mod serve;
mod session;
mod store;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod transcript;
mod two_hosts;
mod wan;
