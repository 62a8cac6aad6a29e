//! When retention passes: once an hour, in steps that leave the store free for messages in between.

use std::time::{Duration, Instant};

use super::ctx::Ctx;
use super::ctx::requests::Pending;
use crate::protocol::ConversationId;
use crate::store::{Outcome, Reply, Write};
use crate::transport::Now;

/// How long after its start a server looks for the first time. Chosen: when those who come back have come back.
pub(super) const FIRST_AFTER: Duration = Duration::from_mins(1);

/// How long between two passes. Chosen: the finest limit is a day.
pub(super) const PASS_EVERY: Duration = Duration::from_hours(1);

/// How long between two steps of a pass. Chosen: ten times what a step takes, so that even a long pass takes a tenth
/// of the storage thread's time.
pub(super) const STEP_EVERY: Duration = Duration::from_millis(100);

/// Where the current pass stands.
#[derive(Debug)]
pub struct RetentionTimer {
    /// When the next step is due; none while one is under way.
    at: Option<Instant>,
    /// Where it begins.
    from: ConversationId,
    /// How many entries this pass has removed.
    removed: u64,
}

impl RetentionTimer {
    /// The first pass, soon after the start.
    pub fn new(now: Now) -> Self {
        Self::pass_at(now.instant + FIRST_AFTER)
    }

    fn pass_at(at: Instant) -> Self {
        Self {
            at: Some(at),
            from: ConversationId(0),
            removed: 0,
        }
    }

    /// When the next step is due.
    pub const fn deadline(&self) -> Option<Instant> {
        self.at
    }

    /// Takes the next step, if it is due. `is_ours` is false where another server of the cluster does it for all.
    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>, is_ours: bool) {
        if self.at.is_none_or(|at| at > ctx.now.instant) {
            return;
        }
        if !is_ours {
            *self = Self::pass_at(ctx.now.instant + PASS_EVERY);
            return;
        }
        let request = Write::Expire {
            from: self.from,
            keep: ctx.config.retention,
            now_ms: ctx.now.unix_ms,
        };
        // A store without room is busy with messages, which go first.
        self.at = if ctx.store.submit(Pending::Expire, request) {
            None
        } else {
            Some(ctx.now.instant + STEP_EVERY)
        };
    }

    /// A step is done.
    pub fn on_expired(&mut self, ctx: &mut Ctx<'_>, outcome: Outcome) {
        let now = ctx.now.instant;
        let mut next_from = None;
        match outcome {
            Outcome::Done(Reply::Expired {
                removed,
                next,
                jumped_from_ms,
            }) => {
                self.removed += removed;
                next_from = next;
                if let Some(from_ms) = jumped_from_ms {
                    let now_ms = ctx.now.unix_ms;
                    tracing::warn!(
                        from_ms,
                        now_ms,
                        "the clock jumped by more than a day since the last retention pass: nothing is removed before the next one, in an hour"
                    );
                }
            }
            // The store has said why; the next pass tries again.
            Outcome::Unknown => {}
            other => tracing::error!(?other, "unexpected answer to a retention pass"),
        }
        if let Some(from) = next_from {
            self.at = Some(now + STEP_EVERY);
            self.from = from;
            return;
        }
        if self.removed > 0 {
            tracing::info!(removed = self.removed, "entries have expired");
        }
        *self = Self::pass_at(now + PASS_EVERY);
    }
}
