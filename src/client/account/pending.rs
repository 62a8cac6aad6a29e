//! What the user has asked of the server about rooms and older entries, and has not been answered.
//!
//! Each request has a tag that comes back in its answer, so that an answer that comes late, or to nothing that was
//! asked, does nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::protocol::{Change, Room, RoomMember};

/// How long the server's answer is waited for.
const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// How many requests may be open. Chosen: a script's worth; at the limit a further one is refused by name.
const REQUESTS_MAX: usize = 64;

/// How many rooms, or members, of one answer are kept. At the limit the others are not listed.
pub(in crate::client) const LISTED_MAX: usize = 10_000;

/// What an answer is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::client) enum PendingRequest {
    /// To belong to a room, and to stand in it then if the user said so.
    Join { name: String, takes_focus: bool },
    /// To belong to it no more.
    Leave { name: String },
    /// The rooms there are.
    Rooms {
        purpose: RoomsPurpose,
        rooms: Vec<Room>,
    },
    /// Who belongs to one.
    Members {
        name: String,
        members: Vec<RoomMember>,
    },
    /// A change of one.
    Change { name: String, change: Change },
    /// That a user is blocked, or no longer.
    Block { name: String, blocking: bool },
    /// Older entries.
    History,
}

/// What the list of rooms is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::client) enum RoomsPurpose {
    /// The user wants to see this page of it, from 1 on.
    List(u32),
    /// The user wants to see this room's topic.
    Topic(String),
    /// A room's name is to be learnt.
    Names,
}

/// The open requests, by tag.
#[derive(Debug, Default)]
pub(in crate::client) struct PendingRequests(BTreeMap<u32, (PendingRequest, Instant)>);

impl PendingRequests {
    /// Adds one; `false` at [`REQUESTS_MAX`].
    pub(in crate::client) fn add(&mut self, now: Instant, tag: u32, asked: PendingRequest) -> bool {
        let has_room = self.0.len() < REQUESTS_MAX;
        if has_room {
            self.0.insert(tag, (asked, now + ANSWER_WAIT));
        }
        has_room
    }

    /// The request with this tag, which is answered now.
    pub(in crate::client) fn take(&mut self, tag: u32) -> Option<PendingRequest> {
        self.0.remove(&tag).map(|(asked, _)| asked)
    }

    /// The request with this tag, of whose answer a part has come.
    pub(in crate::client) fn get_mut(&mut self, tag: u32) -> Option<&mut PendingRequest> {
        self.0.get_mut(&tag).map(|(asked, _)| asked)
    }

    /// Whether this room's being joined is asked for.
    pub(in crate::client) fn is_joining(&self, room: &str) -> bool {
        self.0
            .values()
            .any(|(asked, _)| matches!(asked, PendingRequest::Join { name, .. } if name == room))
    }

    /// Whether the rooms' names are asked for.
    pub(in crate::client) fn is_learning_names(&self) -> bool {
        self.0
            .values()
            .any(|(asked, _)| matches!(asked, PendingRequest::Rooms { .. }))
    }

    /// Whether the user waits for an answer.
    pub(in crate::client) fn awaits_answer(&self) -> bool {
        self.0.values().any(|(asked, _)| {
            !matches!(
                asked,
                PendingRequest::Rooms {
                    purpose: RoomsPurpose::Names,
                    ..
                }
            )
        })
    }

    /// Whether an answer decides to whom the next line is said.
    pub(in crate::client) fn is_changing_focus(&self) -> bool {
        self.0.values().any(|(asked, _)| {
            matches!(
                asked,
                PendingRequest::Join {
                    takes_focus: true,
                    ..
                } | PendingRequest::Leave { .. }
            )
        })
    }

    /// One that was not answered in time.
    pub(in crate::client) fn take_late(&mut self, now: Instant) -> Option<PendingRequest> {
        let late = self.0.iter().find(|(_, (_, due))| *due <= now);
        let tag = late.map(|(tag, _)| *tag)?;
        self.take(tag)
    }

    pub(in crate::client) fn deadline(&self) -> Option<Instant> {
        self.0.values().map(|(_, due)| *due).min()
    }

    /// The link is lost, and with it the answers.
    pub(in crate::client) fn take_all(&mut self) -> Vec<PendingRequest> {
        let all = std::mem::take(&mut self.0);
        all.into_values().map(|(asked, _)| asked).collect()
    }
}
