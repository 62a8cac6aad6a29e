//! Reads passwords from a file, from standard input, or from the terminal without echo.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal as _, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;

use anyhow::Context as _;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{self, LocalFlags, SetArg};
use zeroize::Zeroizing;

use super::exit::{Exit, Failure};
use super::output::print_error;
use super::signals::Signal;
use super::streams::{Waiting, without_byte_order_mark};
use crate::client::{PASSWORD_MAX_BYTES, Password};

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK_BYTES: usize = 3;

/// Attempts to type the same password twice.
const TRIES: usize = 3;

/// What comes this soon after a password's end was pasted with it, in milliseconds. Chosen: longer than a terminal pauses
/// within a paste, and sooner than anybody presses a key after Enter.
const PASTE_PAUSE_MS: u8 = 50;

/// Reads the first line of a file; `-` is standard input.
pub fn from_file(path: &Path) -> Result<Password, Failure> {
    let is_input = path == Path::new("-");
    let name = if is_input {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    let line = if is_input {
        first_line(Waiting(io::stdin().lock()))
    } else {
        File::open(path).and_then(|file| first_line(BufReader::new(file)))
    };
    let line = line
        .with_context(|| format!("cannot read the password from {name}"))
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    Password::parse(&line)
        .map_err(|why| Failure::usage(format!("cannot read the password from {name}: {why}")))
}

/// The first line without its end.
fn first_line(mut reader: impl BufRead) -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(PASSWORD_MAX_BYTES + 2));
    // One byte more than allowed, and the line end, show that the line is too long.
    reader
        .by_ref()
        .take((BYTE_ORDER_MARK_BYTES + PASSWORD_MAX_BYTES) as u64 + 2)
        .read_until(b'\n', &mut bytes)?;
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    std::str::from_utf8(line)
        .map(|text| Zeroizing::new(without_byte_order_mark(text).to_owned()))
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Asks twice for a new password, without echo.
pub fn ask_twice(name: &str) -> Result<Password, Failure> {
    if !io::stdin().is_terminal() {
        return Err(
            Failure::usage("there is no terminal to ask for the password")
                .hint("use --password-file FILE, or --password-file - for standard input"),
        );
    }
    for _ in 0..TRIES {
        let first = ask(&format!("password for {name}: "))?;
        let first = match Password::parse(&first) {
            Ok(first) => first,
            Err(why) => {
                print_error(why);
                continue;
            }
        };
        if Password::parse(&ask("repeat password: ")?).as_ref() == Ok(&first) {
            return Ok(first);
        }
        print_error("passwords do not match");
    }
    Err(anyhow::anyhow!("passwords do not match").into())
}

fn ask(question: &str) -> Result<Zeroizing<String>, Failure> {
    match prompt(question) {
        Ok(password) => Ok(Zeroizing::new(password)),
        Err(error) if error.kind() == ErrorKind::Interrupted => Err(Failure::new(
            Exit::Signal(Signal::Interrupt),
            anyhow::anyhow!("interrupted"),
        )),
        Err(error) => {
            // The cursor is still on the line of the question.
            print_error("");
            Err(match error.kind() {
                ErrorKind::UnexpectedEof => anyhow::anyhow!("no password was given"),
                _ => anyhow::Error::new(error).context("cannot ask for the password"),
            }
            .into())
        }
    }
}

/// Asks at the terminal, which must be standard input, without echo. A paste of several lines is taken up to the first end
/// of a line: what follows would answer the next question, or be run as a command.
pub fn prompt(question: &str) -> io::Result<String> {
    let input = io::stdin();
    let found = termios::tcgetattr(&input)?;
    let mut raw = found.clone();
    // As in the prompt, or the rest of the paste would be shown, and could interrupt.
    raw.local_flags
        .remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
    termios::tcsetattr(&input, SetArg::TCSANOW, &raw)?;
    let answer = rpassword::prompt_password(question);
    if answer.is_ok() && has_dropped_rest(&input) {
        // It is said where the question was; a terminal that is gone needs no word.
        let _ = File::options()
            .write(true)
            .open("/dev/tty")
            .and_then(|mut terminal| {
                writeln!(
                    terminal,
                    "only the first line was taken; the rest of the paste was dropped"
                )
            });
    }
    termios::tcsetattr(&input, SetArg::TCSANOW, &found)?;
    answer
}

/// Reads what has been pasted with a line, and says whether there was any text.
fn has_dropped_rest(input: &io::Stdin) -> bool {
    let mut has_text = false;
    let mut bytes = Zeroizing::new([0; 1024]);
    loop {
        let mut waiting = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        if !matches!(
            poll(&mut waiting, PollTimeout::from(PASTE_PAUSE_MS)),
            Ok(1..)
        ) {
            return has_text;
        }
        match nix::unistd::read(input, &mut *bytes) {
            Ok(count @ 1..) => has_text |= !bytes[..count].trim_ascii().is_empty(),
            _ => return has_text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(bytes: &[u8]) -> io::Result<String> {
        first_line(bytes).map(|password| password.to_string())
    }

    #[test]
    fn password_is_the_first_line_without_its_end() {
        assert_eq!(line(b"tea at four\nand more").unwrap(), "tea at four");
        assert_eq!(line(b" spaces stay \r\n").unwrap(), " spaces stay ");
        assert_eq!(line(b"no end").unwrap(), "no end");
        assert_eq!(line(b"two\n\n").unwrap(), "two");
        assert_eq!(
            line("\u{feff}tea at four\r\n".as_bytes()).unwrap(),
            "tea at four"
        );
    }

    #[test]
    fn password_that_is_no_text_is_refused() {
        assert!(line(&[0xff, b'\n']).is_err());
    }

    #[test]
    fn empty_and_endless_passwords_are_refused() {
        let parsed = |bytes: &[u8]| Password::parse(&first_line(bytes).unwrap());
        assert!(parsed(b"").is_err());
        assert!(parsed(b"\n").is_err());
        assert!(parsed(&[b'a'; 5000]).is_err());
        assert!(parsed(&[b'a'; PASSWORD_MAX_BYTES]).is_ok());
    }
}
