//! What a subcommand prints on standard output.

use std::io::{self, Write as _};

use anyhow::Context as _;
use serde::Serialize;

/// Prints text that ends its own lines.
pub fn print(text: impl AsRef<[u8]>) {
    let mut output = io::stdout().lock();
    // A reader that has gone away is no reason to fail.
    let _ = output
        .write_all(text.as_ref())
        .and_then(|()| output.flush());
}

/// Prints a value as one JSON object on a line.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string(value).context("cannot write JSON")?;
    print(json + "\n");
    Ok(())
}
