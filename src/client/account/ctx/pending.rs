//! The requests that the server has not answered yet, with one time-out for all.
//!
//! Each request has a tag that its answer repeats, so that an answer to no request does nothing. The session is reliable: a
//! request that is not answered in time may still be carried out, and its answer may come as long as the session lives. What
//! the user has asked for is therefore kept when it is late, for its answer to be shown like any other.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::protocol::{
    Access, AccountRole, AdminAction, Change, Contact, Person, Room, RoomMember,
};
use crate::text::enrolment_code::EnrolmentCode;

/// How long the server's answer is waited for at a terminal. Chosen: longer than any path needs that is any use.
pub(crate) const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// How many requests may be open, and how many names may be looked up beside them. Chosen: a script's worth; at the
/// limit the oldest that is late is forgotten; if none is, a further request is refused by name, and a further name waits.
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
    /// Older entries that a program is told.
    Tail,
    /// Older entries that a bot has asked for.
    Read,
    /// List those who are online; the answer `is_shown` if the user asked.
    Contacts {
        is_shown: bool,
        contacts: Vec<Contact>,
    },
    Devices,
    /// Do something to the server, or to this subject, which gets this role.
    Administer {
        action: AdminAction,
        subject: String,
        role: Option<AccountRole>,
        invitation: Option<Invitation>,
    },
    /// Find the conversation with a user, whose name is given as it was typed.
    Resolve {
        target: String,
    },
}

/// An invitation that is shown once the server has its hash.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub(crate) code: EnrolmentCode,
    pub(crate) uses: u32,
    /// Until when it is good, in milliseconds since 1970 (UTC).
    pub(crate) expires_ms: u64,
}

impl fmt::Debug for Invitation {
    /// Its code is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation").finish_non_exhaustive()
    }
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
            Self::Resolve { .. } | Self::Fetch | Self::Tail => false,
            _ => true,
        }
    }

    const fn is_resolve(&self) -> bool {
        matches!(self, Self::Resolve { .. })
    }

    /// Whether its answer is shown whenever it comes. A page of history is shown without it, and a name is looked up again.
    fn is_kept(&self) -> bool {
        self.is_awaited() && !matches!(self, Self::History | Self::Read)
    }

    /// Whether something is changed by it, and not only shown.
    pub(crate) fn is_change(&self) -> bool {
        if let Self::Administer { action, .. } = self {
            return *action != AdminAction::Audit;
        }
        matches!(
            self,
            Self::Join { .. }
                | Self::Leave { .. }
                | Self::Change { .. }
                | Self::Block { .. }
                | Self::Away { .. }
                | Self::Mute { .. }
        )
    }
}

/// A request under way.
#[derive(Debug)]
struct Open {
    request: PendingRequest,
    /// The command that asks for it.
    command: Option<String>,
    /// The request of a bot that asks for it.
    asked: Option<u64>,
    /// Until when its answer is waited for; nothing once it is late.
    due: Option<Instant>,
}

impl Open {
    fn command(&self) -> String {
        match (&self.command, &self.request) {
            (Some(command), _) => command.clone(),
            (None, PendingRequest::Join { name, .. }) => format!("/join {name}"),
            (None, _) => "the last command".into(),
        }
    }
}

/// A request whose answer has not come in time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// Its answer is shown when it comes.
    Kept {
        command: String,
        is_change: bool,
        /// The request of a bot, which is answered now.
        asked: Option<u64>,
    },
    /// Its answer does nothing any longer.
    Dropped(PendingRequest),
}

