//! Prints the output of subcommands, and keeps text of others on one line.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Context as _;
use serde::Serialize;

use crate::text::printable;

/// Prints text with its line ends.
pub fn print(text: impl AsRef<[u8]>) {
    let mut output = io::stdout().lock();
    // A closed output is no reason to fail.
    let _ = output
        .write_all(text.as_ref())
        .and_then(|()| output.flush());
}

/// Prints a value as one line of JSON.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string(value).context("cannot write JSON")?;
    print(json + "\n");
    Ok(())
}

/// The longest line of a log or of an error; the rest is cut off. Chosen: twice the statistics of a session.
pub const LINE_MAX_BYTES: usize = 2048;

/// The text on one line, with control characters escaped and without invisible characters.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
            // Writing to a string cannot fail.
            let _ = write!(line, "{}", character.escape_default());
        } else {
            line.push(character);
        }
        if line.len() > LINE_MAX_BYTES {
            line.push('…');
            break;
        }
    }
    printable::line(&line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let text = "erin: Grüße, 世界 \"\\n\"";
        assert_eq!(one_line(text), text);
    }
}
