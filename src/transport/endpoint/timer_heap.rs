//! The deadlines of all sessions: a binary heap whose entries know their position, so that one can be removed. Unlike
//! a tree it allocates nothing once it has grown.

use std::time::Instant;

use crate::transport::SessionId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle(u32);

#[derive(Debug)]
struct Entry {
    deadline: Instant,
    session: SessionId,
    /// The index in `heap`.
    position: u32,
}

/// At most one deadline for each session.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    entries: Vec<Entry>,
    /// Unused entries.
    free: Vec<u32>,
    /// Indices into `entries`, the earliest deadline first.
    heap: Vec<u32>,
}

impl Deadlines {
    pub(super) fn first(&self) -> Option<(Instant, SessionId)> {
        let entry = &self.entries[*self.heap.first()? as usize];
        Some((entry.deadline, entry.session))
    }

    pub(super) fn deadline(&self, handle: Handle) -> Instant {
        self.entries[handle.0 as usize].deadline
    }

    pub(super) fn insert(&mut self, deadline: Instant, session: SessionId) -> Handle {
        let position = index(self.heap.len());
        let entry = Entry {
            deadline,
            session,
            position,
        };
        let slot = if let Some(slot) = self.free.pop() {
            self.entries[slot as usize] = entry;
            slot
        } else {
            self.entries.push(entry);
            index(self.entries.len() - 1)
        };
        self.heap.push(slot);
        self.rise(position as usize);
        Handle(slot)
    }

    /// Removes a deadline. Its handle becomes invalid.
    pub(super) fn remove(&mut self, handle: Handle) {
        let position = self.entries[handle.0 as usize].position as usize;
        self.free.push(handle.0);
        self.heap.swap_remove(position);
        if let Some(moved) = self.heap.get(position) {
            self.entries[*moved as usize].position = index(position);
            self.sink(position);
            self.rise(position);
        }
    }

    pub(super) fn pop(&mut self) {
        if let Some(first) = self.heap.first() {
            self.remove(Handle(*first));
        }
    }

    /// Ties are broken by the session's number, so that a seed determines everything.
    fn key(&self, position: usize) -> (Instant, SessionId) {
        let entry = &self.entries[self.heap[position] as usize];
        (entry.deadline, entry.session)
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.heap.swap(one, other);
        for position in [one, other] {
            self.entries[self.heap[position] as usize].position = index(position);
        }
    }

    fn rise(&mut self, mut position: usize) {
        while position > 0 {
            let parent = (position - 1) / 2;
            if self.key(parent) <= self.key(position) {
                return;
            }
            self.swap(parent, position);
            position = parent;
        }
    }

    fn sink(&mut self, mut position: usize) {
        loop {
            let children = [2 * position + 1, 2 * position + 2];
            let least = children
                .into_iter()
                .filter(|child| *child < self.heap.len())
                .min_by_key(|child| self.key(*child));
            match least {
                Some(child) if self.key(child) < self.key(position) => {
                    self.swap(child, position);
                    position = child;
                }
                _ => return,
            }
        }
    }
}

/// Session counts fit 32 bits: no host has memory for more.
fn index(position: usize) -> u32 {
    u32::try_from(position).expect("there are fewer than 2^32 sessions")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::testing::instant;

    proptest! {
        #[test]
        fn it_behaves_as_a_sorted_set(
            steps in proptest::collection::vec((0_u8..4, 0_u64..20, 0_u64..50), 0..200),
        ) {
            let now = instant();
            let mut deadlines = Deadlines::default();
            let mut model: BTreeMap<SessionId, (Instant, Handle)> = BTreeMap::new();
            for (what, session, wait) in steps {
                let session = SessionId(session);
                if what == 0 {
                    if let Some((_, session)) = deadlines.first() {
                        deadlines.pop();
                        model.remove(&session);
                    }
                } else if let Some((_, handle)) = model.remove(&session) {
                    deadlines.remove(handle);
                } else {
                    let deadline = now + Duration::from_secs(wait);
                    let handle = deadlines.insert(deadline, session);
                    prop_assert_eq!(deadlines.deadline(handle), deadline);
                    model.insert(session, (deadline, handle));
                }
                let first = model.iter().map(|(session, (at, _))| (*at, *session)).min();
                prop_assert_eq!(deadlines.first(), first);
            }
            prop_assert!(deadlines.entries.len() <= 20);
        }
    }
}
