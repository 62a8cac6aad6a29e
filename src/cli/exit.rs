//! Exit codes, and errors with a code and a hint.

use std::fmt;
use std::io::{self, ErrorKind};
use std::process::ExitCode;

use super::output::one_line;
use super::signals::Signal;
use crate::server::{NameError, RoomNameError};
use crate::store::{NewFileError, OpenError};
use crate::text::system_error::without_numbers;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Success,
    Failure,
    /// The command line, or a file that is read for it, is wrong.
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
            "The command line, a file that is read for it (settings, password, backup), or a line of a script is wrong.",
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

    /// The one that has this code; of those that udpchat does not give, a failure.
    pub fn of_code(code: u8) -> Self {
        let mut all = Self::ALL.into_iter().map(|(exit, _)| exit);
        all.find(|exit| exit.code() == code)
            .unwrap_or(Self::Failure)
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

    /// The same with what was being done, or where, before it.
    pub fn context(mut self, context: String) -> Self {
        self.error = self.error.context(context);
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// An error, or the context of one, that has an exit code of its own.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct Coded {
    pub exit: Exit,
    pub text: String,
}

impl Coded {
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { exit, text }
    }
}

/// The exit code of an error, wherever what decides it stands in the chain. A path that leads through a file or is too long
/// is a mistake of the command line; a file that is not there, or cannot be written, may be right another time.
fn exit_of(error: &anyhow::Error) -> Exit {
    if let Some(coded) = error.downcast_ref::<Coded>() {
        return coded.exit;
    }
    let is_wrong_path =
        |kind| matches!(kind, ErrorKind::NotADirectory | ErrorKind::InvalidFilename);
    let is_wrong = error.chain().any(|cause| {
        let own = cause.downcast_ref::<OpenError>();
        cause.is::<NameError>()
            || cause.is::<RoomNameError>()
            || matches!(own, Some(OpenError::NotADirectory { .. }))
            || own
                .and_then(OpenError::cause)
                .or_else(|| cause.downcast_ref().and_then(NewFileError::cause))
                .is_some_and(|cause| is_wrong_path(cause.kind()))
            || cause
                .downcast_ref()
                .is_some_and(|cause: &io::Error| is_wrong_path(cause.kind()))
    });
    if is_wrong { Exit::Usage } else { Exit::Failure }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(exit_of(&error), error)
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
        let text = format!("{:#}", self.error);
        f.write_str(&one_line(&without_numbers(&text)))?;
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
        let lost = Coded::new(Exit::Unreachable, "the server did not answer");
        let error = anyhow::anyhow!("timed out").context(lost);
        let failure = Failure::from(error.context("cannot add bob"));
        assert_eq!(failure.exit, Exit::Unreachable);
        assert_eq!(
            failure.to_string(),
            "cannot add bob: the server did not answer: timed out"
        );
    }

    #[test]
    fn mistake_on_the_command_line_is_one_wherever_it_is_noticed() {
        let code = |error: anyhow::Error| Failure::from(error.context("cannot do it")).exit.code();
        assert_eq!(code(NameError::Empty.into()), 2);
        assert_eq!(code(RoomNameError::NoSign.into()), 2);
        assert_eq!(
            code(Coded::new(Exit::NoRecipient, "no such user").into()),
            5
        );
        for (kind, expected) in [
            (ErrorKind::NotADirectory, 2),
            (ErrorKind::InvalidFilename, 2),
            (ErrorKind::NotFound, 1),
            (ErrorKind::PermissionDenied, 1),
            (ErrorKind::StorageFull, 1),
        ] {
            assert_eq!(code(io::Error::from(kind).into()), expected, "{kind}");
            let (path, cause) = ("x".into(), kind.into());
            let making = OpenError::MakeDirectory { path, cause };
            assert_eq!(code(making.into()), expected, "{kind}");
        }
    }

    #[test]
    fn code_names_its_exit() {
        for (exit, _) in Exit::ALL {
            assert_eq!(Exit::of_code(exit.code()), exit);
        }
        assert_eq!(Exit::of_code(77), Exit::Failure);
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
