//! How a line looks, by the way it is meant.

use std::borrow::Cow;

use crate::client::Tone;

/// A line in the colour of its tone (ECMA-48 SGR), or as it is.
pub fn styled(tone: Tone, text: &str, in_colour: bool) -> Cow<'_, str> {
    let code = match tone {
        Tone::Receipt => "32",
        Tone::Notice => "2",
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
    fn receipts_are_green_and_plain_where_colour_is_not_wanted() {
        assert_eq!(styled(Tone::Receipt, "✓", true), "\x1b[32m✓\x1b[0m");
        assert_eq!(styled(Tone::Receipt, "✓", false), "✓");
        assert_eq!(styled(Tone::Said, "x", true), "x");
    }
}
