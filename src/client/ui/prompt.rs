//! The dialogue at the console: which question is open, and what its answer means.
//!
//! Exactly one question is open at a time. An answer belongs to the question that was open when it came, so nothing else
//! may ask the console.

use zeroize::Zeroizing;

use crate::client::env::{Ask, Console, Status};
use crate::text::printable;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    Command,
    /// What to send to this conversation, or a command with a slash.
    InFocus(String),
    /// Whether an unknown server key is to be trusted.
    Trust,
    Name,
    Password,
    /// Whether to join, or go to, the room that a link names.
    LinkedRoom,
    /// Whether an account is to be opened.
    SignUp,
    NewPassword,
    RepeatPassword,
    /// A code of the operator, which is worth nothing once it is used: it is shown while it is typed.
    Code,
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
    asked: u64,
    input_ended: bool,
}

impl Prompt {
    /// Asks, unless a question is open already or nobody answers any more.
    pub(crate) fn ask(&mut self, console: &mut dyn Console, question: Question, text: &str) {
        if self.open.is_some() || self.input_ended {
            return;
        }
        let text = printable::line(text).into_owned();
        console.ask(match &question {
            Question::Command => Ask::Command(text),
            Question::InFocus(place) => Ask::Inside {
                prompt: text,
                place: place.clone(),
            },
            Question::Trust
            | Question::Name
            | Question::SignUp
            | Question::LinkedRoom
            | Question::Code => Ask::Line(text),
            Question::Password | Question::NewPassword | Question::RepeatPassword => {
                Ask::Secret(text)
            }
        });
        self.open = Some(question);
        self.asked += 1;
    }

    /// How many questions were asked.
    pub(crate) const fn asked(&self) -> u64 {
        self.asked
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

/// How many messages are unread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Those that mention the user.
    pub(crate) mentions: u32,
    pub(crate) others: u32,
}

/// What stands at the prompt: the conversation, what is unread (mentions with a sign), and the link's state where that is
/// not well.
pub(crate) fn status(
    user: Option<&str>,
    focus: Option<&str>,
    waiting: Waiting,
    is_linked: bool,
) -> Status {
    let unread = match (waiting.others, waiting.mentions) {
        (0, 0) => None,
        (others, 0) => Some(format!("({others})")),
        (0, mentions) => Some(format!("({mentions}!)")),
        (others, mentions) => Some(format!("({others}, {mentions}!)")),
    };
    let offline = (!is_linked).then_some("offline");
    let joined = |parts: [Option<&str>; 2]| {
        let shown: Vec<&str> = parts.into_iter().flatten().collect();
        printable::line(&shown.join(" ")).into_owned()
    };
    Status {
        place: joined([user, focus]),
        state: joined([unread.as_deref(), offline]),
    }
}

/// The prompt where it cannot change while a line is typed, such as `erin #bridge (2, 1!) offline> `.
pub(crate) fn prompt_text(status: &Status) -> String {
    let parts = [&*status.place, &*status.state];
    let shown = parts.into_iter().filter(|part| !part.is_empty());
    format!("{}> ", shown.collect::<Vec<_>>().join(" "))
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
    fn prompt_shows_the_conversation_what_is_unread_and_a_link_that_is_not_well() {
        let text = |others, mentions, is_linked| {
            let waiting = Waiting { mentions, others };
            prompt_text(&status(Some("erin"), Some("#bridge"), waiting, is_linked))
        };
        assert_eq!(text(0, 0, true), "erin #bridge> ");
        assert_eq!(text(2, 0, true), "erin #bridge (2)> ");
        assert_eq!(text(0, 1, true), "erin #bridge (1!)> ");
        assert_eq!(text(2, 1, false), "erin #bridge (2, 1!) offline> ");
        let nobody = status(None, None, Waiting::default(), true);
        assert_eq!(prompt_text(&nobody), "> ");
    }

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
