//! Stands in for the wiring until server, store and client are there.

use std::path::Path;

use anyhow::anyhow;

use super::control::Desk;
use super::exit::Outcome;
use super::{connect, serve};

/// Runs the server to its end.
pub fn server(_plan: serve::Plan) -> Outcome {
    Err(anyhow!("not wired").into())
}

/// Runs the client to its end.
pub fn client(_plan: connect::Plan) -> Outcome {
    Err(anyhow!("not wired").into())
}

/// The database of a server that does not run.
pub fn local_desk(_data: &Path) -> anyhow::Result<Box<dyn Desk>> {
    Err(anyhow!("not wired"))
}

/// Whether a text can be a user's name.
pub fn check_name(_name: &str) -> anyhow::Result<()> {
    Ok(())
}

/// The chat commands, a line each, for the manual.
pub fn chat_menu() -> String {
    String::new()
}
