//! Starts named threads; the operating system can refuse.

use anyhow::Context as _;

pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(body)
        .with_context(|| format!("cannot start the thread {name}"))?;
    Ok(())
}
