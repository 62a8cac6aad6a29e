//! A message's way: from its author into the log, and from the log to its readers.

mod append;
pub(super) mod blocks;
mod catch_up;
pub(super) mod fanout;
pub(super) mod history;
