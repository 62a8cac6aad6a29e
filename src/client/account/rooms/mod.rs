//! Rooms: where the user stands, and what joins, leaves and kicks change.
//!
//! Whether the user belongs to a room follows from its log, from the answer to JOIN and, at the beginning of a
//! session, from what the server says of each conversation. Standing in one is a matter of this client alone.

mod answers;

use super::SignedIn;
use super::conversations::StoredConversation;
use super::pending::{PendingRequest, RoomsPurpose};
use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::name::{canonical_target, is_room, truncate_name};
use crate::client::ui::{render, render_rooms};
use crate::protocol::{
    Access, ClientBody, ConversationId, EVERYONE_NAME, EventKind, Join, Joined, Leave, Left,
    RoomEvent,
};
use crate::transport::Now;

/// How many rooms may wait for a link to be joined. At the limit a further one is refused by name.
const ROOMS_TO_JOIN_MAX: usize = 64;

/// What is refused for want of a link.
pub(in crate::client) const NO_LINK: &str = "not connected; try again when the connection is back";

/// The way to where the user is about to stand.
#[derive(Debug, Default)]
pub(in crate::client) struct FocusState {
    /// The user to whom plain text is to be said, as typed, while the server is asked whether there is one.
    pub(in crate::client) resolving_focus: Option<String>,
    /// Whether the user was told in this run how commands are typed inside.
    knows_slash: bool,
}

impl SignedIn {
    /// The room that a command is about: the one named, or the one in which the user stands.
    pub(in crate::client) fn room(
        &self,
        named: Option<&str>,
        effects: &mut Effects,
    ) -> Option<(ConversationId, String)> {
        let name = match named {
            Some(named) => canonical_target(named),
            None => self
                .focus
                .clone()
                .filter(|focus| is_room(focus))
                .unwrap_or_default(),
        };
        if !is_room(&name) {
            let text = if name.is_empty() {
                "which room? name it, as in `#bridge`"
            } else {
                "a room's name begins with #, as in `#bridge`"
            };
            effects.show(Tone::Error, text);
            return None;
        }
        let id = self.conversations.by_name(&name);
        let known = id.and_then(|id| Some((id, self.conversations.get(id)?)));
        match known {
            Some((id, known)) if !known.stored.is_left => Some((id, name)),
            _ => {
                effects.show(Tone::Error, not_a_member(&name));
                None
            }
        }
    }

    /// The user wants to belong to a room, and to stand in it.
    pub(in crate::client) fn join(
        &mut self,
        now: Now,
        named: &str,
        access: Option<Access>,
        effects: &mut Effects,
    ) {
        let name = canonical_target(named);
        if !is_room(&name) || name.chars().count() < 2 {
            effects.show(
                Tone::Error,
                "a room's name begins with #, as in `/join #bridge`",
            );
            return;
        }
        if self.is_member(&name) {
            self.focus_on(&name, effects);
        } else if self.can_ask() {
            self.ask_to_join(now, name, access, true, effects);
        } else if self.rooms_to_join.len() < ROOMS_TO_JOIN_MAX
            || self.rooms_to_join.contains_key(&name)
        {
            self.rooms_to_join.insert(name.clone(), access);
            effects.show(
                Tone::Notice,
                format!("● {name} will be joined when the server answers"),
            );
            self.focus = Some(name);
        } else {
            effects.show(Tone::Error, NO_LINK);
        }
    }

    /// Whether the user belongs to a room of this name, as far as this device knows.
    fn is_member(&self, name: &str) -> bool {
        self.conversations
            .by_name(name)
            .and_then(|id| self.conversations.get(id))
            .is_some_and(|known| !known.stored.is_left)
    }

    /// Whether this user can say something there, as far as this device knows; else why not.
    pub(in crate::client) fn check_target(&self, target: &str) -> Result<(), String> {
        let name = canonical_target(target);
        if !is_room(&name) || self.is_member(&name) || self.rooms_to_join.contains_key(&name) {
            return Ok(());
        }
        Err(not_a_member(&name))
    }

