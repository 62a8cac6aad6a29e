//! The tables: their keys, their rows and the checksum of each row.

pub(super) mod admin_records;
pub(super) mod buffer;
pub(super) mod checksum;
pub(super) mod file_records;
pub(super) mod key;
pub(super) mod log_note;
mod merged;
pub(super) mod meta;
pub(super) mod names;
pub(super) mod pair_ids;
pub(super) mod places;
pub(super) mod records;
mod room_records;
pub(super) mod table;
pub(super) mod tables;
