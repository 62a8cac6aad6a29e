//! What others wrote, made harmless for a terminal.
//!
//! A name or a text may hold escape sequences that move the cursor, characters that turn the reading direction
//! round, or ones that cannot be seen at all. Every line that a client shows, and everything of a peer's that a
//! server logs, passes through here, once.

use std::borrow::Cow;

/// What stands where a line break or a tab stood.
const BLANK: char = ' ';

/// The line without anything that a terminal would obey or a reader could not see.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_escape(&mut rest),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => clean.push(BLANK),
            other if is_plain(other) => clean.push(other),
            '\u{200c}' | '\u{200d}' if joins(&clean, rest.peek()) => clean.push(character),
            _ => {}
        }
    }
    Cow::Owned(clean)
}

/// Leaves out what belongs to an escape sequence whose first character has been read (ECMA-48 §5.4).
fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            while let Some(&character) = rest.peek() {
                if !('\u{20}'..='\u{7e}').contains(&character) {
                    return;
                }
                rest.next();
                if ('\u{40}'..='\u{7e}').contains(&character) {
                    return;
                }
            }
        }
        Some(']' | 'P' | '^' | '_' | 'X') => {
            // A string, up to BEL or ST. Without an end only the introducer goes: the text stays readable.
            let mut ahead = rest.clone();
            ahead.next();
            while let Some(character) = ahead.next() {
                if character == '\u{7}' || (character == '\u{1b}' && ahead.next() == Some('\\')) {
                    *rest = ahead;
                    return;
                }
            }
            rest.next();
        }
        _ => {}
    }
}

/// Whether a joiner or non-joiner stands between two characters that it can mean something to: Persian, Indic
/// scripts and many emoji are spelt with them. Anywhere else it only hides.
fn joins(before: &str, after: Option<&char>) -> bool {
    let is_joined = |character: char| !character.is_ascii() && is_plain(character);
    before.chars().next_back().is_some_and(is_joined) && after.is_some_and(|&next| is_joined(next))
}

/// Whether a character may reach the terminal as it is.
fn is_plain(character: char) -> bool {
    !(character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert!(matches!(
            line("tea at four? ☕ Grüße, 世界"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn escape_sequences_are_left_out_whole() {
        assert_eq!(line("a\u{1b}[31;1mred\u{1b}[0mb"), "aredb");
        assert_eq!(line("a\u{1b}]0;title\u{7}b"), "ab");
        assert_eq!(line("a\u{1b}]0;no end"), "a0;no end");
        assert_eq!(line("\u{9b}31mx"), "31mx");
    }

    #[test]
    fn direction_marks_and_invisible_characters_are_left_out() {
        assert_eq!(line("al\u{202e}ice\u{200b}\u{feff}"), "alice");
    }

    /// A family of emoji came apart into its members, and Persian words lost their spelling, since joiners were
    /// taken for invisible characters like any other.
    #[test]
    fn joiners_stay_where_they_spell_something_and_only_there() {
        for text in ["👩\u{200d}👧", "می\u{200c}خواهم"] {
            assert_eq!(line(text), text);
        }
        assert_eq!(line("bo\u{200d}b\u{200c} \u{200d}"), "bob ");
        assert_eq!(line("é\u{200d}\u{200d}é\u{200d}"), "é\u{200d}é");
    }

    #[test]
    fn line_breaks_become_blanks() {
        assert_eq!(line("one\r\ntwo\tthree"), "one two three");
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_is_left(text: String) {
            let is_joiner = |character| matches!(character, '\u{200c}' | '\u{200d}');
            prop_assert!(line(&text).chars().all(|c| is_plain(c) || is_joiner(c)));
        }
    }
}
