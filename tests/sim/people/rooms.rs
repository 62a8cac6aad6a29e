//! What must be true of rooms in the end, read from the server's log alone.
//!
//! The log says who belonged to a room when: from the entry by which somebody joined to the one by which they left or
//! were removed. From these spans follows who may hold and see what.

use std::collections::{BTreeMap, BTreeSet};

use udpchat::protocol::{EntryKind, EventKind, ServerMessage};

use crate::client::ClientHost;
use crate::entries::{EntryKey, Held, Log, Logged, Marker};
use crate::faults::{Fault, Faults};
use crate::oracle::Oracle;

/// The entries from one to another, both included, during which somebody belonged to a room.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: u64,
    last: Option<u64>,
}

impl Span {
    fn has(self, entry: u64) -> bool {
        entry >= self.first && self.last.is_none_or(|last| entry <= last)
    }
}

/// What the log says of one room.
#[derive(Default)]
struct Room {
    entries: BTreeMap<u64, Option<Marker>>,
    spans: BTreeMap<String, Vec<Span>>,
}

/// Everything that the server's log says of rooms.
pub struct Rooms(BTreeMap<u64, Room>);

impl Rooms {
    /// Reads the whole log.
    pub fn read(log: &Log) -> Self {
        let is_of_a_room = |message: &ServerMessage| {
            message
                .room_event()
                .is_some_and(|event| event.kind == EventKind::Joined)
        };
        let rooms: BTreeSet<u64> = log
            .iter()
            .filter(|(_, logged)| is_of_a_room(&logged.message))
            .map(|((conversation, _), _)| *conversation)
            .collect();
        let mut read: BTreeMap<u64, Room> = BTreeMap::new();
        for ((conversation, entry), logged) in log {
            if rooms.contains(conversation) {
                let room = read.entry(*conversation).or_default();
                room.take(*entry, logged);
            }
        }
        Self(read)
    }

    /// Whether a conversation is one.
    pub fn is_room(&self, conversation: u64) -> bool {
        self.0.contains_key(&conversation)
    }

    /// Whether somebody belongs to a room, or once did.
    pub fn has_belonged(&self, room: u64, user: &str) -> bool {
        let room = self.0.get(&room);
        room.is_some_and(|room| room.spans.contains_key(user))
    }

    /// Whether the server lets somebody read this entry of a conversation of theirs: in a room from when they last joined.
    pub fn may_read(&self, conversation: u64, user: &str, entry: u64) -> bool {
        self.0.get(&conversation).is_none_or(|room| {
            let span = room.spans.get(user).and_then(|spans| spans.last());
            span.is_some_and(|span| span.has(entry))
        })
    }

