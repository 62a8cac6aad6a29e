//! Threads with a name, which the operating system may refuse.

use anyhow::Context as _;

/// Starts a thread of this name.
pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(body)
        .with_context(|| format!("cannot start the thread {name}"))?;
    Ok(())
}
