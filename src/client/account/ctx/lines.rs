//! An entry as a line, which names its conversation unless that has the focus.

use crate::client::account::ctx::Ctx;
use crate::client::env::Tone;
use crate::client::line::{Head, Line, Place, Who};
use crate::client::name::is_room;
use crate::client::storage::entry::{Entry, Said};
use crate::client::ui::{render, render_rooms};
use crate::protocol::{ConversationId, EntryId};

/// What stands for an author whose name the server could not tell.
const UNNAMED: &str = "(somebody)";

impl Ctx<'_> {
    /// Who the author of an entry is.
    fn author(&self, id: ConversationId, entry: &Entry) -> Who {
        let place = self.name_of(id);
        if entry.author == self.me.id {
            return Who::Own;
        }
        let name = if self.is_many(id) || place.is_empty() {
            entry.author_name.as_deref().unwrap_or(UNNAMED)
        } else {
            place
        };
        Who::Other(name.to_owned())
    }

    fn place(&self, id: ConversationId) -> Place {
        let name = self.name_of(id);
        if id == ConversationId::EVERYONE {
            Place::Everyone
        } else if is_room(name) {
            Place::Room(name.to_owned())
        } else {
            Place::Pair(name.to_owned())
        }
    }

    /// Where an entry stands, without its author and without naming its conversation.
    fn head(&self, id: ConversationId, entry: &Entry) -> Head {
        let clock = self.clock();
        Head {
            time: clock.show(entry.time_ms),
            day: clock.day_of(entry.time_ms),
            place: self.place(id),
            names_place: false,
            who: None,
        }
    }

    /// What the program says in the place of an entry, or of what happened in a room.
    pub(crate) fn told_line(&self, id: ConversationId, entry: &Entry, text: &str) -> Line {
        Line {
            head: Some(self.head(id, entry)),
            ..Line::of(Tone::Event, text)
        }
    }

    /// An entry as it is shown when it comes; what happened in a room has a time only if that is `old`.
    pub(crate) fn live_line(
        &self,
        (id, at): (ConversationId, EntryId),
        entry: &Entry,
        said: &Said,
        is_old: bool,
    ) -> Line {
        let name = self.name_of(id);
        let line = self.entry_line((id, at), entry, said);
        match said {
            Said::Event(event) if !is_old => {
                Line::of(Tone::Event, render_rooms::event(event, &self.me.name, name))
            }
            Said::Event(_) => line,
            Said::Text(_) if self.focus.is_on(name) => line,
            // Without a focus, a name alone is that of whoever writes to the reader.
            Said::Text(_)
                if !self.is_many(id)
                    && entry.author != self.me.id
                    && self.focus.current.is_none() =>
            {
                line
            }
            Said::Text(_) | Said::Unknown => line.naming_place(),
        }
    }

    /// An entry as it stands among others of its conversation.
    pub(crate) fn entry_line(
        &self,
        (id, at): (ConversationId, EntryId),
        entry: &Entry,
        said: &Said,
    ) -> Line {
        match said {
            Said::Text(text) => {
                let who = Some(self.author(id, entry));
                let head = self.head(id, entry);
                Line::said(Head { who, ..head }, text)
            }
            Said::Event(event) => {
                let text = render_rooms::event(event, &self.me.name, self.name_of(id));
                self.told_line(id, entry, &text)
            }
            Said::Unknown => self.told_line(id, entry, &render::unknown(at)),
        }
    }

    /// An entry as it stands among others of all conversations.
    pub(crate) fn found_line(
        &self,
        place: (ConversationId, EntryId),
        entry: &Entry,
        said: &Said,
    ) -> Line {
        self.entry_line(place, entry, said).naming_place()
    }
}
