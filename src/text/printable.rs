//! What others wrote, made harmless for a terminal and for a log.
//!
//! A name or a text may hold escape sequences that move the cursor, characters that turn the reading direction round,
//! ones that cannot be seen at all, or a thousand marks on one letter. Every line that a client shows, and everything of
//! a peer's that a server logs, passes through here, once.
//!
//! Unicode's properties decide ([`super::unicode`]). Joiners and variation selectors cannot be seen either, and stay where
//! real words and emoji are spelt with them: what they may follow is that of RFC 5892 (appendix A), UAX 31 and UTS 51.

use std::borrow::Cow;
use std::str::Chars;

use icu_properties::props::JoiningType;

use super::unicode::{self, JOINERS, Kind, ZERO_WIDTH_JOINER};

/// How many marks may stand on one character; further ones are left out. Chosen: the tallest stack that is written, a
/// Tibetan syllable of mantras, has eight.
pub const MARKS_MAX: usize = 8;

/// How many blanks may follow each other; further ones are left out. Chosen: two stand between sentences, and a third
/// only moves what follows to where it seems to be something else.
pub const BLANKS_MAX: usize = 2;

/// What stands where a line break or a tab stood.
const BLANK: char = ' ';

/// What stands for a character that nobody knows: something is there.
const UNKNOWN: char = char::REPLACEMENT_CHARACTER;

/// What is shown for a text in which nothing can be seen.
pub const NOTHING_VISIBLE: &str = "(nothing visible)";

/// A flag of part of a country is a black one with its name behind it in letters that are not seen.
const BLACK_FLAG: char = '\u{1f3f4}';

/// The names behind [`BLACK_FLAG`] that UTS 51 recommends (RGI), all there have been since 2017: England, Scotland, Wales.
const FLAGS: [&str; 3] = [
    "\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];

/// The text as one line, without anything that a terminal would obey or a reader could not see, and without long runs
/// of blanks.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut line = Line::with_capacity(text.len());
    let mut rest = text.chars();
    let mut escapes = Escapes { has_end: true };
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => escapes.skip(&mut rest),
            '\r' if rest.as_str().starts_with('\n') => {}
            BLACK_FLAG => {
                line.push(character);
                let follows = |flag: &&&str| rest.as_str().starts_with(**flag);
                if let Some(flag) = FLAGS.iter().find(follows) {
                    line.push_flag(flag);
                    rest = rest.as_str()[flag.len()..].chars();
                }
            }
            other if other.is_control() && other.is_whitespace() => line.push(BLANK),
            '\u{2028}' | '\u{2029}' => line.push(BLANK),
            other => line.push(other),
        }
    }
    let clean = line.finish();
    if clean == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(clean)
    }
}

/// The text as one line, or a word that says that nothing can be seen in it.
#[must_use]
pub fn line_or_nothing(text: &str) -> Cow<'_, str> {
    let line = line(text);
    if line.chars().all(unicode::is_blank) {
        Cow::Borrowed(NOTHING_VISIBLE)
    } else {
        line
    }
}

/// Whether there is nothing in a text that can be seen.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    line(text).chars().all(unicode::is_blank)
}

/// What most lines are: printable ASCII without a long run of blanks, which is shown as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.contains("   ")
}

/// A line as it grows, and what it ends in.
struct Line {
    text: String,
    /// The last character that is no mark, and the last of all.
    base: Option<char>,
    last: Option<char>,
    marks: usize,
    blanks: usize,
    /// Whether it ends in a picture, which a joiner may join to another.
    is_emoji: bool,
    /// What waits for the character behind it, which decides whether it stays.
    shaping: Option<char>,
}

