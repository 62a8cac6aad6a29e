//! A message's way: from its author into the log, and from the log to its readers.

pub mod append;
pub mod catch_up;
pub mod fanout;
pub mod history;