/// The open requests, by tag, and the joins that wait for a link.
#[derive(Debug)]
pub(crate) struct PendingRequests {
    /// How long an answer is waited for.
    answer_wait: Duration,
    /// Whether an answer did not come in time, and nothing has come from the server since.
    pub(crate) is_overdue: bool,
    /// The command that is being carried out, as it is repeated to the user.
    pub(crate) command: Option<String>,
    /// The request of a bot that is being carried out.
    pub(crate) asking: Option<u64>,
    /// The request of a bot to which the answer with this tag belongs, which was taken last.
    answered: Option<(u32, u64)>,
    open: BTreeMap<u32, Open>,
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
            command: None,
            asking: None,
            answered: None,
            open: BTreeMap::new(),
            last_tag: 0,
            deferred_joins: BTreeMap::new(),
        }
    }

    /// Adds one and returns its tag; nothing at [`REQUESTS_MAX`].
    pub(crate) fn add(&mut self, now: Instant, request: PendingRequest) -> Option<u32> {
        let all = self.open.values();
        let alike = all.filter(|open| open.request.is_resolve() == request.is_resolve());
        if alike.count() >= REQUESTS_MAX {
            let mut late = self.open.iter().filter(|(_, open)| open.due.is_none());
            let oldest = late.next().map(|(tag, _)| *tag)?;
            self.open.remove(&oldest);
        }
        let tag = self.next_tag();
        let wait = if request.is_awaited() {
            self.answer_wait
        } else {
            self.answer_wait.min(ANSWER_WAIT)
        };
        let open = Open {
            command: self.command.clone(),
            asked: self.asking,
            due: Some(now + wait),
            request,
        };
        self.open.insert(tag, open);
        Some(tag)
    }

    /// A tag that no other request of this session has, for one that is kept elsewhere.
    pub(crate) fn next_tag(&mut self) -> u32 {
        self.last_tag = self.last_tag.wrapping_add(1).max(1);
        self.last_tag
    }

    /// The request with this tag, which is answered now.
    pub(crate) fn take(&mut self, tag: u32) -> Option<PendingRequest> {
        let open = self.open.remove(&tag);
        let asked = open.as_ref().and_then(|open| open.asked);
        self.answered = asked.map(|asked| (tag, asked));
        open.map(|open| open.request)
    }

    /// The request of a bot that asked for the answer with this tag, which has just been taken.
    pub(crate) fn take_answered(&mut self, tag: u32) -> Option<u64> {
        let answered = self.answered.take_if(|(answered, _)| *answered == tag);
        answered.map(|(_, asked)| asked)
    }

    /// The request with this tag, of whose answer a part has come.
    pub(crate) fn get_mut(&mut self, tag: u32) -> Option<&mut PendingRequest> {
        self.open.get_mut(&tag).map(|open| &mut open.request)
    }

    /// Takes the request for those who are online. Returns whether the user waits for it, if there is one.
    pub(crate) fn take_contacts(&mut self) -> Option<bool> {
        let is_contacts =
            |(_, open): &(&u32, &Open)| matches!(open.request, PendingRequest::Contacts { .. });
        let tag = self.open.iter().find(is_contacts).map(|(tag, _)| *tag)?;
        self.take(tag).map(|request| request.is_awaited())
    }

    fn any(&self, is_meant: impl Fn(&PendingRequest) -> bool) -> bool {
        self.open.values().any(|open| is_meant(&open.request))
    }

    /// The same of those that are not late.
    fn any_in_time(&self, is_meant: impl Fn(&PendingRequest) -> bool) -> bool {
        let mut in_time = self.open.values().filter(|open| open.due.is_some());
        in_time.any(|open| is_meant(&open.request))
    }

    /// The commands whose answers the user waits for, or a bot by its request.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = (Option<u64>, String)> {
        let in_time = self.open.values().filter(|open| open.due.is_some());
        let awaited = in_time.filter(|open| open.request.is_awaited());
        awaited.map(|open| (open.asked, open.command()))
    }

    /// This room takes the focus once it is joined.
    pub(crate) fn take_focus(&mut self, room: &str) {
        for open in self.open.values_mut() {
            if let PendingRequest::Join { name, takes_focus } = &mut open.request
                && name == room
            {
                *takes_focus = true;
            }
        }
    }

    /// The user goes somewhere: no room that is being joined takes them away from there.
    pub(crate) fn keep_focus(&mut self) {
        for open in self.open.values_mut() {
            if let PendingRequest::Join { takes_focus, .. } = &mut open.request {
                *takes_focus = false;
            }
        }
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
        self.any_in_time(PendingRequest::is_awaited)
    }

    pub(crate) fn is_changing_focus(&self) -> bool {
        self.any_in_time(|request| {
            matches!(
                request,
                PendingRequest::Join {
                    takes_focus: true,
                    ..
                } | PendingRequest::Leave { .. }
            )
        })
    }

    /// One that has become late by now.
    pub(crate) fn next_late(&mut self, now: Instant) -> Option<Late> {
        let is_late = |open: &Open| open.due.is_some_and(|due| due <= now);
        let (tag, open) = self.open.iter_mut().find(|(_, open)| is_late(open))?;
        if open.request.is_kept() {
            open.due = None;
            return Some(Late::Kept {
                asked: open.asked.take(),
                command: open.command(),
                is_change: open.request.is_change(),
            });
        }
        let tag = *tag;
        self.take(tag).map(Late::Dropped)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.values().filter_map(|open| open.due).min()
    }

    /// The link is lost, and with it the answers: the requests, each with its command, and that of a bot. Joins are
    /// requested again when there is another link, unless a bot is told that they are lost.
    pub(crate) fn take_all(&mut self) -> Vec<(PendingRequest, String, Option<u64>)> {
        let all = std::mem::take(&mut self.open).into_values();
        all.map(|open| {
            if let (PendingRequest::Join { name, .. }, None) = (&open.request, open.asked) {
                self.deferred_joins.insert(name.clone(), None);
            }
            let command = open.command();
            (open.request, command, open.asked)
        })
        .collect()
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
    fn request_of_a_page_that_has_no_answer_is_given_up_after_the_wait_and_its_late_answer_does_nothing()
     {
        let now = instant();
        let mut pending = PendingRequests::default();
        let tag = pending.add(now, PendingRequest::History).unwrap();
        assert_eq!(pending.deadline(), Some(now + ANSWER_WAIT));
        assert_eq!(pending.next_late(now), None);
        let late = pending.next_late(now + ANSWER_WAIT);
        assert_eq!(late, Some(Late::Dropped(PendingRequest::History)));
        assert_eq!(pending.take(tag), None);
    }

    #[test]
    fn late_request_is_told_of_once_and_kept_until_its_answer_or_the_oldest_of_too_many() {
        let now = instant();
        let mut pending = PendingRequests::default();
        let mute = || PendingRequest::Mute { name: "bob".into() };
        pending.command = Some("/mute bob".into());
        let tags: Vec<_> = (0..REQUESTS_MAX)
            .map(|_| pending.add(now, mute()).unwrap())
            .collect();
        assert_eq!(pending.add(now, mute()), None);
        let late = now + ANSWER_WAIT;
        for _ in &tags {
            let kept = Late::Kept {
                command: "/mute bob".into(),
                is_change: true,
                asked: None,
            };
            assert_eq!(pending.next_late(late), Some(kept));
        }
        assert_eq!(pending.next_late(late), None);
        assert_eq!(pending.deadline(), None);
        assert!(!pending.awaits_answer());
        assert!(pending.add(late, mute()).is_some());
        assert_eq!(pending.take(tags[0]), None);
        assert_eq!(pending.take(tags[1]), Some(mute()));
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