    /// Asks to belong to a room.
    pub(in crate::client) fn ask_to_join(
        &mut self,
        now: Now,
        name: String,
        access: Option<Access>,
        takes_focus: bool,
        effects: &mut Effects,
    ) {
        if self.pending.is_joining(&name) {
            return;
        }
        self.rooms_to_join.remove(&name);
        let typed = name.clone();
        let body = |tag| {
            ClientBody::from(Join {
                tag,
                name: typed,
                access,
            })
        };
        self.request(
            now,
            PendingRequest::Join { name, takes_focus },
            body,
            effects,
        );
    }

    /// Asks for the rooms that were to be joined while there was no link.
    pub(in crate::client) fn join_deferred_rooms(&mut self, now: Now, effects: &mut Effects) {
        for (name, access) in std::mem::take(&mut self.rooms_to_join) {
            self.ask_to_join(now, name, access, false, effects);
        }
    }

    /// Whether this device asked to belong to a room, and the answer has said that the user does.
    pub(in crate::client) fn is_joined_here(&self, id: ConversationId) -> bool {
        self.conversations
            .get(id)
            .is_some_and(|known| known.is_joined_here)
    }

    /// The user wants plain text to be said to somebody, or in a room that they belong to. Where there is a link, one
    /// does not stand before somebody who does not exist.
    pub(in crate::client) fn enter(&mut self, named: &str, effects: &mut Effects) {
        let name = canonical_target(named);
        if let Err(refused) = self.check_target(&name) {
            effects.show(Tone::Error, refused);
        } else if name == self.name {
            effects.show(Tone::Error, "you cannot send a message to yourself");
        } else if is_room(&name)
            || name == EVERYONE_NAME
            || self.conversations.by_name(&name).is_some()
            || !self.can_ask()
            || !self.resolve(named, effects)
        {
            self.focus_on(&name, effects);
        } else {
            self.focus_state.resolving_focus = Some(named.to_owned());
        }
    }

    /// From now on plain text is said there.
    pub(in crate::client) fn focus_on(&mut self, name: &str, effects: &mut Effects) {
        self.focus = Some(name.to_owned());
        let id = self.conversations.by_name(name);
        let known = id.and_then(|id| self.conversations.get_mut(id));
        let unread = known.map_or(0, |known| std::mem::take(&mut known.stored.unread));
        if let Some(id) = id.filter(|_| unread > 0) {
            self.save_conversation(id);
        }
        let line = if std::mem::replace(&mut self.focus_state.knows_slash, true) {
            format!("in {name}")
        } else {
            format!("in {name}: what you type goes here; commands need a slash; `/back` returns")
        };
        effects.show(Tone::Notice, line);
        if unread > 0 {
            effects.show(
                Tone::Notice,
                format!("{unread} unread: `/history {unread}` shows them"),
            );
        }
    }

    /// Plain text is a command again. What is unread elsewhere is said.
    pub(in crate::client) fn clear_focus(&mut self, effects: &mut Effects) {
        if self.focus.take().is_none() {
            effects.show(Tone::Plain, "you are not in a room");
            return;
        }
        self.show_unread(effects);
    }

    /// Says what is unread, if anything is.
    pub(in crate::client) fn show_unread(&self, effects: &mut Effects) {
        let unread: Vec<String> = self
            .conversations
            .iter()
            .filter(|(_, known)| known.stored.unread > 0 && !known.stored.is_left)
            .map(|(_, known)| format!("{} {}", known.stored.name, known.stored.unread))
            .collect();
        if !unread.is_empty() {
            effects.show(Tone::Notice, format!("unread: {}", unread.join(", ")));
        }
    }

    /// The user wants to belong to a room no more.
    pub(in crate::client) fn leave_room(
        &mut self,
        now: Now,
        named: Option<&str>,
        effects: &mut Effects,
    ) {
        if let Some((conversation, name)) = self.room(named, effects) {
            let body = |tag| ClientBody::from(Leave { tag, conversation });
            self.request(now, PendingRequest::Leave { name }, body, effects);
        }
    }

