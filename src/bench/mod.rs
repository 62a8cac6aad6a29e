//! Measures a server: one process plays many clients and sees what the server does for them.
//!
//! The clients are lean, so that their side costs little, but they say what the real one says: sign-up and login
//! through OPAQUE, HELLO, RESOLVE, messages with their digests, and a RECEIVED for each. Every one has a session
//! of its own; one endpoint, one socket and one poll loop serve them all, and one clock measures.
//!
//! Against a server of the measurement's own ([`server`]), which it starts where no address is named, the clients
//! sign in by tickets and belong to a room that were made beforehand, and what the server uses up can be read off
//! ([`server::Meter`]).

mod crowd;
mod histogram;
mod member;
mod report;
mod run;
mod server;
pub mod workload;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::store::Engine;

pub use crowd::End;
pub use report::Report;
pub use run::run;

/// How many seconds may be measured at most: a day.
pub const SECONDS_MAX: u64 = 24 * 60 * 60;

/// What to measure, and how.
pub struct Args {
    /// The workload's name in [`workload::table`].
    pub workload: String,
    /// The server's addresses; without any, one of the measurement's own.
    pub server: Option<Vec<SocketAddr>>,
    /// How many clients are played.
    pub clients: usize,
    /// Messages of each client that are under way at a time.
    pub window: usize,
    /// Messages of each client that are counted, if that and not the time ends the run.
    pub messages: Option<u64>,
    /// Messages that each client says in a second.
    pub rate: f64,
    /// For how long it is measured.
    pub duration: Duration,
    /// Bytes of text in a message.
    pub size: usize,
    /// Bytes of text in a stream.
    pub bytes: u64,
}

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

/// Why nothing is measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workload cannot be run like that.
    #[error("{0}")]
    Args(String),
    /// Something went wrong.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

#[cfg(test)]
impl Args {
    /// What the workloads' tests vary.
    fn of_test() -> Self {
        Self {
            workload: "paced".into(),
            server: None,
            clients: 2,
            window: 1,
            messages: None,
            rate: 2.0,
            duration: Duration::from_secs(3),
            size: 64,
            bytes: 1,
        }
    }
}