    /// Whether the server gives somebody what is attached to this entry, as far as rooms have to do with that: who belongs to
    /// the room, and has since it was said.
    pub fn is_given(&self, (conversation, entry): EntryKey, user: &str) -> bool {
        self.0.get(&conversation).is_none_or(|room| {
            let span = room.spans.get(user).and_then(|spans| spans.last());
            span.is_some_and(|span| span.last.is_none() && span.has(entry))
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks what a device holds and has shown. What is still to come is returned, so that a run can wait for it; what
    /// must never be fails at once.
    pub fn check_device(
        &self,
        client: &ClientHost,
        log: &Log,
        held: &Held,
        oracle: &Oracle,
    ) -> Result<(), String> {
        // What a server has lost whose database was restored stays where it is.
        let is_logged =
            |key: &EntryKey| log.get(key).map(|logged| logged.digest) == Some(held[key].digest);
        for (conversation, room) in &self.0 {
            let whose = || format!("{} in room {conversation}", client.host_name());
            let none = Vec::new();
            let spans = room.spans.get(&client.name).unwrap_or(&none);
            let held: BTreeSet<u64> = held
                .range((*conversation, 0)..=(*conversation, u64::MAX))
                .filter(|(key, _)| is_logged(key))
                .map(|((_, entry), _)| *entry)
                .collect();
            for entry in &held {
                assert!(
                    spans.iter().any(|span| span.has(*entry)),
                    "{} holds entry {entry}, and belonged to it in {spans:?}",
                    whose()
                );
            }
            for (number, span) in spans.iter().enumerate() {
                let is_last = number + 1 == spans.len();
                let of_span = room.entries.keys().filter(|entry| span.has(**entry));
                // What has expired before it was sent is missing.
                let is_gone = |entry: u64| oracle.has_removed((*conversation, entry));
                let of_span = of_span.filter(|entry| held.contains(entry) || !is_gone(**entry));
                // A new device begins where its account stood.
                let of_span = of_span.skip_while(|entry| client.is_late && !held.contains(entry));
                let mut has_ended = None;
                for entry in of_span {
                    // What the user has said stands in the history once it is stored, also on a device that has yet to
                    // be sent what others said before.
                    let is_own = matches!(room.entries.get(entry), Some(Some(marker)) if marker.0 == client.number);
                    if !held.contains(entry) {
                        has_ended.get_or_insert(*entry);
                    } else if let Some(gap) = has_ended.filter(|_| !is_own) {
                        panic!("{} holds {entry} and not {gap}, of {span:?}", whose());
                    }
                }
                // Who joins again reads from there on: what was not fetched of an earlier stay is given up.
                if let (true, Some(missing)) = (is_last, has_ended) {
                    return Err(format!("{} does not hold {missing} of {span:?}", whose()));
                }
            }
            for entry in &held {
                let Some(marker) = room.entries.get(entry).copied().flatten() else {
                    continue;
                };
                if !oracle.has_said(client.number, marker)
                    && !oracle.has_seen(client.number, marker)
                    && !oracle.need_not_show(client.number, marker)
                    && !oracle.is_gone(marker)
                {
                    return Err(format!("{} has not shown {marker:?}", whose()));
                }
            }
        }
        Ok(())
    }

    /// How many receipts an author's device must have from an account, and how many it may have.
    pub fn receipts(
        &self,
        author: usize,
        (own_name, reader): (&str, &str),
        is_owed: impl Fn(Marker) -> bool,
    ) -> (usize, usize) {
        let (mut least, mut most) = (0, 0);
        for room in self.0.values() {
            let none = Vec::new();
            let spans = room.spans.get(reader).unwrap_or(&none);
            let own = room.spans.get(own_name).and_then(|spans| spans.last());
            for (entry, marker) in &room.entries {
                let Some(marker) = marker.filter(|marker| marker.0 == author) else {
                    continue;
                };
                most += usize::from(spans.iter().any(|span| span.has(*entry)));
                // Who has left is told nothing of the room, and of who has left nothing is told.
                let is_inside = own.is_some_and(|span| span.last.is_none() && span.has(*entry));
                let is_open = |span: &Span| span.last.is_none() && span.has(*entry);
                least += usize::from(is_inside && is_owed(marker) && spans.iter().any(is_open));
            }
        }
        (least, most)
    }

    /// How often what was done in rooms.
    pub fn count(&self, faults: &mut Faults) {
        for room in self.0.values() {
            for spans in room.spans.values() {
                for (number, span) in spans.iter().enumerate() {
                    faults.count(if number == 0 {
                        Fault::Joined
                    } else {
                        Fault::Rejoined
                    });
                    if span.last.is_some() {
                        faults.count(Fault::MembershipEnded);
                    }
                }
            }
        }
    }
}

impl Room {
    fn take(&mut self, entry: u64, logged: &Logged) {
        let message = &logged.message;
        let is_event = logged.kind() == Some(EntryKind::Event);
        let marker = match (!is_event, message.room_event()) {
            (true, _) => {
                let spans = self.spans.get(&logged.author);
                let last = spans.and_then(|spans| spans.last());
                assert!(
                    last.is_some_and(|span| span.last.is_none()),
                    "{} said something in a room that they did not belong to: entry {entry}",
                    logged.author
                );
                logged.marker()
            }
            (_, Some(event)) => {
                let ended = match event.kind {
                    EventKind::Joined => {
                        let spans = self.spans.entry(event.actor.clone()).or_default();
                        let is_inside = spans.last().is_some_and(|span| span.last.is_none());
                        assert!(!is_inside, "{} joined twice: entry {entry}", event.actor);
                        let last = None;
                        spans.push(Span { first: entry, last });
                        None
                    }
                    EventKind::Left => Some(&event.actor),
                    EventKind::Kicked => event.subject.as_ref(),
                    _ => None,
                };
                if let Some(name) = ended {
                    let span = self.spans.get_mut(name).and_then(|spans| spans.last_mut());
                    let span = span.expect("who goes has come");
                    assert_eq!(span.last, None, "{name} went twice: entry {entry}");
                    span.last = Some(entry);
                }
                None
            }
            _ => panic!("a room's log has {message:?}"),
        };
        self.entries.insert(entry, marker);
    }
}
