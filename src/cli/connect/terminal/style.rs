//! The mark and colour of a line, by its tone.

use std::borrow::Cow;

use crate::client::Tone;

/// A line with the mark of its tone. No message of a user begins with one: it begins with its time, and only the first row
/// of a line begins at the left.
pub fn marked(tone: Tone, text: &str) -> Cow<'_, str> {
    let mark = match tone {
        Tone::Event | Tone::Notice => "●",
        Tone::Error => "!",
        Tone::Receipt | Tone::Said | Tone::Plain => return Cow::Borrowed(text),
    };
    if text.starts_with(mark) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{mark} {text}"))
    }
}

/// A line in the colour of its tone (ECMA-48 SGR).
pub fn styled(tone: Tone, text: &str, in_colour: bool) -> Cow<'_, str> {
    let code = match tone {
        Tone::Receipt => "32",
        Tone::Event | Tone::Notice => "2",
        Tone::Error => "31",
        Tone::Said | Tone::Plain => "",
    };
    if in_colour && !code.is_empty() {
        Cow::Owned(format!("\x1b[{code}m{text}\x1b[0m"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_program_have_a_mark() {
        assert_eq!(marked(Tone::Notice, "bob is online!"), "● bob is online!");
        assert_eq!(marked(Tone::Notice, "● stored"), "● stored");
        assert_eq!(marked(Tone::Error, "no such room"), "! no such room");
        assert_eq!(marked(Tone::Receipt, "✓ x"), "✓ x");
        assert_eq!(marked(Tone::Said, "14:02 bob: hi"), "14:02 bob: hi");
    }

    #[test]
    fn receipts_are_green_and_plain_where_colour_is_not_wanted() {
        assert_eq!(styled(Tone::Receipt, "✓", true), "\x1b[32m✓\x1b[0m");
        assert_eq!(styled(Tone::Receipt, "✓", false), "✓");
        assert_eq!(styled(Tone::Said, "x", true), "x");
    }
}
