//! Makes untrusted text harmless for a terminal and a log.
//!
//! A name or a text may contain escape sequences that move the cursor, characters that reverse the reading direction,
//! invisible ones, or a thousand marks on one letter. Every line that a client shows, and everything from a peer that
//! a server logs, passes through here once.
//!
//! Unicode properties decide ([`super::unicode`]). Joiners and variation selectors are invisible too, but stay where
//! words and emoji need them: RFC 5892 (appendix A), UAX 31 and UTS 51 define after which characters.

use std::borrow::Cow;
use std::str::Chars;

use icu_properties::props::JoiningType;

use super::unicode::{self, JOINERS, Kind, ZERO_WIDTH_JOINER};

/// Maximum marks on one character; further ones are removed. Chosen: the tallest stack in use, a Tibetan syllable of
/// mantras, has eight.
pub const MARKS_MAX: usize = 8;

/// Maximum blanks in a row; further ones are removed. Chosen: two separate sentences; a third only moves text to
/// where it can pose as something else.
pub const BLANKS_MAX: usize = 2;

/// The same in a text of several lines, where blanks set code and tables. Chosen: eight levels of an indent of four.
pub const BLANKS_IN_LINES_MAX: usize = 32;

/// Replaces a line break or a tab.
const BLANK: char = ' ';

/// Replaces a character of unknown appearance.
const UNKNOWN: char = char::REPLACEMENT_CHARACTER;

/// Shown for a text without visible characters.
pub const NOTHING_VISIBLE: &str = "(nothing visible)";

/// The flag of a region is a black flag followed by its name in invisible letters.
const BLACK_FLAG: char = '\u{1f3f4}';

/// The region names that UTS 51 recommends (RGI), unchanged since 2017: England, Scotland, Wales.
const FLAGS: [&str; 3] = [
    "\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];

/// The text as one line, without terminal control, invisible characters and long runs of blanks.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let clean = LineBuilder::new(text.len(), BLANKS_MAX, false).of(text);
    if clean == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(clean)
    }
}

/// The text as its author set it: with line breaks (`\n`) and tabs, and in a text of several lines with its runs of blanks.
/// Everything else is as in [`line()`]. Of empty lines in a row one stays, and none at either end.
///
/// Whoever shows it indents each line but the first.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let text = text.trim_end();
    let is_one_line = !text.contains('\n');
    let blanks_max = if is_one_line {
        BLANKS_MAX
    } else {
        BLANKS_IN_LINES_MAX
    };
    let mut clean = String::with_capacity(text.len());
    let mut empty = 0;
    for (number, line) in text.split('\n').enumerate() {
        let line = LineBuilder::new(line.len(), blanks_max, true).of(line.trim_end());
        if line.chars().all(unicode::is_blank) {
            empty += 1;
            continue;
        }
        if number > 0 && !clean.is_empty() {
            clean.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        clean.push_str(line.trim_end());
        empty = 0;
    }
    Cow::Owned(clean)
}

/// [`text()`], or [`NOTHING_VISIBLE`].
#[must_use]
pub fn text_or_nothing(text: &str) -> Cow<'_, str> {
    let text = self::text(text);
    if text.chars().all(unicode::is_blank) {
        Cow::Borrowed(NOTHING_VISIBLE)
    } else {
        text
    }
}

/// [`line()`], or [`NOTHING_VISIBLE`].
#[must_use]
pub fn line_or_nothing(text: &str) -> Cow<'_, str> {
    let line = line(text);
    if line.chars().all(unicode::is_blank) {
        Cow::Borrowed(NOTHING_VISIBLE)
    } else {
        line
    }
}

/// [`line()`] in quotation marks, as an error shows what somebody typed.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", line(text))
}

/// The text as one word, as [`line()`] shows it; nothing if it is empty or has a blank there.
#[must_use]
pub fn word(text: &str) -> Option<Cow<'_, str>> {
    let word = line(text);
    let is_one = !word.is_empty() && !word.chars().any(unicode::is_blank);
    is_one.then_some(word)
}

