//! Exit codes, and errors with a code and a hint.

use std::fmt;
use std::io;
use std::process::ExitCode;

use super::output::one_line;
use super::signals::Signal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Success,
    Failure,
    /// The command line, or a file that it names, is wrong.
    Usage,
    /// The server could not be reached.
    Unreachable,
    /// The sign-in, or the server's key, was refused.
    Refused,
    /// There is no such recipient, or this user may not write to it.
    NoRecipient,
    /// It was not confirmed in time, and still may be reached.
    Unconfirmed,
    /// Ended by a signal: 128 and its number, as in shells.
    Signal(Signal),
    /// The exit code of a plugin.
    Plugin(u8),
}

impl Exit {
    /// All but a plugin's, with the text of the manual.
    pub const ALL: [(Self, &'static str); 10] = [
        (
            Self::Success,
            "What was asked for was reached. A message is reached when the server has stored it.",
        ),
        (
            Self::Failure,
            "Failure. Output that cannot be written is one; a closed pipe is not.",
        ),
        (
            Self::Usage,
            "The command line, a file that it names, or a line of a script is wrong.",
        ),
        (
            Self::Unreachable,
            "The server could not be reached, or did not answer.",
        ),
        (
            Self::Refused,
            "The sign-in was refused, or the server's key is not the known one.",
        ),
        (
            Self::NoRecipient,
            "There is no such user or room, or you may not write to it.",
        ),
        (
            Self::Unconfirmed,
            "Not confirmed in time: standard error names the messages that are only queued and will be sent at \
             the next sign-in. Do not send them again.",
        ),
        (
            Self::Signal(Signal::Hangup),
            "Ended by SIGHUP: the terminal was closed.",
        ),
        (
            Self::Signal(Signal::Interrupt),
            "Ended by SIGINT or Ctrl-C.",
        ),
        (Self::Signal(Signal::Terminate), "Ended by SIGTERM."),
    ];

    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Refused => 4,
            Self::NoRecipient => 5,
            Self::Unconfirmed => 6,
            Self::Signal(signal) => 128 + signal.number(),
            Self::Plugin(code) => code,
        }
    }

    /// This, unless it is milder than the other: success, or only not confirmed yet.
    pub const fn or(self, other: Self) -> Self {
        match self {
            Self::Success | Self::Unconfirmed => other,
            exit => exit,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// The operation that failed, and the reason.
    pub error: anyhow::Error,
    /// Further lines.
    pub more: Vec<String>,
    /// The next step for the user.
    pub hint: Option<String>,
}

impl Failure {
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
            more: Vec::new(),
            hint: None,
        }
    }

    /// A failure with a text of several lines.
    pub fn described(exit: Exit, text: &str) -> Self {
        let mut lines = text.lines().map(str::to_owned);
        let first = lines.next().unwrap_or_default();
        Self {
            more: lines.collect(),
            ..Self::new(exit, anyhow::anyhow!("{first}"))
        }
    }

    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, anyhow::anyhow!("{message}"))
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A running server that does not answer, wherever it stands in a chain of errors: [`Exit::Unreachable`].
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the server {0}")]
pub struct Unanswered(pub &'static str);

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let exit = match error.downcast_ref::<Unanswered>() {
            Some(_) => Exit::Unreachable,
            None => Exit::Failure,
        };
        Self::new(exit, error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

impl fmt::Display for Failure {
    /// The whole chain on one line, further lines, and the hint. They can contain paths and texts of a server.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&format!("{:#}", self.error)))?;
        for line in &self.more {
            write!(f, "\n{}", one_line(line))?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {}", one_line(hint)),
            None => Ok(()),
        }
    }
}

pub type Outcome = Result<Exit, Failure>;

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn failure_shows_its_chain_and_the_next_step() {
        let error = Err::<(), _>(anyhow::anyhow!("permission denied"))
            .context("cannot open x")
            .unwrap_err();
        let failure = Failure::from(error).hint("make it yours");
        assert_eq!(
            failure.to_string(),
            "cannot open x: permission denied\nhint: make it yours"
        );
        assert_eq!(failure.exit, Exit::Failure);
    }

    #[test]
    fn server_that_does_not_answer_is_unreachable_whatever_was_asked() {
        let error = anyhow::anyhow!("timed out").context(Unanswered("did not answer"));
        let failure = Failure::from(error.context("cannot add bob"));
        assert_eq!(failure.exit, Exit::Unreachable);
        assert_eq!(
            failure.to_string(),
            "cannot add bob: the server did not answer: timed out"
        );
    }

    #[test]
    fn described_failure_keeps_its_lines_and_no_command_in_them() {
        let text = "the key has changed\n  it was a\u{1b}[2J\nhint: ask";
        assert_eq!(
            Failure::described(Exit::Refused, text).to_string(),
            "the key has changed\n  it was a\\u{1b}[2J\nhint: ask"
        );
    }

    #[test]
    fn nothing_in_a_failure_commands_the_terminal() {
        let failure = Failure::from(anyhow::anyhow!(
            "the server says \u{1b}[2J\nudpchat: all is well"
        ));
        assert_eq!(
            failure.to_string(),
            "the server says \\u{1b}[2J\\nudpchat: all is well"
        );
    }

    #[test]
    fn codes_are_those_of_the_manual() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 129, 130, 143]);
    }
}
