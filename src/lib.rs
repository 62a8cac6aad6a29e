//! udpchat: a chat over UDP.
pub mod cli;
pub mod client;
pub mod net;
pub mod protocol;
pub mod registry;
pub mod server;
pub mod store;
pub mod transport;