/// What is said of a text that has no visible character.
pub const NOTHING_SEEN: &str = "the text has nothing visible in it";

/// Whether a text has no visible character.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    line(text).chars().all(unicode::is_blank)
}

/// Most lines: printable ASCII without a long run of blanks, shown unchanged.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.contains("   ")
}

/// A line under construction.
struct LineBuilder {
    blanks_max: usize,
    keeps_tabs: bool,
    text: String,
    /// The last character that is no mark, and the last of all.
    base: Option<char>,
    last: Option<char>,
    marks: usize,
    blanks: usize,
    /// Whether it ends in an emoji, which a joiner may join to another.
    is_emoji: bool,
    /// A joiner or selector; the next character decides whether it stays.
    shaping: Option<char>,
}

impl LineBuilder {
    fn new(bytes: usize, blanks_max: usize, keeps_tabs: bool) -> Self {
        Self {
            blanks_max,
            keeps_tabs,
            text: String::with_capacity(bytes),
            base: None,
            last: None,
            marks: 0,
            blanks: 0,
            is_emoji: false,
            shaping: None,
        }
    }

    /// The whole text, as a line.
    fn of(mut self, text: &str) -> String {
        let mut rest = text.chars();
        let mut escapes = Escapes { has_end: true };
        while let Some(character) = rest.next() {
            match character {
                '\u{1b}' => escapes.skip(&mut rest),
                '\r' if rest.as_str().starts_with('\n') => {}
                '\t' if self.keeps_tabs => self.push_tab(),
                BLACK_FLAG => {
                    self.push(character);
                    let follows = |flag: &&&str| rest.as_str().starts_with(**flag);
                    if let Some(flag) = FLAGS.iter().find(follows) {
                        self.push_flag(flag);
                        rest = rest.as_str()[flag.len()..].chars();
                    }
                }
                other if other.is_control() && other.is_whitespace() => self.push(BLANK),
                '\u{2028}' | '\u{2029}' => self.push(BLANK),
                other => self.push(other),
            }
        }
        self.finish()
    }

    /// A tab counts as a blank, however wide it is set.
    fn push_tab(&mut self) {
        let length = self.text.len();
        self.push(BLANK);
        if self.text.ends_with(BLANK) && self.text.len() > length {
            self.text.pop();
            self.text.push('\t');
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
            Kind::Blank if self.blanks >= self.blanks_max => return,
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

    /// Adds the name of the flag that was pushed last.
    fn push_flag(&mut self, name: &str) {
        self.text.push_str(name);
        self.last = name.chars().next_back();
    }

    /// Decides on the pending joiner or selector, now that the next character is known.
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

    /// Whether a joiner or non-joiner has an effect here; elsewhere it only hides. Each reason suffices alone and
    /// depends only on characters that stay, so that the result is stable under repetition.
    fn may_join(&self, joiner: char, next: Option<char>) -> bool {
        if self.last.is_some_and(|last| JOINERS.contains(&last)) {
            return false;
        }
        // Conjuncts, in both orders: that of most scripts, and that of Bengali and Kannada `r` before `y`.
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

/// Skips the rest of an escape sequence after ESC (ECMA-48 §5.4).
struct Escapes {
    /// Whether a string terminator may still follow: a vain search is done once, not for each start.
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
            // A string, up to BEL or ST. Without an end only the introducer is removed: the text stays readable.
            Some(b']' | b'P' | b'^' | b'_' | b'X') => self.string_end(text).unwrap_or(1),
            _ => 0,
        };
        *rest = text[length..].chars();
    }

    fn string_end(&mut self, text: &str) -> Option<usize> {
        if !self.has_end {
            return None;
        }
        // One pass up to the first terminator, which ends the string. A search for each kind would scan the text
        // repeatedly if it has only one kind.
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
