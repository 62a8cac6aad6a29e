//! What the prompt's keys do: tab completes commands and names, Ctrl-C clears the line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::Completer;
use rustyline::{
    Cmd, ConditionalEventHandler, Context, Event, EventContext, Helper, Highlighter, Hinter,
    Movement, RepeatCount, Validator,
};

use crate::client::{Names, commands};

/// The names that the tab key completes; the client replaces them as people come and go.
pub type SharedNames = Arc<Mutex<Names>>;

/// What is being typed, as far as the tab key is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completing {
    /// A command, with or without its slash.
    Commands,
    /// Text, in which names are completed, or a command with its slash.
    Slashed,
    /// An answer to a question.
    Nothing,
}

/// Completes commands and their arguments.
#[derive(Helper, Highlighter, Hinter, Validator)]
pub struct Completion {
    names: SharedNames,
    /// What is being typed.
    pub completing: Completing,
}

impl Completion {
    pub const fn new(names: SharedNames) -> Self {
        Self {
            names,
            completing: Completing::Commands,
        }
    }
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let is_slashed = match self.completing {
            Completing::Commands => false,
            Completing::Slashed => true,
            Completing::Nothing => return Ok((position, Vec::new())),
        };
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(commands::complete(&line[..position], is_slashed, &names))
    }
}

/// Ctrl-C: clears what is being typed; on an empty line it interrupts. That is told by the flag beside an empty line,
/// since an editor that ends with an error forgets the keys that were pressed after this one.
pub struct InterruptKey {
    pub is_pressed: Arc<AtomicBool>,
}

impl ConditionalEventHandler for InterruptKey {
    fn handle(
        &self,
        _: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        Some(if context.line().is_empty() {
            self.is_pressed.store(true, Ordering::Relaxed);
            Cmd::AcceptLine
        } else {
            Cmd::Kill(Movement::WholeBuffer)
        })
    }
}
