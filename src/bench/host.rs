//! What a measurement needs in order to run a server of its own. The command line passes it in, because this layer is below it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::store::Engine;

#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// Opens the database in this directory; also returns the public key of its server.
    pub open_database: fn(&Path) -> anyhow::Result<(Engine, PublicKey)>,
    /// The command that serves this directory at this address, without limits, until its standard input ends. It prints
    /// the address that it listens on first.
    pub serve: fn(&Path, SocketAddr) -> anyhow::Result<Command>,
    /// What the server of this directory has counted.
    pub counts: fn(&Path) -> Option<ServerCounts>,
    /// Calls this on each signal that asks the program to end.
    pub on_signal: fn(SignalHandler) -> anyhow::Result<()>,
}

/// What a server has counted of itself since its start.
#[derive(Debug, Clone, Copy)]
pub struct ServerCounts {
    /// Transactions that it has committed.
    pub commits: u64,
    pub longest_stalls: LongestStalls,
}

/// How long each of a server's threads was busy at a stretch, at most, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongestStalls {
    pub network: u64,
    pub store: u64,
}

pub type SignalHandler = Box<dyn FnMut() + Send>;

/// X25519.
pub type PublicKey = [u8; 32];
