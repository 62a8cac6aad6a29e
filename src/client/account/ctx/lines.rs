//! Formats an entry as a line, which names its conversation unless that has the focus.

use crate::client::account::ctx::Ctx;
use crate::client::name::is_room;
use crate::client::storage::entry::{Entry, Said};
use crate::client::ui::{render, render_rooms};
use crate::protocol::{ConversationId, EntryId};
use crate::text::printable;

/// What stands for the reader, where a name would: no name has brackets.
const OWN: &str = "(you)";

/// What stands for an author whose name the server could not tell.
const UNNAMED: &str = "(somebody)";

impl Ctx<'_> {
    /// What the author of an entry is called here.
    fn author<'a>(&'a self, id: ConversationId, entry: &'a Entry) -> &'a str {
        let place = self.name_of(id);
        if entry.author == self.me.id {
            OWN
        } else if self.is_many(id) || place.is_empty() {
            entry.author_name.as_deref().unwrap_or(UNNAMED)
        } else {
            place
        }
    }

    /// An entry as it is shown when it comes; what happened in a room has a time only if that is `old`.
    pub(crate) fn live_line(
        &self,
        (id, at): (ConversationId, EntryId),
        entry: &Entry,
        said: &Said,
        is_old: bool,
    ) -> String {
        let (time, who) = (self.clock().show(entry.time_ms), self.author(id, entry));
        let place = self.name_of(id);
        let is_focused = self.focus.is_on(place);
        match said {
            Said::Text(text) if is_room(place) && !is_focused => {
                let text = printable::line_or_nothing(text);
                format!("{time} {place} {who}: {text}")
            }
            Said::Text(text) if !is_focused && (who == OWN || id == ConversationId::EVERYONE) => {
                render::said(&time, who, Some(place), text)
            }
            Said::Text(text) if !is_focused && self.focus.current.is_some() => {
                render::said(&time, who, Some(OWN), text)
            }
            Said::Event(event) if !is_old => render_rooms::event(event, &self.me.name, place),
            Said::Unknown => format!("{time} {place}: {}", render::unknown(at)),
            _ => self.entry_line((id, at), entry, said),
        }
    }

    /// An entry as it stands among others of its conversation.
    pub(crate) fn entry_line(
        &self,
        (id, at): (ConversationId, EntryId),
        entry: &Entry,
        said: &Said,
    ) -> String {
        let time = self.clock().show(entry.time_ms);
        match said {
            Said::Text(text) => render::said(&time, self.author(id, entry), None, text),
            Said::Event(event) => {
                let line = render_rooms::event(event, &self.me.name, self.name_of(id));
                format!("{time} {line}")
            }
            Said::Unknown => format!("{time} {}", render::unknown(at)),
        }
    }
}
