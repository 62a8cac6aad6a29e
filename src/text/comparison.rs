//! The form in which texts are compared that somebody looks for: letters of one case, composed in one way, without
//! characters that are not shown.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization as _;

use super::printable;
use super::unicode::{self, Kind};

const DOT_ABOVE: char = '\u{307}';

/// The form of a text that is found by another if that one's form occurs in it: `NFKC_Casefold` (Unicode 5.18) of what is
/// shown, in which an `i` is one with its dot and without, as Turkish has two, and the slash of fractions is any other.
#[must_use]
pub fn folded(text: &str) -> String {
    let shown = printable::line(text);
    if shown.is_ascii() {
        return shown.to_ascii_lowercase();
    }
    let is_seen =
        |character: &char| !matches!(unicode::kind(*character), Kind::Shaping | Kind::Hidden);
    let mapper = CaseMapper::new();
    // The sign for ohm is a letter only after the first step, and ℡ has capitals after the second.
    let letters: String = shown.chars().filter(is_seen).nfd().collect();
    let once: String = mapper.fold_string(&letters).nfkc().collect();
    let twice: String = mapper.fold_string(&once).nfkd().collect();
    let mut letter = None;
    let plain = twice.chars().filter_map(|character| {
        if character == DOT_ABOVE && letter == Some('i') {
            return None;
        }
        let plain = match character {
            '\u{131}' => 'i',
            '\u{2044}' | '\u{2215}' => '/',
            other => other,
        };
        if !unicode::is_nonspacing_mark(plain) {
            letter = Some(plain);
        }
        Some(plain)
    });
    plain.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither `STRASSE` found `straße`, nor one form of `é` the other.
    #[test]
    fn texts_that_differ_in_case_composition_or_what_is_not_shown_are_one() {
        for (one, other) in [
            ("stra\u{df}e", "STRASSE"),
            ("stra\u{df}e", "STRA\u{1e9e}E"),
            ("caf\u{e9}", "CAFE\u{301}"),
            ("\u{1ea1}\u{301}", "a\u{301}\u{323}"),
            ("\u{d55c}", "\u{1112}\u{1161}\u{11ab}"),
            ("co\u{ad}operate", "cooperate"),
            ("zero\u{200b}width", "Zero\u{2060}Width\u{feff}"),
            ("\u{200f}left\u{202c}", "left"),
            ("\u{2764}\u{fe0f}", "\u{2764}"),
            ("\u{1b}[1mbold\u{1b}[0m", "BOLD"),
            (
                "\u{3a3}\u{3af}\u{3c3}\u{3c5}\u{3c6}\u{3bf}\u{3c2}",
                "\u{3a3}\u{38a}\u{3a3}\u{3a5}\u{3a6}\u{39f}\u{3a3}",
            ),
            ("\u{fb01}n", "FIN"),
            ("\u{ff34}\u{ff25}\u{ff21}", "tea"),
            ("\u{ff8a}\u{ff9f}", "\u{30d1}"),
            ("\u{2126}", "\u{3c9}"),
            ("\u{2121}", "tel"),
            ("\u{1c4}", "\u{1c6}"),
            ("\u{13a0}", "\u{ab70}"),
            ("İstanbul", "istanbul"),
            ("İSTANBUL", "ıstanbul"),
            ("ısırgan", "ISIRGAN"),
            ("į̇", "Į"),
            ("½ cup", "1/2 CUP"),
            ("1⁄2", "1/2"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn other_letters_stay_apart() {
        for (one, other) in [
            ("cafe", "caf\u{e9}"),
            ("\u{121}", "g"),
            ("\u{43e}", "o"),
            ("ss", "s"),
        ] {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
        assert_eq!(folded("\u{200b}\u{ad}"), "");
    }

    #[test]
    fn folding_twice_changes_no_character() {
        for character in '\0'..='\u{1ffff}' {
            let once = folded(&character.to_string());
            assert_eq!(folded(&once), once, "U+{:04X}", u32::from(character));
        }
    }
}
