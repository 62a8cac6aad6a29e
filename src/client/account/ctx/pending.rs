//! The requests that the server has not answered yet, with one time-out for all.
//!
//! Each request has a tag that its answer repeats, so that a late answer, or one to no request, does nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::protocol::{Access, Change, Contact, Person, Room, RoomMember};

/// How long the server's answer is waited for at a terminal. Chosen: longer than any path needs that is any use.
pub(crate) const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// How many requests may be open, and how many names may be looked up beside them. Chosen: a script's worth; at the
/// limit a further request is refused by name, and a further name waits.
const REQUESTS_MAX: usize = 64;

/// How many rooms may wait for a link to be joined. At the limit a further one is refused by name.
const DEFERRED_JOINS_MAX: usize = 64;

/// How many rooms, members or contacts of one answer are kept. At the limit the others are not listed.
pub(crate) const LISTED_MAX: usize = 10_000;

/// A request, and what its answer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PendingRequest {
    /// Join a room, and switch to it if `takes_focus`.
    Join {
        name: String,
        takes_focus: bool,
    },
    Leave {
        name: String,
    },
    Rooms {
        purpose: RoomsPurpose,
        rooms: Vec<Room>,
    },
    Members {
        name: String,
        members: Vec<RoomMember>,
    },
    Change {
        name: String,
        change: Change,
    },
    Block {
        name: String,
        blocking: bool,
    },
    /// Whom the user knows; the answer `is_shown` if the user asked.
    Roster {
        is_shown: bool,
        people: Vec<Person>,
    },
    Whois {
        name: String,
    },
    /// Say that the user is away, or back; `is_shown` if it was just typed.
    Away {
        is_shown: bool,
    },
    /// Mute a conversation, or no longer.
    Mute {
        name: String,
    },
    /// Older entries for the page of history that is being put together.
    History,
    /// Older entries that are only kept.
    Fetch,
    /// List those who are online; the answer `is_shown` if the user asked.
    Contacts {
        is_shown: bool,
        contacts: Vec<Contact>,
    },
    Devices,
    /// Find the conversation with a user, whose name is given as it was typed.
    Resolve {
        target: String,
    },
}

/// What the list of rooms is requested for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoomsPurpose {
    /// Show this page of it, from 1 on.
    List(u32),
    Topic(String),
    /// Learn the name of a room that another device joined.
    Names,
}

impl PendingRequest {
    /// Whether the user asked, and waits for the answer.
    fn is_awaited(&self) -> bool {
        match self {
            Self::Rooms { purpose, .. } => *purpose != RoomsPurpose::Names,
            Self::Contacts { is_shown, .. }
            | Self::Roster { is_shown, .. }
            | Self::Away { is_shown } => *is_shown,
            Self::Resolve { .. } | Self::Fetch => false,
            _ => true,
        }
    }

    const fn is_resolve(&self) -> bool {
        matches!(self, Self::Resolve { .. })
    }
}

/// The open requests, by tag, and the joins that wait for a link.
#[derive(Debug)]
pub(crate) struct PendingRequests {
    /// How long an answer is waited for.
    answer_wait: Duration,
    /// Whether an answer did not come in time, and nothing has come from the server since.
    pub(crate) is_overdue: bool,
    open: BTreeMap<u32, (PendingRequest, Instant)>,
    last_tag: u32,
    /// Rooms that are joined when there is a link.
    deferred_joins: BTreeMap<String, Option<Access>>,
}

impl Default for PendingRequests {
    fn default() -> Self {
        Self::new(ANSWER_WAIT)
    }
}

impl PendingRequests {
    pub(crate) const fn new(answer_wait: Duration) -> Self {
        Self {
            answer_wait,
            is_overdue: false,
            open: BTreeMap::new(),
            last_tag: 0,
            deferred_joins: BTreeMap::new(),
        }
    }

    /// Adds one and returns its tag; nothing at [`REQUESTS_MAX`].
    pub(crate) fn add(&mut self, now: Instant, request: PendingRequest) -> Option<u32> {
        let all = self.open.values().map(|(open, _)| open);
        let alike = all.filter(|open| open.is_resolve() == request.is_resolve());
        if alike.count() >= REQUESTS_MAX {
            return None;
        }
        self.last_tag = self.last_tag.wrapping_add(1).max(1);
        let wait = if request.is_awaited() {
            self.answer_wait
        } else {
            self.answer_wait.min(ANSWER_WAIT)
        };
        self.open.insert(self.last_tag, (request, now + wait));
        Some(self.last_tag)
    }

    /// The request with this tag, which is answered now.
    pub(crate) fn take(&mut self, tag: u32) -> Option<PendingRequest> {
        self.open.remove(&tag).map(|(request, _)| request)
    }

