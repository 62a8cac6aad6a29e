//! What the library's own tests and the simulator stand on: the places where a client or a server meets the world.

#![allow(
    dead_code,
    unused_imports,
    reason = "each of them uses its part of this"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "random numbers below a million"
)]

mod console;
mod link;
pub mod older;
mod process;
mod rng;
pub mod shared_log;
mod store;
pub mod told;
mod transfers;

pub use console::{Memory, Screen, Seen};
pub use link::{Direction, Link, Mishap, UnderWay};
pub use process::settle;
pub use rng::Rng;
pub use store::{QueuedBlobs, QueuedStore};
pub use transfers::MemoryTransfers;
