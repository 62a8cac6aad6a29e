//! The server's database: accounts, devices, conversations and their logs, and how far everyone has received.
//!
//! [`Engine`] executes batches of requests, and answers only once what they write is durable: in the journal first, in
//! the tables' file some ten thousand requests later. [`StoreThread`] runs it on a thread of its own behind the
//! [`Store`] trait; the simulator calls it directly, on a [`memory::MemoryDisk`] that can lose what was not synced.
//! Nothing here knows of the network.

mod accounts;
mod api;
mod backup;
mod blocks;
mod cache;
mod check;
mod conversations;
mod devices;
mod engine;
mod error;
mod events;
mod generation;
mod guard;
mod history;
mod journal;
mod leftovers;
mod live;
mod log;
mod marks;
pub mod memory;
mod meta;
mod migrate;
mod names;
mod new_file;
mod open;
mod overlay;
mod ownership;
mod pairs;
mod reach;
mod record;
mod repeat;
mod rescue;
mod retention;
mod rooms;
mod salvage;
mod seal;
mod snapshots;
mod tables;
mod thread;
mod unwritten;
mod usage;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use api::*;
pub use backup::{back_up_file, mark_as_copy, restore};
pub use check::{Finding, PAGES, Report, check_file};
pub use engine::{Engine, Reopen};
pub use error::StoreError;
pub use generation::{begin_service, begin_service_after};
pub use journal::JournalLoss;
pub use live::Files;
pub use meta::SCHEMA_VERSION;
pub use migrate::open_current;
pub use new_file::{NewFile, NewFileError};
pub use open::{DATABASE_FILE, OpenError, open, open_file, reopen};
pub use ownership::{OwnerError, require_own, require_unwritable};
pub use rescue::{Rescued, rescue};
pub use rooms::ROOM_MEMBERS_MAX;
pub use snapshots::Snapshots;
pub use thread::{BATCH_MAX, SLOTS, StoreCaller, StoreHandle, StoreThread};
