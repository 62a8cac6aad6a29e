//! How an entry becomes a line: it says where it was said unless the reader stands there.

use super::{render, render_rooms};
use crate::client::account::SignedIn;
use crate::client::account::conversations::Conversation;
use crate::client::name::is_room;
use crate::client::storage::entry::Said;
use crate::protocol::{AccountId, ConversationId, EntryId};
use crate::text::printable;

/// What stands for the reader, where a name would: no name has brackets.
const OWN: &str = "(you)";

/// What stands for an author whose name the server could not tell.
const UNNAMED: &str = "(somebody)";

impl SignedIn {
    /// The name of a conversation; empty while it is not known.
    pub(in crate::client) fn name_of(&self, id: ConversationId) -> &str {
        self.conversations
            .get(id)
            .map_or("", |known: &Conversation| &known.stored.name)
    }

    /// Whether more than one reads what this user says there.
    pub(in crate::client) fn is_many(&self, id: ConversationId) -> bool {
        id == ConversationId::EVERYONE || is_room(self.name_of(id))
    }

    /// The reader's account and name.
    pub(in crate::client) fn own(&self) -> (AccountId, &str) {
        (self.id, &self.name)
    }

    /// What the author of an entry is called here; `name` is what they were called when it came.
    pub(in crate::client) fn who<'a>(
        &'a self,
        id: ConversationId,
        author: AccountId,
        name: Option<&'a str>,
    ) -> &'a str {
        let place = self.name_of(id);
        if author == self.id {
            OWN
        } else if self.is_many(id) || place.is_empty() {
            name.unwrap_or(UNNAMED)
        } else {
            place
        }
    }

    /// An entry by `who` as it is shown when it comes; what happened in a room has a time only if that is `old`.
    pub(in crate::client) fn live_line(
        &self,
        (id, entry): (ConversationId, EntryId),
        who: &str,
        time: &str,
        said: &Said,
        is_old: bool,
    ) -> String {
        let place = self.name_of(id);
        let is_focused = self.focus.as_deref() == Some(place);
        match said {
            Said::Text(text) if is_room(place) && !is_focused => {
                let text = printable::line_or_nothing(text);
                format!("{time} {place} {who}: {text}")
            }
            Said::Text(text) if !is_focused && (who == OWN || id == ConversationId::EVERYONE) => {
                render::said(time, who, Some(place), text)
            }
            Said::Text(text) if !is_focused && self.focus.is_some() => {
                render::said(time, who, Some(OWN), text)
            }
            Said::Event(event) if !is_old => render_rooms::event(event, &self.name, place),
            Said::Unknown => {
                let unknown = render::unknown(entry);
                format!("{time} {place}: {unknown}")
            }
            _ => self.entry_line((id, entry), who, time, said),
        }
    }

    /// An entry by `who` as it stands among others of its conversation.
    pub(in crate::client) fn entry_line(
        &self,
        (id, entry): (ConversationId, EntryId),
        who: &str,
        time: &str,
        said: &Said,
    ) -> String {
        match said {
            Said::Text(text) => render::said(time, who, None, text),
            Said::Event(event) => {
                let line = render_rooms::event(event, &self.name, self.name_of(id));
                format!("{time} {line}")
            }
            Said::Unknown => format!("{time} {}", render::unknown(entry)),
        }
    }
}
