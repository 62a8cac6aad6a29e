//! What the editor is told of a line: how tab completes it, and what a draft does on Enter.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::super::style::{Style, paint};
use crate::client::commands::{self, Draft, Recalled};
use crate::client::{Names, Tone};

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

#[derive(Helper)]
pub struct LineHelper {
    names: SharedNames,
    in_colour: bool,
    pub purpose: Purpose,
    /// The line and the cursor when it was last drawn.
    drawn: RefCell<(String, usize)>,
}

impl LineHelper {
    pub const fn new(names: SharedNames, in_colour: bool) -> Self {
        Self {
            names,
            in_colour,
            purpose: Purpose::Command,
            drawn: RefCell::new((String::new(), 0)),
        }
    }

    fn keep_drawn(&self, line: &str, cursor: usize) {
        *self.drawn.borrow_mut() = (line.to_owned(), cursor);
    }

    /// What is typed so far, before the cursor and behind it, since the editor drops it when it fails.
    pub fn typed(&self) -> (String, String) {
        let drawn = self.drawn.borrow();
        let (before, behind) = drawn.0.split_at_checked(drawn.1).unwrap_or((&drawn.0, ""));
        (before.to_owned(), behind.to_owned())
    }

    /// What a draft does on Enter that is more than one line to be sent, or that is not sent.
    pub fn draft(&self, line: &str) -> Option<Draft> {
        if self.purpose == Purpose::Answer {
            let is_long = line.trim().contains('\n');
            return is_long.then(|| Draft::Refused("an answer has one line".into()));
        }
        Draft::of(line, self.inside())
    }

    pub fn recalled(&self, line: &str) -> Recalled {
        commands::recalled(line, self.inside())
    }

    fn inside(&self) -> Option<&str> {
        match &self.purpose {
            Purpose::Inside(place) => Some(place),
            Purpose::Command | Purpose::Answer => None,
        }
    }
}

/// Said below a draft; no key makes it part of the line.
pub struct DraftNotice(String);

impl Hint for DraftNotice {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

fn below(draft: &Draft) -> String {
    format!("\n{}", draft.notice())
}

impl Hinter for LineHelper {
    type Hint = DraftNotice;

    fn hint(&self, line: &str, cursor: usize, _: &Context<'_>) -> Option<DraftNotice> {
        self.keep_drawn(line, cursor);
        self.draft(line).map(|draft| DraftNotice(below(&draft)))
    }
}

impl Validator for LineHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match self.draft(context.input()) {
            Some(draft @ Draft::Refused(_)) => ValidationResult::Invalid(Some(below(&draft))),
            _ => ValidationResult::Valid(None),
        })
    }
}

impl Highlighter for LineHelper {
    /// Called when only the cursor moves, too.
    fn highlight_char(&self, line: &str, cursor: usize, _: CmdKind) -> bool {
        self.keep_drawn(line, cursor);
        false
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(paint(Style::Body(Tone::Notice), hint, self.in_colour))
    }
}

impl Completer for LineHelper {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let is_slashed = match self.purpose {
            Purpose::Command => false,
            Purpose::Inside(_) => true,
            Purpose::Answer => return Ok((position, Vec::new())),
        };
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(commands::complete(&line[..position], is_slashed, &names))
    }
}
