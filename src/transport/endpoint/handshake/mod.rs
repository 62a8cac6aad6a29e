//! Handshakes at both ends, from the first SYN until a session has its keys.

pub(in crate::transport) mod client;
pub(in crate::transport) mod half_open;
pub(in crate::transport) mod queue;
pub(in crate::transport) mod server;
mod standby;
pub(in crate::transport) mod tokens;
