//! Who is online, who comes and goes, and who is not told of it.

pub mod alerts;
pub mod blocks;
pub mod contacts;
