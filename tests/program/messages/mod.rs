//! What is done with messages that were received: they are changed, and kept in files.

mod files;
mod logs;
mod mending;
