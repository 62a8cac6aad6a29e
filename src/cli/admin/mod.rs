//! Requests of `udpchat user`, `udpchat status` and the like to a server.
//!
//! A running server answers on a Unix socket beside its database, one JSON object a line in each direction. Only the owner
//! can enter the directory (0700) and open the socket (0600), and so administer the server. If no server runs, the same
//! handler works directly on the database, so that the output is the same.

mod api;
mod client;
mod handler;
mod server;
mod spare_descriptor;
mod status;

use std::path::Path;

use anyhow::anyhow;

use super::database::{self, Secrets};
use super::output::print_error;

pub use api::{AdminApi, Answer, Request, RetainedConversation, User};
pub use client::connect;
pub use handler::{AdminHandler, StoreAccess};
pub use server::AdminServer;

/// The section FILES in the manual of each group of subcommands that use the socket.
pub const FILES: &str = "A running server is spoken to through DIR/control.sock; if none runs, DIR/udpchat.redb is \
                         opened directly. The outcome is the same.";

/// The running server of this directory, or its database if none runs.
pub fn open(data: &Path) -> anyhow::Result<Box<dyn AdminApi>> {
    if let Some(server) = connect(data)? {
        return Ok(Box::new(server));
    }
    let mut engine = database::open(data)?;
    if let Some(loss) = engine.loss() {
        print_error(format_args!(
            "udpchat: {loss}: stored messages are lost; the database has a new epoch, so that clients notice"
        ));
    }
    let opaque = Secrets::of(&mut engine, data)?.opaque()?;
    let snapshots = engine.snapshots();
    let store = StoreAccess::Engine(Box::new(engine));
    Ok(Box::new(AdminHandler::new(store, opaque, snapshots)))
}

pub fn unexpected() -> anyhow::Error {
    anyhow!("unexpected answer from the server")
}
