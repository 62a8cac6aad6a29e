//! What is asked of the server about rooms, and what its answers say: lists, changes, refusals.
//!
//! What an answer means for where the user stands is for `rooms`.

use super::NO_LINK;
use crate::client::account::blocked;
use crate::client::account::pending::{LISTED_MAX, PendingRequest, RoomsPurpose};
use crate::client::account::{SignedIn, tag_of};
use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::name::{is_room, truncate_name};
use crate::client::ui::{render, render_rooms};
use crate::protocol::{
    Change, ClientBody, ErrorCode, Failure, Members, MembersRequest, Message, Moderate, Moderated,
    Room, Rooms, RoomsRequest,
};
use crate::text::printable;
use crate::transport::{Channel, Now};

impl SignedIn {
    /// Sends a request whose answer bears its tag.
    pub(in crate::client) fn request(
        &mut self,
        now: Now,
        asked: PendingRequest,
        body: impl FnOnce(u32) -> ClientBody,
        effects: &mut Effects,
    ) {
        if !self.can_ask() {
            effects.show(Tone::Error, NO_LINK);
            return;
        }
        let tag = self.take_tag();
        if self.pending.add(now.instant, tag, asked) {
            effects.send(Channel::Control, &Message::control(body(tag)));
        } else {
            effects.show(
                Tone::Error,
                "too many requests wait for the server's answer; try again",
            );
        }
    }

    /// A tag that no open request has.
    pub(in crate::client) fn take_tag(&mut self) -> u32 {
        let tag = self.next_tag;
        self.next_tag = self.next_tag.wrapping_add(1).max(1);
        tag
    }

    /// The user wants to see which rooms there are; without a link, those that this device knows.
    pub(in crate::client) fn list_rooms(
        &mut self,
        now: Now,
        purpose: RoomsPurpose,
        effects: &mut Effects,
    ) {
        if !self.can_ask() && matches!(purpose, RoomsPurpose::List(_)) {
            let mut lines = Vec::new();
            for (_, known) in self.conversations.iter() {
                if is_room(&known.stored.name) && !known.stored.is_left {
                    let unread = match known.stored.unread {
                        0 => String::new(),
                        unread => format!("  {unread} unread"),
                    };
                    lines.push(format!("{}{unread}", known.stored.name));
                }
            }
            lines.sort();
            for line in lines {
                effects.show(Tone::Plain, line);
            }
            effects.show(
                Tone::Notice,
                "not connected; these are the rooms you are a member of",
            );
            return;
        }
        let rooms = Vec::new();
        let page = match purpose {
            RoomsPurpose::List(page) => page.checked_sub(1),
            RoomsPurpose::Topic(_) | RoomsPurpose::Names => None,
        };
        let body = |tag| ClientBody::from(RoomsRequest { tag, page });
        self.request(now, PendingRequest::Rooms { purpose, rooms }, body, effects);
    }

    /// The user wants to see who belongs to a room.
    pub(in crate::client) fn list_members(
        &mut self,
        now: Now,
        named: Option<&str>,
        effects: &mut Effects,
    ) {
        if let Some((conversation, name)) = self.room(named, effects) {
            let members = Vec::new();
            let body = |tag| ClientBody::from(MembersRequest { tag, conversation });
            self.request(
                now,
                PendingRequest::Members { name, members },
                body,
                effects,
            );
        }
    }

    /// The user wants to change a room, or who belongs to it.
    pub(in crate::client) fn change_room(
        &mut self,
        now: Now,
        named: Option<&str>,
        change: Change,
        effects: &mut Effects,
    ) {
        let text = change.text.as_deref().unwrap_or_default();
        if !text.is_empty() && printable::is_blank(text) {
            effects.show(Tone::Error, render::NOTHING_SEEN);
            return;
        }
        if let Some((conversation, name)) = self.room(named, effects) {
            let asked = PendingRequest::Change {
                name,
                change: change.clone(),
            };
            let body = |tag| {
                ClientBody::from(Moderate {
                    tag,
                    conversation,
                    change,
                })
            };
            self.request(now, asked, body, effects);
        }
    }

    /// A change is made, and the log says so, unless there was nothing to change.
    pub(in crate::client) fn handle_moderated(&mut self, done: &Moderated, effects: &mut Effects) {
        if let Some(PendingRequest::Change { name, change }) = self.pending.take(done.tag)
            && !done.changed
        {
            let text = render_rooms::unchanged(&change, &self.name, &name);
            effects.show(Tone::Plain, text);
        }
    }

