//! Reads passwords from a file, from standard input, or from the terminal without echo.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal as _, Read, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;

use anyhow::Context as _;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal;
use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use nix::unistd::Pid;
use zeroize::Zeroizing;

use super::exit::{Exit, Failure};
use super::output::print_error;
use super::signals::Signal;
use super::streams::{Waiting, without_byte_order_mark};
use crate::client::{PASSWORD_MAX_BYTES, Password};
use crate::text::enrolment_code::{BadCode, EnrolmentCode};

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK_BYTES: usize = 3;

/// Attempts to type the same password twice.
const TRIES: usize = 3;

/// What comes this soon after a password's end was pasted with it, in milliseconds. Chosen: longer than a terminal pauses
/// within a paste, and sooner than anybody presses a key after Enter.
const PASTE_PAUSE_MS: u8 = 50;

/// Reads the first line of a file; `-` is standard input.
pub fn from_file(path: &Path) -> Result<Password, Failure> {
    read_from(path, "password", |line| {
        Password::parse(line).map_err(|why| why.to_string())
    })
}

/// Reads a code of the operator in the same way.
pub fn code_from_file(path: &Path) -> Result<EnrolmentCode, Failure> {
    read_from(path, "code", |line| {
        line.parse().map_err(|why: BadCode| why.to_string())
    })
}

fn read_from<T>(
    path: &Path,
    what: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Failure> {
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
        .with_context(|| format!("cannot read the {what} from {name}"))
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    parse(&line).map_err(|why| Failure::usage(format!("cannot read the {what} from {name}: {why}")))
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
        let first = match Password::parse_new(&first) {
            Ok(first) => first,
            Err(why) => {
                print_error(why);
                continue;
            }
        };
        if let Some(hint) = first.hint() {
            print_error(hint);
        }
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
///
/// # Errors
/// `Interrupted` after Ctrl-C, `UnexpectedEof` after Ctrl-D, and others where the terminal cannot be read.
pub fn prompt(question: &str) -> io::Result<String> {
    let input = io::stdin();
    let found = termios::tcgetattr(&input)?;
    let mut raw = found.clone();
    // As in the prompt, or the rest of the paste would be shown, and could interrupt.
    raw.local_flags
        .remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
    termios::tcsetattr(&input, SetArg::TCSANOW, &raw)?;
    let keys = Keys {
        question: question.to_owned(),
        found: found.clone(),
        raw,
    };
    let config = rpassword::ConfigBuilder::new().input_reader(keys).build();
    let answer = rpassword::prompt_password_with_config(question, config);
    let is_left = match &answer {
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::Interrupted,
    };
    // A terminal that is gone needs no word.
    if is_left {
        let _ = say("");
    }
    if answer.is_ok() && has_dropped_rest(&input) {
        let _ = say("only the first line was taken; the rest of the paste was dropped");
    }
    termios::tcsetattr(&input, SetArg::TCSANOW, &found)?;
    answer
}

/// Writes where the question was.
fn say(line: &str) -> io::Result<()> {
    let mut terminal = File::options().write(true).open("/dev/tty")?;
    writeln!(terminal, "{line}")
}

/// The keys that are pressed at a question for a password. Ctrl-Z stops the program, and afterwards the question is asked
/// again; what was typed of the answer stays.
struct Keys {
    question: String,
    found: Termios,
    raw: Termios,
}

impl Keys {
    fn stop(&self) -> io::Result<()> {
        let input = io::stdin();
        // For a shell that does not set the modes itself.
        let mut sane = self.found.clone();
        sane.local_flags
            .insert(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        termios::tcsetattr(&input, SetArg::TCSANOW, &sane)?;
        // The whole job, as the terminal does it.
        signal::kill(Pid::from_raw(0), signal::Signal::SIGTSTP)?;
        termios::tcsetattr(&input, SetArg::TCSANOW, &self.raw)?;
        let mut terminal = File::options().write(true).open("/dev/tty")?;
        write!(terminal, "{}", self.question)
    }
}

impl Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const CTRL_Z: u8 = 0x1a;
        loop {
            match nix::unistd::read(io::stdin(), buffer) {
                Ok(0) => return Err(ErrorKind::BrokenPipe.into()),
                Ok(1) if buffer[0] == CTRL_Z => self.stop()?,
                Ok(count) => return Ok(count),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
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
