//! When the bytes of what was deleted are removed from this device's file.

use std::time::{Duration, Instant};

use crate::client::account::ctx::Ctx;
use crate::client::env::Fault;

/// How long after a deletion the removal begins, so that several cost one. Chosen: a few lines that somebody deletes in a row.
const DELAY: Duration = Duration::from_secs(2);

/// How long after a removal the next one begins at the earliest. Chosen: together with the steps it stays below the 60 s that
/// the manual promises, and a room in which much is deleted keeps no disk busy.
const PAUSE: Duration = Duration::from_secs(20);

/// How long after a step the next one follows. Chosen: what comes meanwhile is shown in between.
const STEP: Duration = Duration::from_millis(100);

/// The clock of the removal.
#[derive(Debug, Default)]
pub(crate) struct Eraser {
    due: Option<Instant>,
    last: Option<Instant>,
}

impl Eraser {
    /// A batch is durable, and may have deleted something.
    pub(crate) fn after_commit(&mut self, ctx: &Ctx<'_>) {
        if ctx.state.has_erasure() && self.due.is_none() {
            let now = ctx.now.instant;
            let earliest = self.last.map_or(now, |last| last + PAUSE);
            self.due = Some(earliest.max(now + DELAY));
        }
    }

    /// Removes some of it, if that is due.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Ctx<'_>) {
        let now = ctx.now.instant;
        if self.due.take_if(|due| *due <= now).is_none() {
            return;
        }
        if let Err(error) = ctx.state.erase_step() {
            ctx.fail(Fault::Failed, error.to_string());
        } else if ctx.state.has_erasure() {
            self.due = Some(now + STEP);
        } else {
            self.last = Some(now);
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.due
    }
}
