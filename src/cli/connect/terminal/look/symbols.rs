//! The program's symbols, and what stands for them where a terminal has none, or nobody sees them.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::client::{Line, Place, Progress, Tone, Who};

/// What stands for a character that the terminal's encoding may not have.
const NOT_SHOWN: &str = "?";

/// What the program writes beside letters, and its form in ASCII.
const IN_ASCII: [(&str, &str); 10] = [
    ("✓", "+"),
    ("●", "*"),
    ("…", "..."),
    ("→", "->"),
    ("–", "-"),
    ("─", "-"),
    ("“", "\""),
    ("”", "\""),
    ("↑", "up"),
    ("↓", "down"),
];

/// Which symbols are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbols {
    Unicode,
    /// For a terminal that is not set to UTF-8. Two bytes of UTF-8 may be a control character there, so that nothing but ASCII
    /// is written.
    Ascii,
    /// Words, as they are read aloud.
    Words,
    /// The same for a terminal that is not set to UTF-8.
    AsciiWords,
}

impl Symbols {
    /// What begins a line of this kind, with the blank after it, and the text without the symbol that it brings along. No
    /// message of a user begins with one: it begins with its time, and only the first row of a line begins at the left.
    pub fn mark(self, line: &Line) -> (&'static str, &str) {
        let (given, mark) = match line.tone {
            Tone::Receipt => ("✓ ", ["✓ ", "+ ", ""]),
            Tone::Event | Tone::Notice => ("● ", ["● ", "* ", "note: "]),
            Tone::Error => ("! ", ["! ", "! ", "error: "]),
            Tone::Said | Tone::Plain => return ("", &line.text),
        };
        let text = line.text.strip_prefix(given);
        let mark = match self {
            _ if text.is_none() && line.tone == Tone::Receipt => "",
            Self::Unicode => mark[0],
            Self::Ascii => mark[1],
            Self::Words | Self::AsciiWords => mark[2],
        };
        (mark, text.unwrap_or(&line.text))
    }

    /// What begins a line of the user's own: how far it has come. A message of somebody else begins with its time.
    pub const fn progress(self, progress: Progress) -> &'static str {
        match (self, progress) {
            (Self::Words | Self::AsciiWords, _) => "",
            (Self::Unicode, Progress::Queued) => "… ",
            (Self::Ascii, Progress::Queued) => ". ",
            (Self::Unicode, Progress::Stored) => "● ",
            (Self::Ascii, Progress::Stored) => "* ",
            (Self::Unicode, Progress::Received) => "✓ ",
            (Self::Ascii, Progress::Received) => "+ ",
            (_, Progress::Failed) => "! ",
        }
    }

    /// What stands before the author of a message that nobody else sees. A name has neither blanks nor brackets.
    pub const fn private(self, place: &Place, who: Option<&Who>) -> &'static str {
        match (self, place, who) {
            (_, _, None) | (_, Place::Room(_) | Place::Everyone | Place::Notes, _) => "",
            (Self::Unicode, ..) => "✉ ",
            (Self::Ascii, ..) => "[private] ",
            (Self::Words | Self::AsciiWords, ..) => "private: ",
        }
    }

    pub fn day(self, name: &str) -> String {
        match self {
            Self::Unicode => format!("── {name} ──"),
            Self::Ascii => format!("-- {name} --"),
            Self::Words | Self::AsciiWords => format!("day: {name}"),
        }
    }

    /// Whether it is read aloud what is written.
    pub const fn is_read_aloud(self) -> bool {
        matches!(self, Self::Words | Self::AsciiWords)
    }

    /// A text as it can be shown.
    pub fn text<'t>(self, text: &'t str) -> Cow<'t, str> {
        let is_utf8 = matches!(self, Self::Unicode | Self::Words);
        if is_utf8 || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let shown = |cluster: &'t str| -> &'t str {
            let known = IN_ASCII.iter().find(|(symbol, _)| *symbol == cluster);
            match known {
                Some((_, ascii)) => ascii,
                None if cluster.is_ascii() => cluster,
                None => NOT_SHOWN,
            }
        };
        Cow::Owned(text.graphemes(true).map(shown).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_program_have_a_mark() {
        for (tone, text, marks) in [
            (Tone::Notice, "bob is online!", ["● ", "* ", "note: "]),
            (Tone::Event, "● stored", ["● ", "* ", "note: "]),
            (Tone::Error, "no such room", ["! ", "! ", "error: "]),
            (Tone::Receipt, "✓ Message received", ["✓ ", "+ ", ""]),
            (Tone::Said, "hi", ["", "", ""]),
        ] {
            let line = Line::of(tone, text);
            let all = [Symbols::Unicode, Symbols::Ascii, Symbols::Words];
            let bare = text.trim_start_matches(['●', '✓', ' ']);
            let expected = marks.map(|mark| (mark, bare));
            assert_eq!(all.map(|symbols| symbols.mark(&line)), expected);
        }
    }

    /// In a terminal that is not set to UTF-8, the second byte of `Û` is a control character: `Û2J` would clear its screen.
    #[test]
    fn nothing_but_ascii_reaches_a_terminal_that_is_not_set_to_utf_8() {
        for symbols in [Symbols::Ascii, Symbols::AsciiWords] {
            let shown = symbols.text("Û2J é 世界 👩\u{200d}👧 “x”… →");
            assert_eq!(shown, "?2J ? ?? ? \"x\"... ->");
        }
        assert_eq!(Symbols::Unicode.text("Û2J"), "Û2J");
    }
}
