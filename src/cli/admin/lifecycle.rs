//! What the operator does to the running server itself.

use anyhow::Context as _;

use super::api::{Answer, Reloaded};
use super::handler::AdminHandler;
use crate::cli::exit::{Coded, Failure};
use crate::store::{Operation, Write};

/// A running server, as it is told to end or to read its settings again.
pub trait Lifecycle: Send + Sync {
    /// Begins to end it, in order.
    fn stop(&self);

    /// On an error all settings stay as they were.
    fn reload(&self) -> Result<Reloaded, Failure>;
}

/// It ends once the answer was sent.
pub fn stop(handler: &mut AdminHandler) -> anyhow::Result<Answer> {
    handler.lifecycle.as_ref().context("no server is running")?;
    let answer = handler.act(Write::Operate(Operation::Stop))?;
    handler.stops = true;
    Ok(answer)
}

pub fn reload(handler: &mut AdminHandler) -> anyhow::Result<Answer> {
    let lifecycle = handler.lifecycle.as_ref().context("no server is running")?;
    let reloaded = lifecycle.reload().map_err(|Failure { exit, error, .. }| {
        Coded::new(exit, format!("the settings stay as they were: {error:#}"))
    })?;
    handler.act(Write::Operate(Operation::Reload))?;
    Ok(Answer::Reloaded(reloaded))
}
