//! Asks for a password.

use std::io::{self, ErrorKind, Write as _};

use super::interrupt::PasswordInterrupt;
use crate::cli::password;
use crate::client::Input;

/// Asks at the terminal; Ctrl-C and Ctrl-D give the question up.
pub fn ask(question: &str, gate: &PasswordInterrupt) -> Input {
    gate.open();
    let answer = password::prompt(question);
    let was_interrupted = answer
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::Interrupted);
    gate.close(was_interrupted);
    let error = match answer {
        Ok(password) => return Input::Line(password),
        Err(_) if was_interrupted => return Input::Cancelled,
        Err(error) => error,
    };
    // The cursor is still on the line of the question. If the terminal is gone, the next question ends.
    let _ = writeln!(io::stdout());
    match error.kind() {
        ErrorKind::UnexpectedEof => Input::Cancelled,
        ErrorKind::BrokenPipe => Input::EndOfInput,
        _ if error.raw_os_error() == Some(nix::libc::EIO) => Input::EndOfInput,
        _ => Input::Broken(format!("cannot ask for the password: {error}")),
    }
}
