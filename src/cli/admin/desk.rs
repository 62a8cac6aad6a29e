//! Where the operator's subcommands ask: at the running server, or at its database if none runs.

use std::path::Path;

use anyhow::{anyhow, bail};

use super::{Answer, Caller, Clerk, Desk, Request};
use crate::cli::database::{self, Secrets};

/// The manual's section on it, of each subcommand that asks here.
pub const FILES: (&str, &str) = (
    "FILES",
    "A running server is spoken to through DIR/control.sock; if none runs, DIR/udpchat.redb is opened directly. The \
     outcome is the same.",
);

/// The running server of this directory, or its database if none runs.
///
/// # Errors
/// If there is a control socket that cannot be used, or a database that cannot be opened.
pub fn open(data: &Path) -> anyhow::Result<Box<dyn Desk>> {
    Ok(match super::connect(data)? {
        Some(remote) => Box::new(remote),
        None => local(data)?,
    })
}

/// The database of a server that does not run.
///
/// # Errors
/// As [`open`].
fn local(data: &Path) -> anyhow::Result<Box<dyn Desk>> {
    let mut engine = database::open(data)?;
    if let Some(loss) = engine.loss() {
        eprintln!(
            "udpchat: {loss}: stored messages are lost; the database has a new epoch, so that clients notice"
        );
    }
    let registrar = Secrets::of(&mut engine, data)?.registrar()?;
    let snapshots = engine.snapshots();
    Ok(Box::new(Clerk::new(
        Caller::Engine(Box::new(engine)),
        registrar,
        snapshots,
    )))
}

/// Asks for something and is given it.
///
/// # Errors
/// If the way to the server failed, or it refuses; the refusal is the error's text.
pub fn ask(desk: &mut dyn Desk, request: Request) -> anyhow::Result<Answer> {
    match desk.ask(request)? {
        Answer::Error { message } => bail!(message),
        answer => Ok(answer),
    }
}

/// An answer to another question came.
pub fn unexpected() -> anyhow::Error {
    anyhow!("the server answered something else")
}
