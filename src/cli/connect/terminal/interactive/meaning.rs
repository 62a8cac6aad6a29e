//! What a line means while it is typed: a command, a text or an answer, and what the tab key completes in it.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::paths;
use crate::client::commands::{self, Composition, Draft, Mistaken, Recalled};
use crate::client::{Hold, Names};

/// Names for completion; the client replaces them when users come and go.
pub type SharedNames = Arc<Mutex<Names>>;

/// What a line is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A command, with or without its slash.
    Command,
    /// A text for this conversation, or a command with its slash.
    Inside(String),
    /// An answer to a question.
    Answer,
}

/// What is known of the line for which the editor waits.
pub struct Meaning {
    names: SharedNames,
    pub purpose: Purpose,
    /// Whether the tab key looks at the user's files.
    pub completes_paths: bool,
    hold: RefCell<Hold>,
    /// The draft that was written with the user's own editor, if the line began as one.
    composed: RefCell<Option<String>>,
}

impl Meaning {
    pub fn new(names: SharedNames) -> Self {
        Self {
            names,
            purpose: Purpose::Command,
            completes_paths: true,
            hold: RefCell::default(),
            composed: RefCell::default(),
        }
    }

    /// What a draft does on Enter that is more than one line to be sent, or that is not sent.
    pub fn draft(&self, line: &str) -> Option<Draft> {
        if self.purpose == Purpose::Answer {
            let is_long = line.trim().contains('\n');
            return is_long.then(|| Draft::Refused("an answer has one line".into()));
        }
        match *self.composed.borrow() {
            Some(_) => Draft::composed(line, self.inside()),
            None => Draft::of(line, self.inside()),
        }
    }

    /// The line begins as this draft, which was written with the user's own editor.
    pub fn set_composed(&self, draft: Option<&str>) {
        self.composed.replace(draft.map(str::to_owned));
    }

    /// The text that a line wants written with the user's own editor.
    pub fn composition(&self, line: &str) -> Option<Composition> {
        Composition::of(line, self.inside()).filter(|_| self.purpose != Purpose::Answer)
    }

    pub fn recalled(&self, line: &str) -> Option<Recalled> {
        commands::recalled(line, self.inside(), self.draft(line))
    }

    /// What a line could have been meant as that would be said in a conversation.
    fn mistaken(&self, line: &str) -> Option<Mistaken> {
        self.inside()?;
        if self.composed.borrow().as_deref() == Some(line) {
            return None;
        }
        Mistaken::of(line, &self.names())
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is said below a line that goes back into the editor, and stays there until it is edited or sent.
    #[expect(
        clippy::disallowed_methods,
        reason = "the editor does not say when a key was pressed"
    )]
    pub fn held(&self, line: &str) -> Option<String> {
        let mistaken = self.mistaken(line)?;
        let is_sent = self.hold.borrow_mut().takes_enter(line, Instant::now());
        (!is_sent).then(|| format!("\n{}", mistaken.notice()))
    }

    /// The same below a line that is held there already.
    pub fn notice_of_hold(&self, line: &str) -> Option<String> {
        let is_held = self.hold.borrow().is_on(line);
        let mistaken = self.mistaken(line).filter(|_| is_held)?;
        Some(format!("\n{}", mistaken.notice()))
    }

    /// Where a draft is said, and what, if it says something.
    pub fn said(&self, draft: &str) -> Option<(String, String)> {
        if self.purpose == Purpose::Answer {
            return None;
        }
        commands::said(draft, self.inside(), self.draft(draft))
    }

    pub fn inside(&self) -> Option<&str> {
        match &self.purpose {
            Purpose::Inside(place) => Some(place),
            Purpose::Command | Purpose::Answer => None,
        }
    }

    /// Where what the tab key completes begins, and what it can be.
    pub fn complete(&self, line: &str, position: usize) -> (usize, Vec<String>) {
        let is_slashed = match self.purpose {
            Purpose::Command => false,
            Purpose::Inside(_) => true,
            Purpose::Answer => return (position, Vec::new()),
        };
        let before = &line[..position];
        let names = commands::complete(before, is_slashed, &self.names());
        let paths = self
            .completes_paths
            .then(|| paths::complete(before, is_slashed));
        match paths.flatten() {
            Some((start, mut found)) if start == names.0 => {
                found.extend(names.1);
                (start, found)
            }
            Some(paths) => paths,
            None => names,
        }
    }
}
