//! The server's database: accounts, devices, conversations and their logs, and how far everyone has received.
//!
//! [`Engine`] executes batches of requests, all writes of a batch in one transaction, and answers only once that
//! is durable. [`StoreThread`] runs it on a thread of its own behind the [`Store`] trait; the simulator calls it
//! directly, on a [`memory::MemoryDisk`] that can lose what was not synced. Nothing here knows of the network.

mod accounts;
mod api;
mod conversations;
mod devices;
mod engine;
mod error;
mod events;
mod guard;
mod history;
mod log;
mod marks;
pub mod memory;
mod meta;
mod names;
mod open;
mod record;
mod rooms;
mod tables;
mod thread;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use api::*;
pub use engine::{BATCH_MAX, Engine, Reopen};
pub use error::StoreError;
pub use meta::SCHEMA_VERSION;
pub use open::{DATABASE_FILE, OpenError, open, open_file, reopen};
pub use thread::{SLOTS, StoreCaller, StoreHandle, StoreThread};
