//! Wires the parts together: what the subcommands run once their arguments are read.

pub mod database;
mod server;

use anyhow::Context as _;

pub use crate::cli::connect::bind_any;
pub use database::local_desk;
pub use server::run as server;

use crate::client::commands;
use crate::server::Name;

/// The canonical form of the name of a user who is to be added.
///
/// # Errors
/// Why the text is no name.
pub fn canonical_name(name: &str) -> anyhow::Result<String> {
    Ok(Name::parse_new(name)?.canonical().to_owned())
}

/// The chat commands, a line each, for the manual.
#[must_use]
pub fn chat_menu() -> String {
    let registry = commands::registry();
    let lines = registry.iter().map(|command| {
        let call = format!("{} {}", command.name(), command.usage().arguments);
        format!("{}: {}\n", call.trim_end(), command.summary())
    });
    lines.collect()
}

/// Has this called at SIGINT, SIGTERM and SIGHUP, on a thread of its own.
///
/// # Errors
/// If the operating system does not let it.
pub fn on_signal(handler: impl FnMut() + Send + 'static) -> anyhow::Result<()> {
    ctrlc::set_handler(handler).context("cannot handle signals")
}
