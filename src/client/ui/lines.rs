//! How an entry becomes a line: it says where it was said unless the reader stands there.

use super::{render, render_rooms};
use crate::client::account::Account;
use crate::client::account::conversations::Conversation;
use crate::client::name::is_room;
use crate::client::storage::entry::Said;
use crate::protocol::ConversationId;
use crate::text::printable;

/// What stands for the reader, where a name would: no name has brackets.
const OWN: &str = "(you)";

impl Account {
    /// The name of a conversation; empty while it is not known.
    pub(in crate::client) fn place_name(&self, id: ConversationId) -> &str {
        self.conversations
            .get(id)
            .map_or("", |known: &Conversation| &known.place.name)
    }

    /// Whether more than one reads what this user says there.
    pub(in crate::client) fn is_many(&self, id: ConversationId) -> bool {
        id == ConversationId::EVERYONE || is_room(self.place_name(id))
    }

    /// An entry as it is shown when it comes; what happened in a room has a time only if that is `old`.
    pub(in crate::client) fn live_line(
        &self,
        id: ConversationId,
        is_own: bool,
        time: &str,
        said: &Said,
        is_old: bool,
    ) -> String {
        let place = self.place_name(id);
        let is_inside = self.inside.as_deref() == Some(place);
        match said {
            Said::Text(_) if is_inside => self.entry_line(id, is_own, time, said),
            Said::Text(text) if is_room(place) => {
                let who = who(&text.sender, is_own);
                let text = printable::line_or_nothing(&text.text);
                format!("{time} {place} {who}: {text}")
            }
            Said::Text(text) if is_own => render::said(time, OWN, Some(&text.receiver), &text.text),
            Said::Text(text) if id == ConversationId::EVERYONE => {
                render::said(time, &text.sender, Some(&text.receiver), &text.text)
            }
            Said::Text(text) if self.inside.is_some() => {
                render::said(time, &text.sender, Some(OWN), &text.text)
            }
            Said::Event(event) if !is_old => render_rooms::event(event, &self.name, place),
            _ => self.entry_line(id, is_own, time, said),
        }
    }

    /// An entry as it stands among others of its conversation.
    pub(in crate::client) fn entry_line(
        &self,
        id: ConversationId,
        is_own: bool,
        time: &str,
        said: &Said,
    ) -> String {
        match said {
            Said::Text(text) => render::said(time, who(&text.sender, is_own), None, &text.text),
            Said::Event(event) => {
                let line = render_rooms::event(event, &self.name, self.place_name(id));
                format!("{time} {line}")
            }
        }
    }
}

fn who(sender: &str, is_own: bool) -> &str {
    if is_own { OWN } else { sender }
}
