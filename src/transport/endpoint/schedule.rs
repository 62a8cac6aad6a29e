//! Which sessions have work: a queue of those that may have something to send, and one deadline for each. The cost
//! grows with these, never with all sessions.

use std::collections::VecDeque;
use std::time::Instant;

use super::timer_heap::{Deadlines, Handle};
use crate::transport::SessionId;
use crate::transport::recovery::rtt::TIMER_GRANULARITY;

/// What the scheduler keeps in a session's slot.
#[derive(Debug, Default)]
pub(super) struct SchedulerSlot {
    queued: bool,
    armed: Option<Handle>,
}

#[derive(Debug, Default)]
pub(super) struct Schedule {
    ready: VecDeque<SessionId>,
    deadlines: Deadlines,
}

impl Schedule {
    pub(super) fn mark_ready(&mut self, session: SessionId, scheduling: &mut SchedulerSlot) {
        if !scheduling.queued {
            scheduling.queued = true;
            self.ready.push_back(session);
        }
    }

    /// The next session that may have something to send. The caller must [`Schedule::unmark`] it, or put it back.
    pub(super) fn next_ready(&mut self) -> Option<SessionId> {
        self.ready.pop_front()
    }

    /// Returns the session of [`Schedule::next_ready`] to the end of the queue, so that all get a turn.
    pub(super) fn put_back(&mut self, session: SessionId) {
        self.ready.push_back(session);
    }

    /// The session of [`Schedule::next_ready`] has nothing more to send.
    pub(super) fn unmark(scheduling: &mut SchedulerSlot) {
        scheduling.queued = false;
    }

    /// Sets a deadline. If a later one than the current is given, the current one stays: moving it with each packet
    /// would cost more than one needless wake-up. It is later than `now`, or the driver would spin.
    pub(super) fn arm(
        &mut self,
        now: Instant,
        session: SessionId,
        scheduling: &mut SchedulerSlot,
        deadline: Option<Instant>,
    ) {
        let Some(deadline) = deadline else {
            return;
        };
        let deadline = deadline.max(now + TIMER_GRANULARITY);
        let armed = scheduling.armed.map(|armed| self.deadlines.deadline(armed));
        if armed.is_some_and(|armed| armed <= deadline) {
            return;
        }
        self.forget(scheduling);
        scheduling.armed = Some(self.deadlines.insert(deadline, session));
    }

    pub(super) fn forget(&mut self, scheduling: &mut SchedulerSlot) {
        if let Some(armed) = scheduling.armed.take() {
            self.deadlines.remove(armed);
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| deadline)
    }

    /// Removes a session whose deadline has passed; the caller then calls [`Schedule::disarmed`].
    pub(super) fn expire(&mut self, now: Instant) -> Option<SessionId> {
        let (deadline, session) = self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.deadlines.pop();
        Some(session)
    }

    pub(super) fn disarmed(scheduling: &mut SchedulerSlot) {
        scheduling.armed = None;
    }
}
