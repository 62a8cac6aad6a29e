//! What a terminal marks as pasted (bracketed paste), key by key.

use std::time::Instant;

use rustyline::{KeyCode, KeyEvent, Modifiers};

/// The longest line, with what is pasted into it. Chosen: twice the longest text that a message carries; the editor draws
/// the whole line after each key, and counts at most 65,535 rows.
pub const DRAFT_MAX_BYTES: usize = 32 * 1024;

/// Stands for a sequence of which the editor has read at least the beginning.
const ESCAPE: char = '\x1b';

/// A paste whose end has not come.
pub struct Paste {
    text: String,
    is_too_long: bool,
    /// Within a title, a link or another string for the terminal.
    is_in_string: bool,
    pub last_key_at: Instant,
}

impl Paste {
    pub fn begin(now: Instant) -> Self {
        Self {
            text: String::new(),
            is_too_long: false,
            is_in_string: false,
            last_key_at: now,
        }
    }

    pub fn push(&mut self, key: KeyEvent, draft_bytes: usize) {
        if begins_string(key) {
            self.is_in_string = true;
        }
        let character = pasted(key);
        if self.is_in_string {
            // A string has one line. Without its end, the next line is text again.
            let is_line_end = matches!(character, Some('\r' | '\n'));
            self.is_in_string = !is_line_end && !ends_string(key);
            if !is_line_end {
                return;
            }
        }
        let Some(character) = character else {
            return;
        };
        if draft_bytes + self.text.len() + character.len_utf8() > DRAFT_MAX_BYTES {
            self.is_too_long = true;
        } else {
            self.text.push(character);
        }
    }

    /// What is inserted.
    ///
    /// # Errors
    /// Why the paste is left out.
    pub fn finish(self) -> Result<String, String> {
        if self.is_too_long {
            return Err(format!("a line has at most {DRAFT_MAX_BYTES} bytes"));
        }
        let text = without_sequences(&self.text)
            .ok_or("its text cannot be told from its escape sequences")?;
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let lines = text.trim_end_matches('\n');
        // The next paste begins in a line of its own.
        let end = if lines.len() < text.len() { "\n" } else { "" };
        Ok(format!("{lines}{end}"))
    }
}

/// The character of a pasted key. Control characters have none.
fn pasted(key: KeyEvent) -> Option<char> {
    match key {
        KeyEvent(KeyCode::Enter, Modifiers::NONE) => Some('\r'),
        KeyEvent(KeyCode::Tab, Modifiers::NONE) => Some('\t'),
        // Line feed, vertical tab, form feed; line and paragraph separator.
        KeyEvent(KeyCode::Char('J' | 'K' | 'L'), Modifiers::CTRL)
        | KeyEvent(KeyCode::Char('\u{2028}' | '\u{2029}'), Modifiers::NONE) => Some('\n'),
        KeyEvent(KeyCode::Char(character), Modifiers::NONE) => Some(character),
        KeyEvent(KeyCode::UnknownEscSeq, _) => Some(ESCAPE),
        _ => None,
    }
}

/// OSC, DCS, SOS, PM and APC (ECMA-48, section 5.6), which go on after their first two characters.
fn begins_string(key: KeyEvent) -> bool {
    matches!(key, KeyEvent(KeyCode::Char(']' | 'P' | 'X' | '^' | '_'), modifiers) if modifiers.contains(Modifiers::ALT))
}

/// ST, or BEL as xterm has it.
fn ends_string(key: KeyEvent) -> bool {
    match key {
        KeyEvent(KeyCode::Char('\\'), modifiers) => modifiers.contains(Modifiers::ALT),
        KeyEvent(KeyCode::Char('G'), modifiers) => modifiers.contains(Modifiers::CTRL),
        _ => false,
    }
}

/// The text without its control sequences (CSI), or nothing where it cannot be told from them: of some the editor leaves the
/// end, such as `m` of `ESC [ 0 m`, and it does not say of which.
fn without_sequences(text: &str) -> Option<String> {
    let mut pieces = text.split(ESCAPE);
    let mut plain = pieces.next()?.to_owned();
    for piece in pieces {
        let behind = piece.trim_start_matches(|digit: char| matches!(digit, '0'..=':' | ';'));
        let has_parameters = behind.len() < piece.len();
        match behind.strip_prefix('m') {
            // The end of a colour.
            Some(rest) if has_parameters || !rest.starts_with(char::is_alphanumeric) => {
                plain.push_str(rest);
            }
            Some(_) => return None,
            // A number in colour, or the end of another sequence.
            None if has_parameters && behind.starts_with(char::is_alphabetic) => return None,
            None => plain.push_str(piece),
        }
    }
    Some(plain)
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the time of a key does not matter here"
)]
mod tests {
    use super::*;

    fn key(character: char, modifiers: Modifiers) -> KeyEvent {
        KeyEvent::new(character, modifiers)
    }

    #[test]
    fn string_for_the_terminal_is_left_out_whole() {
        let mut paste = Paste::begin(Instant::now());
        let mut push = |character, modifiers| paste.push(key(character, modifiers), 0);
        for (text, end) in [
            ("0;title", ('\x07', Modifiers::NONE)),
            ("8;;x", ('\\', Modifiers::ALT)),
        ] {
            push('a', Modifiers::NONE);
            push(']', Modifiers::ALT);
            text.chars()
                .for_each(|character| push(character, Modifiers::NONE));
            push(end.0, end.1);
            push('b', Modifiers::NONE);
        }
        // One without an end.
        push('P', Modifiers::ALT);
        "q\nc"
            .chars()
            .for_each(|character| push(character, Modifiers::NONE));
        assert_eq!(paste.finish().as_deref(), Ok("abab\nc"));
    }

    #[test]
    fn control_sequence_is_left_out_or_the_whole_paste() {
        for (rest, plain) in [
            ("\x1bred\x1bm", Some("red")),
            ("\x1b1;31mred\x1bm and", Some("red and")),
            ("\x1b42\x1bm", Some("42")),
            ("\x1b\x1b196mred", Some("red")),
            ("see \x1bm\n\x1bgreen\x1b", Some("see \ngreen")),
            // "more" in red, or "ore" in the usual colour.
            ("\x1bmore", None),
            // The cursor is hidden, or it is the number of a flat.
            ("\x1b25l", None),
        ] {
            assert_eq!(without_sequences(rest).as_deref(), plain, "{rest:?}");
        }
    }

    #[test]
    fn one_newline_stays_at_the_end() {
        for (text, inserted) in [
            ("a\r\n", "a\n"),
            ("a\n\n\r", "a\n"),
            ("a", "a"),
            ("\n", "\n"),
            ("", ""),
        ] {
            let mut paste = Paste::begin(Instant::now());
            for character in text.chars() {
                paste.push(key(character, Modifiers::NONE), 0);
            }
            assert_eq!(paste.finish().as_deref(), Ok(inserted), "{text:?}");
        }
    }
}
