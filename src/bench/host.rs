//! What this layer takes of the program around it, to measure a server that it starts itself.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::store::Engine;

/// What a server of the measurement's own takes of the program around this layer.
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// Opens the database in a directory, and gives it with the public key of the server whose it is.
    pub open_database: fn(&Path) -> anyhow::Result<(Engine, PublicKey)>,
    /// The command that serves this directory at this address, without limits, until its standard input ends, and
    /// prints first where it listens.
    pub serve: fn(&Path, SocketAddr) -> anyhow::Result<Command>,
    /// How many transactions the server of this directory has made durable.
    pub commits: fn(&Path) -> Option<u64>,
}

/// The public half of a server's key, X25519.
pub type PublicKey = [u8; 32];
