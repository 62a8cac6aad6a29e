//! The simulator: real endpoints, hub, store and clients under virtual time, where one seed decides everything.
//!
//! `UDPCHAT_SIM_SEEDS` and `UDPCHAT_SIM_FIRST` choose how many seeds each test runs and which is the first; a
//! failure prints the command that repeats it, and `UDPCHAT_SIM_TRACE` has every datagram
//! and every line on a screen printed.

#![allow(
    clippy::disallowed_methods,
    reason = "an Instant to count from, and the environment that chooses the seeds"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the figures of a run are small"
)]

mod attacker;
mod client;
mod disk;
mod entries;
mod faults;
mod hostile;
#[path = "../kit/mod.rs"]
mod kit;
mod network;
mod oracle;
mod people;
mod plan;
mod process;
mod runs;
mod script;
mod server;
mod world;
