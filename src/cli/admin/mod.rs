//! Administration: what `udpchat user`, `udpchat status` and their like ask of a server.
//!
//! A running server is asked over a Unix socket beside its database, with one JSON object a line each way. The directory
//! is its owner's alone (0700), and so is the socket (0600): who may open it, may administer. When no server runs, the
//! same handler works directly on the database, so that the output is the same either way.

mod api;
mod client;
mod handler;
mod server;
mod spare_descriptor;
mod status;

use std::path::Path;

use anyhow::anyhow;

use super::database::{self, Secrets};

pub use api::{AdminApi, Answer, Request, RetainedConversation, User};
pub use client::connect;
pub use handler::{AdminHandler, StoreAccess};
pub use server::AdminServer;

/// The manual's section on it, of each group of subcommands that ask here.
pub const FILES: &str = "A running server is spoken to through DIR/control.sock; if none runs, DIR/udpchat.redb is \
                         opened directly. The outcome is the same.";

/// The running server of this directory, or its database if none runs.
pub fn open(data: &Path) -> anyhow::Result<Box<dyn AdminApi>> {
    if let Some(server) = connect(data)? {
        return Ok(Box::new(server));
    }
    let mut engine = database::open(data)?;
    if let Some(loss) = engine.loss() {
        eprintln!(
            "udpchat: {loss}: stored messages are lost; the database has a new epoch, so that clients notice"
        );
    }
    let opaque = Secrets::of(&mut engine, data)?.opaque()?;
    let snapshots = engine.snapshots();
    let store = StoreAccess::Engine(Box::new(engine));
    Ok(Box::new(AdminHandler::new(store, opaque, snapshots)))
}

/// An answer to another question came.
pub fn unexpected() -> anyhow::Error {
    anyhow!("unexpected answer from the server")
}
