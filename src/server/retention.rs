//! When retention passes: once an hour, in steps that leave the store free for messages in between.

use std::time::{Duration, Instant};

use super::hub::completions::Pending;
use super::hub::{Ctx, Hub};
use crate::protocol::ConversationId;
use crate::store::{Outcome, Reply, Write};
use crate::transport::Now;

/// How long after its start a server looks for the first time. Chosen: when those who come back have come back.
pub(super) const FIRST_AFTER: Duration = Duration::from_secs(60);

/// How long between two passes. Chosen: the finest limit is a day.
pub(super) const PASS_EVERY: Duration = Duration::from_secs(60 * 60);

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
}

impl Hub {
    /// Takes the next step, if it is due.
    pub(super) fn expire(&mut self, now: Now) {
        if self.retention.at.is_none_or(|at| at > now.instant) {
            return;
        }
        let request = Write::Expire {
            from: self.retention.from,
            keep: self.config.retention,
            now_ms: now.unix_ms,
        };
        // A store without room is busy with messages, which go first.
        self.retention.at = if self.submit(Pending::Expire, request) {
            None
        } else {
            Some(now.instant + STEP_EVERY)
        };
    }

    /// A step is done.
    pub(super) fn on_expired(&mut self, ctx: &Ctx<'_>, outcome: Outcome) {
        let now = ctx.now.instant;
        let mut next_from = None;
        match outcome {
            Outcome::Done(Reply::Expired {
                removed,
                next,
                jumped_from_ms,
            }) => {
                self.retention.removed += removed;
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
            self.retention.at = Some(now + STEP_EVERY);
            self.retention.from = from;
            return;
        }
        if self.retention.removed > 0 {
            tracing::info!(removed = self.retention.removed, "entries have expired");
        }
        self.retention = RetentionTimer::pass_at(now + PASS_EVERY);
    }
}
