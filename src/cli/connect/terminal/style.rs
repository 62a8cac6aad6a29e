//! The mark and colour of a line, by its tone.

use crate::client::{Part, Tone};

/// How a piece of a line is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// What stands before what was said.
    Head(Part),
    /// What is said, in this tone.
    Body(Tone),
    /// A remark of the program behind it.
    Note,
}

/// What stands before a line of this tone, unless its text brings it along. No message of a user begins with one: it begins
/// with its time, and only the first row of a line begins at the left.
pub fn mark(tone: Tone, text: &str) -> Option<&'static str> {
    let mark = match tone {
        Tone::Event | Tone::Notice => "●",
        Tone::Error => "!",
        Tone::Receipt | Tone::Said | Tone::Plain => return None,
    };
    (!text.starts_with(mark)).then_some(mark)
}

/// A piece in its colour (ECMA-48 SGR).
pub fn paint(style: Style, text: &str, in_colour: bool) -> String {
    let code = match style {
        Style::Body(Tone::Receipt) => "32",
        Style::Body(Tone::Event | Tone::Notice) => "2",
        Style::Body(Tone::Error) => "31",
        Style::Body(Tone::Said | Tone::Plain) | Style::Head(_) | Style::Note => "",
    };
    if in_colour && !code.is_empty() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_program_have_a_mark() {
        assert_eq!(mark(Tone::Notice, "bob is online!"), Some("●"));
        assert_eq!(mark(Tone::Notice, "● stored"), None);
        assert_eq!(mark(Tone::Error, "no such room"), Some("!"));
        assert_eq!(mark(Tone::Receipt, "✓ x"), None);
        assert_eq!(mark(Tone::Said, "hi"), None);
    }

    #[test]
    fn receipts_are_green_and_plain_where_colour_is_not_wanted() {
        let receipt = Style::Body(Tone::Receipt);
        assert_eq!(paint(receipt, "✓", true), "\x1b[32m✓\x1b[0m");
        assert_eq!(paint(receipt, "✓", false), "✓");
        assert_eq!(paint(Style::Body(Tone::Said), "x", true), "x");
    }
}