impl Line {
    fn with_capacity(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            base: None,
            last: None,
            marks: 0,
            blanks: 0,
            is_emoji: false,
            shaping: None,
        }
    }

    fn push(&mut self, character: char) {
        let kind = unicode::kind(character);
        match kind {
            Kind::Hidden => return,
            Kind::Shaping => {
                self.settle(Some(character));
                self.shaping = Some(character);
                return;
            }
            Kind::Blank if self.blanks >= BLANKS_MAX => return,
            Kind::Mark if self.marks >= MARKS_MAX => return,
            _ => {}
        }
        let character = if kind == Kind::Unknown {
            UNKNOWN
        } else {
            character
        };
        self.settle(Some(character));
        self.text.push(character);
        self.last = Some(character);
        if kind == Kind::Mark {
            self.marks += 1;
        } else {
            self.base = Some(character);
            self.marks = 0;
        }
        self.blanks = if kind == Kind::Blank {
            self.blanks + 1
        } else {
            0
        };
        let is_toned = self.is_emoji && unicode::is_skin_tone(character);
        self.is_emoji = unicode::is_pictograph(character) || is_toned;
    }

    /// The name of the flag that was pushed last.
    fn push_flag(&mut self, name: &str) {
        self.text.push_str(name);
        self.last = name.chars().next_back();
    }

    /// Decides on what has waited for the next character, which is known now.
    fn settle(&mut self, next: Option<char>) {
        let Some(shaping) = self.shaping.take() else {
            return;
        };
        let stays = if JOINERS.contains(&shaping) {
            self.may_join(shaping, next)
        } else {
            let has_variant = |last| unicode::has_variant(last, shaping, next);
            self.last.is_some_and(has_variant)
        };
        if stays {
            self.text.push(shaping);
            self.last = Some(shaping);
        }
    }

    /// Whether a joiner or non-joiner stands where it can mean something. Anywhere else it only hides. Each reason holds
    /// by itself and needs only what stays, so that what stays once would stay again.
    fn may_join(&self, joiner: char, next: Option<char>) -> bool {
        if self.last.is_some_and(|last| JOINERS.contains(&last)) {
            return false;
        }
        // Conjuncts, in both orders: that of most scripts, and that of the Bengali and Kannada `r` before a `y`.
        let is_after_virama = self.last.is_some_and(unicode::is_virama);
        let is_before_virama = next.is_some_and(|next| {
            let same_script = |base| unicode::script(base) == unicode::script(next);
            unicode::is_virama(next) && self.base.is_some_and(same_script)
        });
        let before = self.base.map_or(JoiningType::NonJoining, unicode::joining);
        let after = next.map_or(JoiningType::NonJoining, unicode::joining);
        let is_shaped = if joiner == ZERO_WIDTH_JOINER {
            let is_picture = self.is_emoji && next.is_some_and(unicode::is_pictograph);
            let to_next = [JoiningType::DualJoining, JoiningType::LeftJoining].contains(&before);
            let from_last = [JoiningType::DualJoining, JoiningType::RightJoining].contains(&after);
            is_picture || to_next || from_last
        } else {
            unicode::is_cursive(before) && unicode::is_cursive(after)
        };
        is_after_virama || is_before_virama || is_shaped
    }

    fn finish(mut self) -> String {
        self.settle(None);
        self.text
    }
}

/// Leaves out what belongs to an escape sequence whose first character has been read (ECMA-48 §5.4).
struct Escapes {
    /// Whether the end of a string may still come: it is looked for in vain once, not once for each beginning.
    has_end: bool,
}

impl Escapes {
    fn skip(&mut self, rest: &mut Chars<'_>) {
        let text = rest.as_str();
        let length = match text.bytes().next() {
            Some(b'[') => {
                let inside = |byte: &u8| matches!(byte, b' '..=b'?');
                let parameters = text.bytes().skip(1).take_while(inside).count();
                let is_final = text.as_bytes().get(1 + parameters);
                1 + parameters
                    + usize::from(is_final.is_some_and(|byte| matches!(byte, b'@'..=b'~')))
            }
            // A string, up to BEL or ST. Without an end only the introducer goes: the text stays readable.
            Some(b']' | b'P' | b'^' | b'_' | b'X') => self.string_end(text).unwrap_or(1),
            _ => 0,
        };
        *rest = text[length..].chars();
    }

    fn string_end(&mut self, text: &str) -> Option<usize> {
        if !self.has_end {
            return None;
        }
        // One pass up to the first end, which the string then takes: a search for each kind of end would go through the
        // whole text again and again, where there are ends of one kind only.
        let bytes = text.as_bytes();
        let end = bytes.iter().enumerate().find_map(|(at, byte)| match byte {
            0x07 => Some(at + 1),
            0x1b if bytes.get(at + 1) == Some(&b'\\') => Some(at + 2),
            _ => None,
        });
        self.has_end = end.is_some();
        end
    }
}

#[cfg(test)]
mod tests;
