//! The server's database: accounts, devices, conversations and their logs, and how far everyone has received.
//!
//! [`Engine`] executes batches of requests, and answers only once what they write is durable: in the message log
//! (`segments`) first, in the tables' file at a checkpoint, at most 65,536 requests or some seconds later. [`StoreThread`]
//! runs it on a thread of its own behind the [`Store`] trait, and fetches what is read of logs on another; the simulator
//! calls it directly, on a [`fault_disk::MemoryDisk`] that can lose what was not synced. Nothing here knows of the network.

mod api;
mod backup;
mod blobs;
mod catch_panic;
mod check;
mod copied_files;
mod engine;
mod error;
mod files;
mod into_service;
mod log_loss;
mod migration;
mod ops;
mod rescue;
mod schema;
mod segments;
mod snapshots;
mod state_hash;
mod thread;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use api::*;
pub use backup::{
    BackupContents, BackupSize, Restored, UNFINISHED_SUFFIX, copy_file, look_at_backup,
    make_backup, make_backup_directory, mark_as_copy, refusal_of_backup, restore,
};
pub use blobs::{
    BLOB_SLOTS, BlobCompletion, BlobDirectory, BlobFile, BlobFiles, BlobHandle, BlobKey,
    BlobOutcome, BlobRequest, BlobStore, BlobThread, Blobs, FoundBlob, MemoryBlobs, all_blobs,
    blobs_in, counted_bytes, shelf,
};
pub use catch_panic::FencedDatabase;
pub use check::{Finding, PAGES, Report, Unneeded, check_file};
pub use engine::{Engine, Reopen};
pub use error::{StoreError, advice};
pub use files::directory::{
    Prepared, is_own_file, make_directory, prepare_directory, require_database,
};
pub use files::fault_disk;
pub use files::in_place::InPlace;
pub use files::new_file::{Existing, NewFile, NewFileError, require_free};
pub use files::open::Files;
pub use files::open::{DATABASE_FILE, OpenError, blobs_of, open, open_file, reopen, segments_of};
pub use files::ownership::{
    OwnerError, act_as_owner, require_own, require_trusted, require_unwritable,
};
pub use files::regular::{open_regular, read_regular};
pub use files::rollback::{begin_service, begin_service_after};
pub use into_service::open_current;
pub use log_loss::LogLoss;
pub use migration::Migrated;
pub use ops::administration::codes::invitation_number;
pub use ops::rooms::ROOM_MEMBERS_MAX;
pub use rescue::{Rescued, rescue};
pub use schema::meta::{MEANING, SCHEMA_VERSION};
pub use segments::files::SegmentFiles;
pub use snapshots::Snapshots;
pub use thread::{
    AppliedElsewhere, BATCH_MAX, Details, Halted, NOBODY, Place, Replication, SLOTS, StoreCaller,
    StoreHandle, StoreThread, is_shared, nobodys,
};
