//! What people do besides talking, and what becomes of it in time.

pub mod files;
pub mod mending;
pub mod paging;
pub mod programs;
pub mod retention;
pub mod rooms;
