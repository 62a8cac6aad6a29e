//! Limits the memory of all buffers together, and chooses which session to evict at the limit: the largest, first
//! among those that have not signed in.
//!
//! Allocated memory counts: data received and not read, data queued or not acknowledged, and the records of sent
//! packets. The sum of all windows exceeds the memory, because few peers fill theirs. A peer that does is the one
//! evicted.

use std::time::Instant;

use crate::transport::SessionId;
use crate::transport::connection::{Context, Shortage};
use crate::transport::endpoint::{Endpoint, Session, Usage};
use crate::transport::limits::BUFFERS_UNAUTHENTICATED;
use crate::transport::shares::{Share, Shares};

/// The usage of a server's sessions.
#[derive(Debug)]
pub(crate) struct Memory {
    strangers: Shares,
    users: Shares,
    limit: usize,
}

/// A session's usage, and the group in which it counts.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    share: Share,
    is_user: bool,
}

impl Memory {
    /// `limit`: bytes of all sessions together.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            strangers: Shares::new(limit / BUFFERS_UNAUTHENTICATED),
            users: Shares::new(limit),
            limit,
        }
    }

    /// Sets what a session uses, and its group.
    pub(crate) fn note(
        &mut self,
        session: SessionId,
        holding: &mut Holding,
        bytes: usize,
        is_user: bool,
    ) {
        if holding.is_user != is_user {
            self.among(holding.is_user)
                .set(session, &mut holding.share, 0);
            holding.is_user = is_user;
        }
        self.among(is_user).set(session, &mut holding.share, bytes);
    }

    fn among(&mut self, is_user: bool) -> &mut Shares {
        if is_user {
            &mut self.users
        } else {
            &mut self.strangers
        }
    }

    /// Bytes of all sessions.
    pub(crate) const fn held(&self) -> usize {
        self.strangers.held() + self.users.held()
    }

    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// Whether sessions may queue less than usual.
    pub(crate) const fn is_short(&self) -> bool {
        self.held() > self.limit / 2
    }

    /// The session to evict now.
    fn excess(&self) -> Option<SessionId> {
        let is_over = self.held() > self.limit;
        let stranger = || self.strangers.hungriest();
        let user = || self.users.hungriest();
        if self.strangers.is_over() {
            stranger()
        } else if is_over {
            stranger().or_else(user)
        } else {
            None
        }
    }
}

impl Endpoint {
    /// How much of the limits is used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let taken = self
            .acceptor
            .as_ref()
            .map(|acceptor| acceptor.admission.taken());
        let (strangers, strangers_limit) = taken.unwrap_or_default();
        Usage {
            buffers_bytes: self.memory.held(),
            buffers_limit_bytes: self.memory.limit(),
            strangers,
            strangers_limit,
        }
    }

    /// Evicts the largest sessions until the buffers are within the limit. Returns whether any was evicted.
    pub(crate) fn shed(&mut self, now: Instant) -> bool {
        let mut has_shed = false;
        while let Some(session) = self.memory.excess() {
            if self.sessions.contains_key(&session) {
                self.counters.evicted_memory += 1;
                self.evict(now, session, Shortage::Memory);
                has_shed = true;
            } else {
                debug_assert!(false, "what is forgotten holds nothing");
                break;
            }
        }
        has_shed
    }

    pub(crate) fn evict(&mut self, now: Instant, session: SessionId, shortage: Shortage) {
        let Some(slot) = self.sessions.get_mut(&session) else {
            return;
        };
        if let Session::Open(connection) = &mut slot.session {
            let events = if connection.is_signed_in() {
                &mut self.events
            } else {
                // Behind the events of its start.
                &mut self.later
            };
            let mut context = Context::new(now, &mut self.random, events);
            connection.evict(&mut context, shortage);
            let (bytes, is_user) = (connection.memory(), connection.is_signed_in());
            self.memory.note(session, &mut slot.holding, bytes, is_user);
        }
        if let (Some(acceptor), Some(place)) = (&mut self.acceptor, slot.counted.take()) {
            acceptor.admission.release(place);
        }
        self.settle(session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Endpoint {
        /// Bytes that the buffers of those hold who have not signed in.
        pub(crate) fn held_by_strangers(&self) -> usize {
            self.memory.held_by_strangers()
        }
    }

    impl Memory {
        pub(crate) const fn held_by_strangers(&self) -> usize {
            self.strangers.held()
        }
    }

    #[test]
    fn strangers_go_before_users_and_the_hungriest_first() {
        let mut memory = Memory::new(1000);
        let mut holdings: Vec<Holding> = (0..5).map(|_| Holding::default()).collect();
        let mut note = |memory: &mut Memory, session: usize, bytes, is_user| {
            memory.note(
                SessionId(session as u64),
                &mut holdings[session],
                bytes,
                is_user,
            );
        };
        note(&mut memory, 0, 100, false);
        note(&mut memory, 1, 150, false);
        note(&mut memory, 2, 400, true);
        note(&mut memory, 3, 300, true);
        assert_eq!((memory.held(), memory.excess()), (950, None));
        note(&mut memory, 3, 351, true);
        assert_eq!(
            memory.excess(),
            Some(SessionId(1)),
            "a stranger, though it holds less"
        );
        note(&mut memory, 1, 0, false);
        assert_eq!(memory.excess(), None);
        note(&mut memory, 1, 151, false);
        assert_eq!(
            memory.excess(),
            Some(SessionId(1)),
            "strangers have a quarter"
        );
        note(&mut memory, 0, 100, true);
        note(&mut memory, 1, 0, false);
        note(&mut memory, 3, 501, true);
        assert_eq!(
            memory.excess(),
            Some(SessionId(3)),
            "nobody else holds as much"
        );
    }
}
