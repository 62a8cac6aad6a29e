//! Handshakes at both ends, from the first SYN until a session has its keys.

pub(crate) mod client;
pub(crate) mod half_open;
pub(crate) mod queue;
pub(crate) mod server;
mod standby;
pub(crate) mod tokens;
