//! What the library's own tests and the simulator stand on: the places where a client or a server meets the world.

#![allow(
    dead_code,
    unused_imports,
    reason = "each of them uses its part of this"
)]

mod console;
mod process;
mod store;

pub use console::{Memory, Screen, Seen};
pub use process::settle;
pub use store::QueuedStore;
