//! The files of a database: opened, created and copied.

pub(super) mod copier;
pub(super) mod cow_overlay;
pub(super) mod directory;
pub mod fault_disk;
pub(super) mod in_place;
mod leftovers;
pub(super) mod new_file;
pub(super) mod open;
pub(super) mod open_error;
pub(super) mod ownership;
pub(super) mod regular;
pub(super) mod rollback;
pub(in crate::store) mod schema;
