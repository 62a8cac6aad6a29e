//! Character classes from Unicode properties. A library provides the tables, in the version that `tests` name:
//! Unicode adds characters every year, and a list of our own would be out of date.

use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic,
    GeneralCategory, GeneralCategoryGroup, HangulSyllableType, JoiningType, LineBreak,
    PrependedConcatenationMark, Script, UnifiedIdeograph, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};

pub(super) const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// Zero width non-joiner and joiner.
pub(super) const JOINERS: [char; 2] = ['\u{200c}', ZERO_WIDTH_JOINER];

/// Separates the last vowel of a Mongolian word, and changes the shape of both parts.
const MONGOLIAN_VOWEL_SEPARATOR: char = '\u{180e}';

/// Symbols without visible ink: the empty braille pattern, and a null note head.
const BLANK_SYMBOLS: [char; 2] = ['\u{2800}', '\u{1d159}'];

/// How a character is displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Visible, with a cell of its own.
    Base,
    /// Visible, drawn on the preceding character.
    Mark,
    /// Blank, with a cell of its own.
    Blank,
    /// A joiner or variation selector: it changes the shape of its neighbours.
    Shaping,
    /// Invisible.
    Hidden,
    /// Private use, unassigned, or no character.
    Unknown,
}

/// Whether a character is seen, by itself or on the one before it.
#[must_use]
pub fn is_visible(character: char) -> bool {
    matches!(kind(character), Kind::Base | Kind::Mark)
}

/// Whether a character is invisible, and does not change the shape of its neighbours.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    kind(character) == Kind::Hidden
}

/// A blank of any width (general category Zs).
#[must_use]
pub fn is_space_separator(character: char) -> bool {
    category(character) == GeneralCategory::SpaceSeparator
}

/// The class of a character, independent of its neighbours.
pub(super) fn kind(character: char) -> Kind {
    if is_blank(character) {
        return Kind::Blank;
    }
    if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character) {
        return if is_shaping(character) {
            Kind::Shaping
        } else {
            Kind::Hidden
        };
    }
    match category(character) {
        GeneralCategory::Control => Kind::Hidden,
        // The visible ones, which enclose the digits that follow (UAX 44).
        GeneralCategory::Format => {
            if CodePointSetData::new::<PrependedConcatenationMark>().contains(character) {
                Kind::Base
            } else {
                Kind::Hidden
            }
        }
        GeneralCategory::PrivateUse | GeneralCategory::Unassigned | GeneralCategory::Surrogate => {
            Kind::Unknown
        }
        _ if is_mark(character) || is_inner_jamo(character) => Kind::Mark,
        _ => Kind::Base,
    }
}

/// Whether a character is blank but takes a cell.
pub(super) fn is_blank(character: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(character) || BLANK_SYMBOLS.contains(&character)
}

fn is_mark(character: char) -> bool {
    GeneralCategoryGroup::Mark.contains(category(character))
}

/// Whether a character combines with the preceding one and takes no cell.
#[must_use]
pub fn is_nonspacing_mark(character: char) -> bool {
    is_mark(character) && category(character) != GeneralCategory::SpacingMark
}

/// Whether a mark changes how a letter sounds or is stressed, and is left out by who types in a hurry: accents, points.
/// Vowels that are written as marks, viramas, nuktas and the signs for voiced kana make other words.
pub(super) fn is_diacritic(character: char) -> bool {
    let class = combining_class(character);
    let is_accent = class != CanonicalCombiningClass::NotReordered
        && class != CanonicalCombiningClass::Nukta
        && class != CanonicalCombiningClass::KanaVoicing
        && class != CanonicalCombiningClass::Virama;
    is_accent || category(character) == GeneralCategory::EnclosingMark
}

/// Which part of a word a character is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordPart {
    /// A letter or a digit of a script that parts its words by spaces.
    Letter,
    /// A letter of a script that does not, or a symbol.
    Unspaced,
    /// A mark on what stands before it.
    Mark,
    /// What stands between words.
    Gap,
}

pub(super) fn word_part(character: char) -> WordPart {
    let group = |group: GeneralCategoryGroup| group.contains(category(character));
    if group(GeneralCategoryGroup::Mark) {
        return WordPart::Mark;
    }
    if group(GeneralCategoryGroup::Symbol) {
        return WordPart::Unspaced;
    }
    if !group(GeneralCategoryGroup::Letter) && !group(GeneralCategoryGroup::Number) {
        return WordPart::Gap;
    }
    // Where a line may break between two letters, nothing else shows where a word ends (UAX 14).
    match CodePointMapData::<LineBreak>::new().get(character) {
        LineBreak::Ideographic
        | LineBreak::ConditionalJapaneseStarter
        | LineBreak::Nonstarter
        | LineBreak::ComplexContext => WordPart::Unspaced,
        _ => WordPart::Letter,
    }
}

