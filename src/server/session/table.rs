//! The sessions that the hub has, and who is signed in on them.
//!
//! A type of its own, so that a user can be changed while other parts of the hub are looked at.

use super::{Session, User};
use crate::id_map::IdMap;
use crate::transport::SessionId;

/// Every session of the transport. How many there can be is the endpoint's limit.
#[derive(Default)]
pub struct Sessions {
    sessions: IdMap<SessionId, Session>,
}

impl Sessions {
    /// A session has begun.
    pub fn insert(&mut self, id: SessionId, session: Session) {
        self.sessions.insert(id, session);
    }

    /// A session is over.
    pub fn remove(&mut self, id: SessionId) {
        self.sessions.remove(&id);
    }

    /// The session, unless it is over.
    #[must_use]
    pub fn get(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// The session, unless it is over.
    pub fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.sessions.get_mut(&id)
    }

    /// Who is signed in on it, if anybody is.
    #[must_use]
    pub fn user(&self, id: SessionId) -> Option<&User> {
        self.get(id)?.user()
    }

    /// Who is signed in on it, if anybody is.
    pub fn user_mut(&mut self, id: SessionId) -> Option<&mut User> {
        self.get_mut(id)?.user_mut()
    }

    /// All, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.sessions.iter().map(|(id, session)| (*id, session))
    }

    /// All, in the order in which they began.
    pub fn in_order(&self) -> impl DoubleEndedIterator<Item = (SessionId, &Session)> {
        let mut all: Vec<_> = self.iter().collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all.into_iter()
    }

    /// All, in order, to be changed while they are gone through.
    #[must_use]
    pub fn ids(&self) -> Vec<SessionId> {
        self.in_order().map(|(id, _)| id).collect()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }
}
