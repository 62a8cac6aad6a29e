//! The tables: their keys, their rows and the checksum of each row.

pub(super) mod cache;
pub(super) mod checksum;
pub(super) mod insert_buffer;
pub(super) mod journal_note;
pub(super) mod meta;
pub(super) mod names;
pub(super) mod pair_ids;
pub(super) mod records;
pub(super) mod tables;
