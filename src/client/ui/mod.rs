//! The texts that a user reads and types: lines, tables, times and the prompt.

pub(super) mod files;
pub(super) mod prompt;
mod refusal;
pub(super) mod render;
pub(super) mod render_rooms;
pub(super) mod table;
pub(super) mod time;