/// Whether a mark is drawn across its base, so that it can turn one letter into another: `o` into `ø`.
#[must_use]
pub fn is_overlay(character: char) -> bool {
    combining_class(character) == CanonicalCombiningClass::Overlay
}

/// Whether a letter is of the Latin alphabet.
#[must_use]
pub fn is_latin(character: char) -> bool {
    script(character) == Script::Latin
}

/// Whether a character removes the vowel of the preceding letter, so that the next letter may join.
pub(super) fn is_virama(character: char) -> bool {
    combining_class(character) == CanonicalCombiningClass::Virama
}

pub(super) fn is_pictograph(character: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(character)
}

pub(super) fn is_skin_tone(character: char) -> bool {
    CodePointSetData::new::<EmojiModifier>().contains(character)
}

pub(super) fn joining(character: char) -> JoiningType {
    CodePointMapData::<JoiningType>::new().get(character)
}

pub(super) fn script(character: char) -> Script {
    CodePointMapData::<Script>::new().get(character)
}

/// Whether a letter of this joining type connects to a neighbour.
pub(super) fn is_cursive(joining: JoiningType) -> bool {
    [
        JoiningType::DualJoining,
        JoiningType::LeftJoining,
        JoiningType::RightJoining,
    ]
    .contains(&joining)
}

/// Whether this selector chooses between variants of a character.
pub(super) fn has_variant(character: char, selector: char, next: Option<char>) -> bool {
    let is_mongolian = |letter| script(letter) == Script::Mongolian && kind(letter) == Kind::Base;
    match selector {
        // Text or emoji presentation. A digit has one only as a keycap.
        '\u{fe0e}' | '\u{fe0f}' if character.is_ascii() => {
            CodePointSetData::new::<Emoji>().contains(character) && next == Some('\u{20e3}')
        }
        '\u{fe0e}' | '\u{fe0f}' => CodePointSetData::new::<Emoji>().contains(character),
        '\u{180b}'..='\u{180d}' | '\u{180f}' => is_mongolian(character),
        '\u{fe00}'..='\u{fe0d}' => {
            is_ideograph(character)
                || matches!(script(character), Script::Myanmar | Script::PhagsPa)
        }
        '\u{e0100}'..='\u{e01ef}' => is_ideograph(character),
        MONGOLIAN_VOWEL_SEPARATOR => is_mongolian(character) && next.is_some_and(is_mongolian),
        _ => false,
    }
}

/// A joiner or variation selector.
#[must_use]
pub fn is_shaping(character: char) -> bool {
    JOINERS.contains(&character)
        || matches!(character, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_ideograph(character: char) -> bool {
    CodePointSetData::new::<UnifiedIdeograph>().contains(character)
}

/// A Hangul vowel or final consonant, which is drawn into the preceding syllable.
fn is_inner_jamo(character: char) -> bool {
    let of = CodePointMapData::<HangulSyllableType>::new().get(character);
    matches!(
        of,
        HangulSyllableType::VowelJamo | HangulSyllableType::TrailingJamo
    )
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

fn combining_class(character: char) -> CanonicalCombiningClass {
    CodePointMapData::<CanonicalCombiningClass>::new().get(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text that one table lets pass must not be unknown to another. Where this changes, names may have other skeletons,
    /// and databases need a step of migration that makes those again.
    #[test]
    fn tables_are_of_unicode_18() {
        assert_eq!(unicode_security::UNICODE_VERSION, (18, 0, 0));
        assert_eq!(unicode_width::UNICODE_VERSION, (18, 0, 0));
    }

    #[test]
    fn characters_are_told_apart_by_their_properties() {
        for (kind, characters) in [
            (Kind::Base, "a世ß☕\u{600}\u{6dd}\u{fffc}\u{fffd}"),
            (
                Kind::Mark,
                "\u{301}\u{20dd}\u{17d2}\u{102d}\u{1161}\u{11a8}",
            ),
            (
                Kind::Blank,
                " \u{a0}\u{2003}\u{3000}\u{2800}\u{1d159}\t\n\u{85}\u{2028}",
            ),
            (
                Kind::Shaping,
                "\u{200c}\u{200d}\u{fe0f}\u{fe00}\u{180b}\u{180e}\u{e0100}",
            ),
            (
                Kind::Hidden,
                "\u{7}\u{9b}\u{ad}\u{34f}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{17b4}\u{17b5}\u{200b}\u{202e}\u{2065}\u{2066}\
                 \u{fff0}\u{fff9}\u{fffb}\u{1bca0}\u{1d173}\u{13430}\u{e0001}\u{e0061}\u{e0fff}\u{feff}",
            ),
            (
                Kind::Unknown,
                "\u{e000}\u{f0000}\u{fdd0}\u{ffff}\u{10ffff}\u{378}",
            ),
        ] {
            for character in characters.chars() {
                assert_eq!(
                    super::kind(character),
                    kind,
                    "U+{:04X}",
                    u32::from(character)
                );
            }
        }
    }
}