    /// The rooms, or a part of them.
    pub(in crate::client) fn handle_rooms(&mut self, answer: Rooms, effects: &mut Effects) {
        let Some(PendingRequest::Rooms { rooms, .. }) = self.pending.get_mut(answer.tag) else {
            return;
        };
        let room_for = LISTED_MAX.saturating_sub(rooms.len());
        rooms.extend(answer.rooms.into_iter().take(room_for));
        if answer.more {
            return;
        }
        let pages = answer.pages.unwrap_or(1);
        let Some(PendingRequest::Rooms { purpose, rooms }) = self.pending.take(answer.tag) else {
            return;
        };
        self.learn_names(&rooms, effects);
        match purpose {
            RoomsPurpose::Names => {}
            RoomsPurpose::Topic(name) => {
                let room = rooms.iter().find(|room| room.name == name);
                let topic = room.map(|room| &*room.topic).unwrap_or_default();
                let line = if topic.is_empty() {
                    format!("{name} has no topic; `/topic {name} TEXT` sets one")
                } else {
                    format!("{name}: {topic}")
                };
                effects.show(Tone::Plain, line);
            }
            RoomsPurpose::List(1) if rooms.is_empty() => {
                let text = if self.server.creates_rooms {
                    "there are no rooms; `/join #NAME` creates one"
                } else {
                    "there are no rooms; only the operator makes them here"
                };
                effects.show(Tone::Plain, text);
            }
            RoomsPurpose::List(page) if rooms.is_empty() => {
                let text = format!("page {page} of the rooms is empty; there are {pages} pages");
                effects.show(Tone::Plain, text);
            }
            RoomsPurpose::List(page) => {
                let unread = |room: &Room| {
                    let known = self.conversations.get(room.conversation);
                    known.map_or(0, |known| known.stored.unread)
                };
                let rooms: Vec<(Room, u32)> = rooms
                    .into_iter()
                    .map(|room| (unread(&room), room))
                    .map(|(unread, room)| (room, unread))
                    .collect();
                effects.show_table(Tone::Plain, &render_rooms::rooms(&rooms));
                if page < pages {
                    let next = page + 1;
                    let text = format!("page {page} of {pages}; `rooms {next}` shows more");
                    effects.show(Tone::Notice, text);
                }
            }
        }
    }

    /// Rooms that another device joined have entries here before they have a name.
    fn learn_names(&mut self, rooms: &[Room], effects: &mut Effects) {
        for room in rooms {
            let Some(known) = self.conversations.get_mut(room.conversation) else {
                continue;
            };
            if known.stored.name.is_empty() && is_room(&room.name) {
                known.stored.name = truncate_name(room.name.clone());
                effects.show(
                    Tone::Notice,
                    format!("you belong to {} now", known.stored.name),
                );
                self.roster.names_changed();
                self.save_conversation(room.conversation);
            }
        }
    }

    /// The members of a room, or a part of them.
    pub(in crate::client) fn handle_members(&mut self, answer: Members, effects: &mut Effects) {
        let Some(PendingRequest::Members { members, .. }) = self.pending.get_mut(answer.tag) else {
            return;
        };
        let room_for = LISTED_MAX.saturating_sub(members.len());
        members.extend(answer.members.into_iter().take(room_for));
        if answer.more {
            return;
        }
        if let Some(PendingRequest::Members { members, .. }) = self.pending.take(answer.tag) {
            let rows = render_rooms::member_list(&members, &self.name);
            effects.show_table(Tone::Plain, &rows);
        }
    }

    /// A request of this user's was refused.
    pub(in crate::client) fn request_refused(&mut self, failure: &Failure, effects: &mut Effects) {
        let Some(asked) = self.pending.take(tag_of(failure)) else {
            return;
        };
        if let (PendingRequest::Change { name, change }, ErrorCode::NotPermitted) =
            (&asked, failure.code)
        {
            let text = render_rooms::not_permitted(change, &self.name, name);
            effects.show(Tone::Error, text);
            return;
        }
        let subject = match &asked {
            PendingRequest::Change {
                change:
                    Change {
                        subject: Some(subject),
                        ..
                    },
                ..
            } => subject.clone(),
            PendingRequest::Join { name, .. }
            | PendingRequest::Leave { name }
            | PendingRequest::Members { name, .. }
            | PendingRequest::Change { name, .. }
            | PendingRequest::Block { name, .. } => name.clone(),
            PendingRequest::Rooms { .. } | PendingRequest::History => String::new(),
        };
        if let PendingRequest::Block { name, .. } = &asked {
            effects.show(Tone::Error, blocked::refusal(failure, name));
            return;
        }
        effects.show(Tone::Error, render::refusal(failure, &subject));
        self.give_up_request(asked, &render::refusal(failure, &subject), effects);
    }

    /// What follows from a request that will have no good answer.
    fn give_up_request(&mut self, asked: PendingRequest, reason: &str, effects: &mut Effects) {
        match asked {
            PendingRequest::Join { name, .. } => {
                self.focus.take_if(|focus| *focus == name);
                self.drop_unsent(&name, reason, effects);
            }
            PendingRequest::History => self.page_unanswered(effects),
            _ => {}
        }
    }

    /// Gives up waiting for answers that do not come.
    pub(in crate::client) fn requests_timeout(&mut self, now: Now, effects: &mut Effects) {
        while let Some(late) = self.pending.take_late(now.instant) {
            if matches!(
                late,
                PendingRequest::Rooms {
                    purpose: RoomsPurpose::Names,
                    ..
                }
            ) {
                continue;
            }
            if !matches!(late, PendingRequest::History) {
                effects.show(Tone::Error, "no answer from the server; try again");
            }
            if matches!(late, PendingRequest::History) {
                self.page_unanswered(effects);
            }
        }
    }

    /// The link is lost: a room that was being joined is asked for again, the rest is given up.
    pub(in crate::client) fn requests_lost(&mut self, effects: &mut Effects) {
        for asked in self.pending.take_all() {
            match asked {
                PendingRequest::Join { name, takes_focus } => {
                    if takes_focus {
                        self.focus = Some(name.clone());
                    }
                    self.rooms_to_join.insert(name, None);
                }
                PendingRequest::History => self.page_unanswered(effects),
                PendingRequest::Rooms {
                    purpose: RoomsPurpose::Names,
                    ..
                } => {}
                _ => effects.show(
                    Tone::Error,
                    "the connection was lost before the answer; try again",
                ),
            }
        }
    }
}