    /// The request with this tag, of whose answer a part has come.
    pub(crate) fn get_mut(&mut self, tag: u32) -> Option<&mut PendingRequest> {
        self.open.get_mut(&tag).map(|(request, _)| request)
    }

    /// Takes the request for those who are online. Returns whether the user waits for it, if there is one.
    pub(crate) fn take_contacts(&mut self) -> Option<bool> {
        let is_contacts = |(_, (open, _)): &(&u32, &(PendingRequest, Instant))| {
            matches!(open, PendingRequest::Contacts { .. })
        };
        let tag = self.open.iter().find(is_contacts).map(|(tag, _)| *tag)?;
        self.take(tag).map(|request| request.is_awaited())
    }

    fn any(&self, is_meant: impl Fn(&PendingRequest) -> bool) -> bool {
        self.open.values().any(|(request, _)| is_meant(request))
    }

    pub(crate) fn is_joining(&self, room: &str) -> bool {
        self.any(|request| matches!(request, PendingRequest::Join { name, .. } if name == room))
    }

    /// Whether a list of rooms is requested, from which names are learnt.
    pub(crate) fn is_learning_names(&self) -> bool {
        self.any(|request| matches!(request, PendingRequest::Rooms { .. }))
    }

    pub(crate) fn is_resolving(&self, name: &str) -> bool {
        self.any(|request| matches!(request, PendingRequest::Resolve { target } if target == name))
    }

    pub(crate) fn awaits_answer(&self) -> bool {
        self.any(PendingRequest::is_awaited)
    }

    pub(crate) fn is_changing_focus(&self) -> bool {
        self.any(|request| {
            matches!(
                request,
                PendingRequest::Join {
                    takes_focus: true,
                    ..
                } | PendingRequest::Leave { .. }
            )
        })
    }

    /// One that was not answered in time.
    pub(crate) fn take_late(&mut self, now: Instant) -> Option<PendingRequest> {
        let late = self.open.iter().find(|(_, (_, due))| *due <= now);
        let tag = late.map(|(tag, _)| *tag)?;
        self.take(tag)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.values().map(|(_, due)| *due).min()
    }

    /// The link is lost, and with it the answers. Joins are requested again when there is another.
    pub(crate) fn take_all(&mut self) -> Vec<PendingRequest> {
        let all = std::mem::take(&mut self.open).into_values();
        let all: Vec<PendingRequest> = all.map(|(request, _)| request).collect();
        for request in &all {
            if let PendingRequest::Join { name, .. } = request {
                self.deferred_joins.insert(name.clone(), None);
            }
        }
        all
    }

    /// Has a room joined when there is a link; `false` at [`DEFERRED_JOINS_MAX`].
    pub(crate) fn defer_join(&mut self, room: &str, access: Option<Access>) -> bool {
        let has_room =
            self.deferred_joins.len() < DEFERRED_JOINS_MAX || self.is_join_deferred(room);
        if has_room {
            self.deferred_joins.insert(room.to_owned(), access);
        }
        has_room
    }

    pub(crate) fn is_join_deferred(&self, room: &str) -> bool {
        self.deferred_joins.contains_key(room)
    }

    /// The deferred join of a room, which is requested now.
    pub(crate) fn take_deferred_join(&mut self, room: &str) -> Option<Access> {
        self.deferred_joins.remove(room).flatten()
    }

    pub(crate) fn deferred_joins(&self) -> impl Iterator<Item = &String> {
        self.deferred_joins.keys()
    }

    pub(crate) fn take_deferred_joins(&mut self) -> BTreeMap<String, Option<Access>> {
        std::mem::take(&mut self.deferred_joins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::instant;

    fn resolve(target: &str) -> PendingRequest {
        PendingRequest::Resolve {
            target: target.into(),
        }
    }

    #[test]
    fn request_without_an_answer_is_given_up_after_the_wait_and_its_late_answer_does_nothing() {
        let now = instant();
        let mut pending = PendingRequests::default();
        let tag = pending.add(now, PendingRequest::History).unwrap();
        assert_eq!(pending.deadline(), Some(now + ANSWER_WAIT));
        assert_eq!(pending.take_late(now), None);
        let late = pending.take_late(now + ANSWER_WAIT);
        assert_eq!(late, Some(PendingRequest::History));
        assert_eq!(pending.take(tag), None);
    }

    #[test]
    fn names_that_are_looked_up_leave_room_for_what_the_user_asks() {
        let now = instant();
        let mut pending = PendingRequests::default();
        for number in 0..REQUESTS_MAX {
            assert!(pending.add(now, resolve(&number.to_string())).is_some());
        }
        assert_eq!(pending.add(now, resolve("bob")), None);
        assert!(!pending.awaits_answer());
        assert!(pending.add(now, PendingRequest::History).is_some());
        assert!(pending.awaits_answer());
    }
}