    /// The user belongs to a room.
    pub(in crate::client) fn handle_joined(&mut self, joined: &Joined, effects: &mut Effects) {
        let Some(PendingRequest::Join { name, takes_focus }) = self.pending.take(joined.tag) else {
            return;
        };
        let (id, room) = (
            joined.room.conversation,
            truncate_name(joined.room.name.clone()),
        );
        if !is_room(&room) {
            return;
        }
        let begins = StoredConversation::at(&room, joined.start);
        match self.conversations.get_mut(id) {
            None => {
                if !self.conversations.insert(id, begins) {
                    effects.show(Tone::Error, "too many conversations on this device");
                    return;
                }
            }
            Some(known) if known.stored.received_up_to < joined.start => known.stored = begins,
            Some(known) => {
                known.stored.name.clone_from(&room);
                known.stored.is_left = false;
            }
        }
        if let Some(known) = self.conversations.get_mut(id) {
            known.set_last_seq(joined.last_number);
            known.is_joined_here = true;
        }
        self.roster.names_changed();
        self.save_conversation(id);
        effects.show(Tone::Notice, render_rooms::joined(&joined.room));
        if takes_focus || self.focus.as_deref() == Some(&*name) {
            self.focus_on(&room, effects);
        }
        for (sequence, typed) in self.outbox.unnumbered() {
            let typed = canonical_target(&typed);
            if typed == name || typed == room {
                self.assign_seq(sequence, id, joined.last_number);
            }
        }
    }

    /// The server has done it: the log says so, this closes the request.
    pub(in crate::client) fn handle_left(&mut self, left: &Left, effects: &mut Effects) {
        if self.pending.take(left.tag).is_some() {
            self.mark_left(left.conversation, effects);
        }
    }

    /// Forgets what waits for a room that cannot be had, and says so.
    pub(in crate::client) fn drop_unsent(
        &mut self,
        room: &str,
        reason: &str,
        effects: &mut Effects,
    ) {
        for (sequence, typed) in self.outbox.unnumbered() {
            if canonical_target(&typed) == room {
                let unsent = self.outbox.remove(sequence);
                self.state.remove_unsent(sequence);
                let text = unsent.map(|unsent| unsent.text).unwrap_or_default();
                let quoted = render::quote(&text);
                effects.show(Tone::Error, format!("not sent: {reason}: {quoted}"));
            }
        }
    }

    /// What an entry of a log changes for this user.
    pub(in crate::client) fn apply_event(
        &mut self,
        now: Now,
        id: ConversationId,
        event: &RoomEvent,
        effects: &mut Effects,
    ) {
        let is_actor = event.actor == self.name;
        let is_subject = event.subject.as_deref() == Some(&*self.name);
        match event.kind {
            EventKind::Joined if is_actor => {
                if let Some(known) = self.conversations.get_mut(id) {
                    known.stored.is_left = false;
                    self.roster.names_changed();
                    let is_unknown = known.stored.name.is_empty();
                    if is_unknown && self.is_settled && !self.pending.is_learning_names() {
                        self.list_rooms(now, RoomsPurpose::Names, effects);
                    }
                }
            }
            EventKind::Left if is_actor => {
                self.mark_left(id, effects);
            }
            EventKind::Kicked if is_subject => {
                let name = self.name_of(id).to_owned();
                if self.mark_left(id, effects) {
                    effects.show(Tone::Notice, format!("you are no longer in {name}"));
                }
            }
            _ => {}
        }
    }

    /// The user belongs to a room no more. Returns whether they stood in it.
    pub(in crate::client) fn mark_left(
        &mut self,
        id: ConversationId,
        effects: &mut Effects,
    ) -> bool {
        let Some(known) = self.conversations.get_mut(id) else {
            return false;
        };
        if !is_room(&known.stored.name) {
            return false;
        }
        known.is_joined_here = false;
        known.stored.is_left = true;
        known.stored.unread = 0;
        let name = known.stored.name.clone();
        self.roster.names_changed();
        self.save_conversation(id);
        let had_focus = self.focus.take_if(|focus| *focus == name).is_some();
        self.drop_unsent(&name, &not_a_member(&name), effects);
        had_focus
    }

    /// The names of the rooms that the user belongs to, for the tab key.
    pub(in crate::client) fn room_names(&self) -> Vec<String> {
        self.conversations
            .iter()
            .filter(|(_, known)| is_room(&known.stored.name) && !known.stored.is_left)
            .map(|(_, known)| known.stored.name.clone())
            .collect()
    }
}

/// Why nothing can be said in a room.
fn not_a_member(name: &str) -> String {
    format!("you are not a member of {name}; `/join {name}` first")
}
