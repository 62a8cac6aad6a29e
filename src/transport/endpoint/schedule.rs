//! Which sessions have something to do: a queue of those that may have something to send, and one deadline for
//! each. Work is proportional to these, never to all sessions.

use std::collections::VecDeque;
use std::time::Instant;

use super::timer_heap::{Deadlines, Handle};
use crate::transport::SessionId;
use crate::transport::recovery::rtt::TIMER_GRANULARITY;

/// A session's place in the schedule.
#[derive(Debug, Default)]
pub(super) struct Place {
    queued: bool,
    armed: Option<Handle>,
}

/// The schedule of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    ready: VecDeque<SessionId>,
    deadlines: Deadlines,
}

impl Schedule {
    /// The session may have something to send.
    pub(super) fn mark_ready(&mut self, session: SessionId, place: &mut Place) {
        if !place.queued {
            place.queued = true;
            self.ready.push_back(session);
        }
    }

    /// The next session that may have something to send. [`Schedule::unmark`] it, or put it back.
    pub(super) fn next_ready(&mut self) -> Option<SessionId> {
        self.ready.pop_front()
    }

    /// The session taken out by [`Schedule::next_ready`] goes to the end of the queue, so that all have their turn.
    pub(super) fn put_back(&mut self, session: SessionId) {
        self.ready.push_back(session);
    }

    /// The session taken out by [`Schedule::next_ready`] has nothing more to send.
    pub(super) fn unmark(place: &mut Place) {
        place.queued = false;
    }

    /// Notes a session's deadline. A later one than is noted is left for when that comes: moving it with each
    /// packet would cost more than one call for nothing. It never lies at or before `now`, so that no deadline
    /// survives being polled.
    pub(super) fn arm(
        &mut self,
        now: Instant,
        session: SessionId,
        place: &mut Place,
        deadline: Option<Instant>,
    ) {
        let Some(deadline) = deadline else {
            return;
        };
        let deadline = deadline.max(now + TIMER_GRANULARITY);
        let armed = place.armed.map(|armed| self.deadlines.deadline(armed));
        if armed.is_some_and(|armed| armed <= deadline) {
            return;
        }
        self.forget(place);
        place.armed = Some(self.deadlines.insert(deadline, session));
    }

    /// The session has no deadline any more.
    pub(super) fn forget(&mut self, place: &mut Place) {
        if let Some(armed) = place.armed.take() {
            self.deadlines.remove(armed);
        }
    }

    /// The first deadline.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| deadline)
    }

    /// Takes out a session whose deadline has come; the caller tells its place by [`Schedule::disarmed`].
    pub(super) fn expire(&mut self, now: Instant) -> Option<SessionId> {
        let (deadline, session) = self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.deadlines.pop();
        Some(session)
    }

    /// The session's deadline was taken out by [`Schedule::expire`].
    pub(super) fn disarmed(place: &mut Place) {
        place.armed = None;
    }
}
