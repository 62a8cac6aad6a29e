//! Prints the output of subcommands, and keeps text of others on one line.
//!
//! As in the programs of coreutils, output that cannot be written does not stop a subcommand: it is remembered, and the
//! program's end reports it and fails. A closed pipe is no error, because its reader has stopped reading.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use serde::Serialize;

use super::streams;
use crate::text::printable;

/// The first error of the outputs.
static LOST: Mutex<Option<anyhow::Error>> = Mutex::new(None);

/// Prints text with its line ends.
pub fn print(text: impl AsRef<[u8]>) {
    write(io::stdout(), "standard output", text.as_ref());
}

/// Prints a line on standard error.
pub fn print_error(line: impl fmt::Display) {
    write(
        io::stderr(),
        "standard error",
        format!("{line}\n").as_bytes(),
    );
}

/// Writes everything, and remembers if it cannot.
pub fn write(output: impl AsFd, name: &str, text: &[u8]) {
    match streams::write_all(output, text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => lose(name, error),
        _ => {}
    }
}

/// Remembers that something could not be written.
pub fn lose(name: &str, error: impl Into<anyhow::Error>) {
    let mut lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
    lost.get_or_insert_with(|| error.into().context(format!("cannot write {name}")));
}

/// The first error of the outputs, if there was one; it is taken.
pub fn take_lost() -> Option<anyhow::Error> {
    LOST.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Prints a value as one line of JSON.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string(value).context("cannot write JSON")?;
    print(json + "\n");
    Ok(())
}

/// The longest line of a log or of an error; of a longer one the middle is left out, because its end is often the reason.
/// Chosen: twice the statistics of a session.
pub const LINE_MAX_BYTES: usize = 2048;

/// The text on one line, with control characters escaped and without invisible characters.
pub fn one_line(text: &str) -> String {
    let text = without_middle(text);
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
            // Writing to a string cannot fail.
            let _ = write!(line, "{}", character.escape_default());
        } else {
            line.push(character);
        }
    }
    printable::line(&without_middle(&line)).into_owned()
}

fn without_middle(text: &str) -> Cow<'_, str> {
    const HALF: usize = LINE_MAX_BYTES / 2;
    if text.len() <= LINE_MAX_BYTES {
        return text.into();
    }
    let head = text.floor_char_boundary(HALF);
    let tail = text.ceil_char_boundary(text.len() - HALF);
    format!("{}…{}", &text[..head], &text[tail..]).into()
}

/// A path on one line, as it is told to a user.
pub fn shown(path: &Path) -> String {
    one_line(&path.display().to_string())
}

/// Characters of a wrong argument that are shown. Chosen: more than any right one but a path has.
const TYPED_MAX_CHARS: usize = 200;

/// What somebody typed, on one line and not too long, for an error.
pub fn typed(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(TYPED_MAX_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The same in quotation marks.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", typed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let text = "erin: Grüße, 世界 \"\\n\"";
        assert_eq!(one_line(text), text);
    }

    #[test]
    fn long_line_keeps_its_end_which_is_often_the_reason() {
        for sign in ["x", "\u{1}", "é"] {
            let line = one_line(&format!("cannot read {}: not found", sign.repeat(5000)));
            assert!(line.starts_with("cannot read") && line.ends_with(": not found"));
            assert!(line.len() < LINE_MAX_BYTES + 16, "{}", line.len());
        }
    }
}
