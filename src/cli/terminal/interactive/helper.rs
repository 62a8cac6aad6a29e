//! What the prompt's keys do: tab completes commands and names, Ctrl-C clears the line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use rustyline::completion::Completer;
use rustyline::{
    Cmd, ConditionalEventHandler, Context, Event, EventContext, Helper, Highlighter, Hinter,
    Movement, RepeatCount, Validator,
};

use super::Names;

/// Completes the first word as a command and the others as names.
#[derive(Helper, Highlighter, Hinter, Validator)]
pub struct Completion {
    words: Vec<&'static str>,
    names: Names,
    /// Whether a command is being typed; other answers are not completed.
    pub is_command: bool,
}

impl Completion {
    pub const fn new(words: Vec<&'static str>, names: Names) -> Self {
        Self {
            words,
            names,
            is_command: true,
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
        if !self.is_command {
            return Ok((position, Vec::new()));
        }
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(complete(&line[..position], &self.words, &names))
    }
}

/// Where the word before the cursor begins, and what it could become.
fn complete(before: &str, words: &[&'static str], names: &[String]) -> (usize, Vec<String>) {
    let start = before.rfind(char::is_whitespace).map_or(0, |space| {
        space + before[space..].chars().next().map_or(1, char::len_utf8)
    });
    let word = &before[start..];
    let is_first = before[..start].trim().is_empty();
    let mut candidates: Vec<String> = if is_first {
        let (slash, word) = word
            .strip_prefix('/')
            .map_or(("", word), |word| ("/", word));
        let found = words.iter().filter(|own| own.starts_with(word));
        found.map(|own| format!("{slash}{own} ")).collect()
    } else {
        let found = names.iter().filter(|name| name.starts_with(word));
        found.map(|name| format!("{name} ")).collect()
    };
    candidates.sort_unstable();
    (start, candidates)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(before: &str) -> (usize, Vec<String>) {
        let names = ["bob".to_owned(), "bert".to_owned()];
        complete(before, &["message", "message*", "quit"], &names)
    }

    #[test]
    fn first_word_is_a_command_with_or_without_its_slash() {
        assert_eq!(
            completed("me"),
            (0, vec!["message ".into(), "message* ".into()])
        );
        assert_eq!(completed("/q"), (0, vec!["/quit ".into()]));
    }

    #[test]
    fn later_words_are_names() {
        assert_eq!(
            completed("message b"),
            (8, vec!["bert ".into(), "bob ".into()])
        );
        assert_eq!(completed("message bo"), (8, vec!["bob ".into()]));
        assert_eq!(completed("message x"), (8, vec![]));
    }
}
