//! What the editor is told of a line: how tab completes it, and what a draft does on Enter.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::super::look::Look;
use super::hold::Hold;
use crate::client::Names;
use crate::client::commands::{self, Draft, Mistaken, Recalled};

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
    look: Look,
    pub purpose: Purpose,
    /// The line and the cursor when it was last drawn.
    drawn: RefCell<(String, usize)>,
    hold: RefCell<Hold>,
}

impl LineHelper {
    pub const fn new(names: SharedNames, look: Look) -> Self {
        Self {
            names,
            look,
            purpose: Purpose::Command,
            drawn: RefCell::new((String::new(), 0)),
            hold: RefCell::new(Hold::new()),
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

    /// What a line could have been meant as that would be said in a conversation.
    fn mistaken(&self, line: &str) -> Option<Mistaken> {
        self.inside()?;
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
    fn held(&self, line: &str) -> Option<String> {
        let mistaken = self.mistaken(line)?;
        let is_sent = self.hold.borrow_mut().takes_enter(line, Instant::now());
        (!is_sent).then(|| format!("\n{}", mistaken.notice()))
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
        if self.hold.borrow().is_on(line)
            && let Some(mistaken) = self.mistaken(line)
        {
            return Some(DraftNotice(format!("\n{}", mistaken.notice())));
        }
        self.draft(line).map(|draft| DraftNotice(below(&draft)))
    }
}

impl Validator for LineHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match self.draft(context.input()) {
            Some(draft @ Draft::Refused(_)) => ValidationResult::Invalid(Some(below(&draft))),
            _ => match self.held(context.input()) {
                Some(notice) => ValidationResult::Invalid(Some(notice)),
                None => ValidationResult::Valid(None),
            },
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
        Cow::Owned(self.look.remark(hint))
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
        let found = commands::complete(&line[..position], is_slashed, &self.names());
        Ok(found)
    }
}
