//! An entry as a line, which names its conversation unless that has the focus.

use std::fmt::Display;

use crate::client::account::ctx::Ctx;
use crate::client::account::mending::current::{current, quoted};
use crate::client::account::mending::target::STORED_SIGN;
use crate::client::env::Tone;
use crate::client::line::{Head, Line, Manner, Place, Who};
use crate::client::name::is_room;
use crate::client::storage::entry::{Entry, Said};
use crate::client::ui::{files, render, render_rooms};
use crate::protocol::{AccountId, ConversationId, EntryId, NOTES_NAME};

/// What the operator is called, who has no name.
pub(crate) const OPERATOR: &str = "the operator";

/// What stands for an author whose name the server could not tell.
const UNNAMED: &str = "(somebody)";

impl Ctx<'_> {
    /// What the author of an entry is called here.
    pub(crate) fn author_name(&self, id: ConversationId, entry: &Entry) -> String {
        self.author(id, entry).name().to_owned()
    }

    /// What an entry has changed, as it is shown when that comes.
    pub(crate) fn amendment_line(&self, id: ConversationId, entry: &Entry, told: &str) -> Line {
        let line = self.told_line(id, entry, told);
        if self.focus.is_on(self.name_of(id)) {
            line
        } else {
            line.naming_place()
        }
    }

    /// Who the author of an entry is.
    fn author(&self, id: ConversationId, entry: &Entry) -> Who {
        let place = self.name_of(id);
        if entry.author == self.me.id {
            return Who::Own;
        }
        if entry.author == AccountId::OPERATOR {
            return Who::Other(OPERATOR.to_owned());
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
        } else if name == NOTES_NAME {
            Place::Notes
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
            manner: Manner::default(),
        }
    }

    /// What the program says in the place of an entry, or of what happened in a room.
    pub(crate) fn told_line(&self, id: ConversationId, entry: &Entry, text: &str) -> Line {
        Line::headed(self.head(id, entry), Tone::Event, text)
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
        let mut line = self.entry_line((id, at), entry, said);
        let can_save = entry.author != self.me.id && !self.me.is_restricted;
        if matches!(said, Said::File(_)) && can_save {
            let place = if self.focus.is_on(name) {
                String::new()
            } else {
                format!("--in {name} ")
            };
            let hint = format!("`/save {place}{STORED_SIGN}{at}` saves it");
            line = line.with_further_note(&hint);
        }
        match said {
            Said::Event(event) if !is_old => {
                // What happened is dim, and what is said to all is not.
                let tone = if said.is_announcement() {
                    Tone::Plain
                } else {
                    Tone::Event
                };
                Line::of(tone, render_rooms::event(event, &self.me.name, name))
            }
            Said::Event(_) => line,
            Said::Text(_) | Said::Action(_) | Said::File(_) if self.focus.is_on(name) => line,
            // Without a focus, a name alone is that of whoever writes to the reader.
            Said::Text(_) | Said::Action(_) | Said::File(_)
                if !self.is_many(id)
                    && entry.author != self.me.id
                    && self.focus.current.is_none() =>
            {
                line
            }
            _ => line.naming_place(),
        }
    }

    /// What somebody said, or does, as it is by now.
    fn said_line(&self, (id, at): (ConversationId, EntryId), entry: &Entry, said: &Said) -> Line {
        let current = current(self, (id, at), entry);
        let text = match (current.edited.as_deref(), said) {
            (edited, Said::File(file)) => {
                files::shared(file.described(), edited.unwrap_or(&file.text))
            }
            (Some(edited), _) => edited.to_owned(),
            (None, said) => said.words().unwrap_or_default().to_owned(),
        };
        let whose = |answered: &Entry| self.author_name(id, answered);
        let answers = entry.answers();
        let answered = answers.map(|answered| self.answered((id, answered), whose));
        let head = Head {
            who: Some(self.author(id, entry)),
            manner: Manner {
                is_action: matches!(said, Said::Action(_)),
                answers: answered,
                ..Manner::default()
            },
            ..self.head(id, entry)
        };
        let line = Line::said(head, &text);
        match current.note() {
            Some(note) => line.with_note(&note),
            None => line,
        }
    }

    /// What is said of an entry in a line that answers it, with the name of whose that is. A database that fails says so at
    /// the end of the batch.
    pub(crate) fn answered<N: Display>(
        &self,
        place: (ConversationId, EntryId),
        whose: impl FnOnce(&Entry) -> N,
    ) -> String {
        let Some(entry) = self.state.entry(place.0, place.1).ok().flatten() else {
            return ", to an earlier message".into();
        };
        let quoted = quoted(self, place, &entry);
        let quoted = quoted.as_deref().unwrap_or("a message");
        format!(", to {quoted} of {}", whose(&entry))
    }

    /// An entry as it stands among others of its conversation.
    pub(crate) fn entry_line(
        &self,
        (id, at): (ConversationId, EntryId),
        entry: &Entry,
        said: &Said,
    ) -> Line {
        match said {
            Said::Text(_) | Said::Action(_) | Said::File(_) => {
                self.said_line((id, at), entry, said)
            }
            Said::Deleted(deletion) => {
                let by = current(self, (id, at), entry).deleted_by;
                // Where the entry that deletes it is not held here.
                let is_operators = deletion.by == AccountId::OPERATOR && deletion.time_ms != 0;
                let by = by.or_else(|| is_operators.then(|| OPERATOR.to_owned()));
                let by = by.map(|name| format!(" by {name}")).unwrap_or_default();
                self.told_line(id, entry, &format!("(deleted{by})"))
            }
            Said::Event(event) => {
                let text = render_rooms::event(event, &self.me.name, self.name_of(id));
                self.told_line(id, entry, &text)
            }
            // One that changes another is shown where that stands.
            Said::Amendment(_) | Said::Unknown => self.told_line(id, entry, &render::unknown(at)),
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
