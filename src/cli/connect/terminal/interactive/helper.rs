//! What the prompt's keys do: tab completes commands and names, Ctrl-C clears the line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use rustyline::completion::Completer;
use rustyline::{
    Cmd, ConditionalEventHandler, Context, Event, EventContext, Helper, Highlighter, Hinter,
    Movement, RepeatCount, Validator,
};

use super::Names;

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

/// Completes the first word as a command and the others as names.
#[derive(Helper, Highlighter, Hinter, Validator)]
pub struct Completion {
    words: Vec<&'static str>,
    names: Names,
    /// What is being typed.
    pub completing: Completing,
}

impl Completion {
    pub const fn new(words: Vec<&'static str>, names: Names) -> Self {
        Self {
            words,
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
        Ok(complete(&line[..position], is_slashed, &self.words, &names))
    }
}

/// Where the word before the cursor begins, and what it could become; a command only behind a slash where that is so.
fn complete(
    before: &str,
    is_slashed: bool,
    words: &[&'static str],
    names: &[String],
) -> (usize, Vec<String>) {
    let start = before.rfind(char::is_whitespace).map_or(0, |space| {
        space + before[space..].chars().next().map_or(1, char::len_utf8)
    });
    let word = &before[start..];
    let is_first = before[..start].trim().is_empty();
    let is_command = is_first && (!is_slashed || word.starts_with('/'));
    let mut candidates: Vec<String> = if is_command {
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

    const WORDS: [&str; 3] = ["message", "message*", "quit"];

    fn completed(before: &str) -> (usize, Vec<String>) {
        let names = ["bob".to_owned(), "bert".to_owned()];
        complete(before, false, &WORDS, &names)
    }

    #[test]
    fn first_word_of_what_is_said_in_a_room_is_no_command_without_its_slash() {
        // "me" and the tab key made "message" of what somebody had begun to say.
        let completed = |before| complete(before, true, &WORDS, &["meg".to_owned()]);
        assert_eq!(completed("me"), (0, vec!["meg ".into()]));
        assert_eq!(completed("q"), (0, vec![]));
        assert_eq!(completed("/q"), (0, vec!["/quit ".into()]));
        assert_eq!(completed("/message m"), (9, vec!["meg ".into()]));
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
