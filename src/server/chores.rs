//! When what deletions have left to do is done: at once, and at a start what was under way before it; in steps that leave the store
//! free for messages in between.

use std::time::Instant;

use super::ctx::Ctx;
use super::ctx::requests::Pending;
use super::ctx::store_link::StoreLink;
use super::retention::{PASS_EVERY, STEP_EVERY};
use crate::store::{Chore, Outcome, Read, Reply, Write};

/// When the store is asked next what there is to do.
#[derive(Debug)]
pub struct Chores {
    /// None while a step is under way.
    at: Option<Instant>,
    /// Whether a deletion has come meanwhile.
    is_wanted: bool,
}

impl Chores {
    /// Asks at once what a crash or a stop has left to do, before anybody asks the store for anything else.
    pub fn begin(now: Instant, store: &mut StoreLink) -> Self {
        let is_asked = store.submit(Pending::Chore, Read::NextChore);
        Self {
            at: (!is_asked).then(|| now + STEP_EVERY),
            is_wanted: false,
        }
    }

    /// When the next step is due.
    pub const fn deadline(&self) -> Option<Instant> {
        self.at
    }

    /// A write was done that may leave something to do.
    pub fn on_applied(&mut self, now: Instant, write: &Write) {
        match write {
            Write::DeleteRoom { .. } | Write::PurgeAccount { .. } => {
                self.is_wanted = true;
                self.at = self.at.map(|_| now);
            }
            Write::Audited(audited) => self.on_applied(now, &audited.write),
            _ => {}
        }
    }

    /// A server of the cluster is gone, which may have left something to do.
    pub fn take_over(&mut self, now: Instant) {
        self.is_wanted = true;
        self.at = self.at.map(|_| now);
    }

    /// Asks what there is to do, if that is due.
    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        if self.at.is_some_and(|at| at <= ctx.now.instant) {
            self.is_wanted = false;
            self.submit(ctx, Pending::Chore, Read::NextChore);
        }
    }

    fn submit(
        &mut self,
        ctx: &mut Ctx<'_>,
        pending: Pending,
        request: impl Into<crate::store::Request>,
    ) {
        // A store without room is busy with messages, which go first.
        self.at = if ctx.store.submit(pending, request) {
            None
        } else {
            Some(ctx.now.instant + STEP_EVERY)
        };
    }

    /// What there is to do is known.
    pub fn on_found(&mut self, ctx: &mut Ctx<'_>, outcome: Outcome) {
        let step = match outcome {
            Outcome::Done(Reply::Chore(Some(Chore::Room(conversation)))) => {
                Write::ClearRoom { conversation }
            }
            Outcome::Done(Reply::Chore(Some(Chore::Purge(purge)))) => Write::Purge {
                purge,
                time_ms: ctx.now.unix_ms,
            },
            _ => {
                let wait = if self.is_wanted {
                    STEP_EVERY
                } else {
                    PASS_EVERY
                };
                self.at = Some(ctx.now.instant + wait);
                return;
            }
        };
        self.submit(ctx, Pending::ChoreStep, step);
    }

    /// A step is done, or not: then another is tried with the next pass.
    pub fn on_step_done(&mut self, ctx: &Ctx<'_>, outcome: &Outcome) {
        let wait = match outcome {
            Outcome::Done(_) => STEP_EVERY,
            Outcome::Refused(_) | Outcome::Unknown => PASS_EVERY,
        };
        self.at = Some(ctx.now.instant + wait);
    }
}
