//! What Up and Ctrl-R recall: in a conversation texts and commands, elsewhere commands only.

use rustyline::Editor;
use rustyline::history::{History as _, MemHistory};

use super::helper::LineHelper;
use crate::cli::connect::state::input_history::{self, HistoryPlace, Place};
use crate::client::commands::Recalled;

/// Lines in the prompt's history; the oldest is dropped first.
pub const HISTORY_LINES: usize = 500;

pub type LineEditor = Editor<LineHelper, MemHistory>;

pub struct Recall {
    /// The editor has the one for where the prompt stands, this is the other one.
    other: MemHistory,
    is_inside: bool,
    place: HistoryPlace,
    /// Whose lines are in memory.
    loaded: Place,
}

impl Recall {
    /// The editor has that of commands at first.
    pub fn new(with_texts: MemHistory, place: HistoryPlace) -> Self {
        let loaded = Place::default();
        Self {
            other: with_texts,
            is_inside: false,
            place,
            loaded,
        }
    }

    /// The prompt stands in a conversation, or in none; somebody else may have signed in.
    pub fn turn(&mut self, editor: &mut LineEditor, is_inside: bool) {
        if is_inside != self.is_inside {
            std::mem::swap(editor.history_mut(), &mut self.other);
            self.is_inside = is_inside;
        }
        let place = self.place.get();
        if place != self.loaded {
            self.load(editor, place);
        }
    }

    /// Takes the lines of the account that has signed in, or what is left of them, instead of those that are in memory.
    fn load(&mut self, editor: &mut LineEditor, place: Place) {
        let had_lines = self.loaded.directory.is_some();
        self.loaded = place;
        if had_lines {
            for history in [editor.history_mut(), &mut self.other] {
                if let Err(error) = history.clear() {
                    tracing::warn!(%error, "cannot drop the input history");
                }
            }
        }
        let Some(directory) = &self.loaded.directory else {
            return;
        };
        match input_history::load(directory, HISTORY_LINES) {
            Ok(entries) => entries.iter().for_each(|entry| self.add(editor, entry)),
            Err(error) => tracing::warn!(%error, "cannot read the input history"),
        }
    }

    /// Keeps a line, in the file too once somebody has signed in.
    pub fn keep(&mut self, editor: &mut LineEditor, recalled: &Recalled) {
        self.add(editor, recalled);
        if let Some(directory) = &self.loaded.directory
            && let Err(error) = input_history::append(directory, recalled)
        {
            tracing::warn!(%error, "cannot write the input history");
        }
    }

    fn add(&mut self, editor: &mut LineEditor, recalled: &Recalled) {
        let own = editor.history_mut();
        // Memory takes each line, if it does not repeat the one before.
        match recalled {
            Recalled::Text(text) if self.is_inside => drop(own.add(text)),
            Recalled::Text(text) => drop(self.other.add(text)),
            Recalled::Command(command) => {
                drop(self.other.add(command));
                drop(own.add(command));
            }
        }
    }
}
