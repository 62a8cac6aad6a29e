//! Keys of the prompt: tab completes commands and names, Ctrl-C clears the line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::Completer;
use rustyline::{
    Cmd, ConditionalEventHandler, Context, Event, EventContext, Helper, Highlighter, Hinter,
    Movement, RepeatCount, Validator,
};

use crate::client::{Names, commands};

/// Names for completion; the client replaces them when users come and go.
pub type SharedNames = Arc<Mutex<Names>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completing {
    /// A command, with or without its slash.
    Commands,
    /// Text with names, or a command with its slash.
    Slashed,
    /// An answer to a question.
    Nothing,
}

#[derive(Helper, Highlighter, Hinter, Validator)]
pub struct Completion {
    names: SharedNames,
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

/// Ctrl-C clears the line; on an empty line it interrupts. The flag and an empty line report that, because an editor that
/// ends with an error drops the keys pressed after this one.
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
