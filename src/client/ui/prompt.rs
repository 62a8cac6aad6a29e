//! The dialogue at the console: which question is open, and what its answer means.
//!
//! Exactly one question is open at a time. An answer belongs to the question that was open when it came, so nothing else
//! may ask the console.

use zeroize::Zeroizing;

use crate::client::env::{Ask, Console};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    Command,
    /// What to send to this conversation, or a command with a slash.
    InFocus(String),
    /// Whether an unknown server key is to be trusted.
    Trust,
    Name,
    Password,
    /// Whether an account is to be opened.
    SignUp,
    NewPassword,
    RepeatPassword,
}

/// A command, or text for the focus, as typed at the prompt.
pub(crate) struct TypedLine {
    pub(crate) line: Zeroizing<String>,
    pub(crate) focus: Option<String>,
}

/// Which question is open, and whether there can be another.
#[derive(Debug, Default)]
pub(crate) struct Prompt {
    open: Option<Question>,
    input_ended: bool,
}

impl Prompt {
    /// Asks, unless a question is open already or nobody answers any more.
    pub(crate) fn ask(&mut self, console: &mut dyn Console, question: Question, text: &str) {
        if self.open.is_some() || self.input_ended {
            return;
        }
        let text = crate::text::printable::line(text).into_owned();
        console.ask(match &question {
            Question::Command => Ask::Command(text),
            Question::InFocus(place) => Ask::Inside {
                prompt: text,
                place: place.clone(),
            },
            Question::Trust | Question::Name | Question::SignUp => Ask::Line(text),
            Question::Password | Question::NewPassword | Question::RepeatPassword => {
                Ask::Secret(text)
            }
        });
        self.open = Some(question);
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The question that has just been answered or given up.
    pub(crate) fn take(&mut self) -> Option<Question> {
        self.open.take()
    }

    /// There will be no more answers.
    pub(crate) fn end_input(&mut self) {
        self.open = None;
        self.input_ended = true;
    }
}

/// Reads a yes or a no; an empty answer is the one that the question offers in capitals.
pub(crate) fn yes(answer: &str, default: bool) -> bool {
    match answer.trim().to_lowercase().as_str() {
        "" => default,
        "y" | "yes" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::Screen;

    #[test]
    fn second_question_waits_for_the_answer_to_the_first() {
        let screen = Screen::interactive();
        let mut console = screen.console();
        let mut prompt = Prompt::default();
        prompt.ask(&mut *console, Question::Name, "username: ");
        prompt.ask(&mut *console, Question::Password, "password: ");
        assert_eq!(screen.asks(), [Ask::Line("username: ".into())]);
        assert_eq!(prompt.take(), Some(Question::Name));
        prompt.ask(&mut *console, Question::Password, "password: ");
        assert_eq!(screen.asks(), [Ask::Secret("password: ".into())]);
    }

    #[test]
    fn nothing_is_asked_once_input_has_ended() {
        let screen = Screen::interactive();
        let mut prompt = Prompt::default();
        prompt.end_input();
        prompt.ask(&mut *screen.console(), Question::Command, "> ");
        assert!(screen.asks().is_empty());
        assert_eq!(prompt.take(), None);
    }

    #[test]
    fn empty_answer_is_the_offered_one_and_nonsense_is_no() {
        assert!(yes("", true));
        assert!(!yes("", false));
        assert!(yes(" Y ", false));
        assert!(!yes("perhaps", true));
    }
}
