//! The form of a text in which its words are looked for: by how they begin, without regard to case, width, accents
//! and composition.
//!
//! A space stands before each word, so that the beginning of a word is found as a part of the text. What has no spaces
//! between its words (Chinese, Japanese, Thai and so on), and symbols, are found wherever they stand.

use unicode_normalization::UnicodeNormalization as _;

use super::comparison::folded;
use super::unicode::{WordPart, is_diacritic, word_part};

/// How long the words of a text are at most, in bytes; what follows is not looked for. Chosen: twice the longest text, with a
/// space before each sign. A ligature that stands for a sentence would make a text ten times as long.
const WORDS_MAX_BYTES: usize = 32 << 10;

/// The words of a text, each with a space before it.
#[must_use]
pub fn words(text: &str) -> String {
    let folded = folded(text);
    let plain: String = if folded.is_ascii() {
        folded
    } else {
        let letters = folded.nfkd().filter(|letter| !is_diacritic(*letter));
        letters.nfc().collect()
    };
    let mut words = String::with_capacity(plain.len() + 1);
    let mut last = WordPart::Gap;
    for character in plain.chars() {
        if words.len() >= WORDS_MAX_BYTES {
            break;
        }
        let part = word_part(character);
        let is_inside = if part == WordPart::Mark {
            last != WordPart::Gap
        } else {
            if part != last && part != WordPart::Gap {
                words.push(' ');
            }
            last = part;
            part != WordPart::Gap
        };
        if is_inside {
            words.push(character);
        }
    }
    words
}

/// What occurs in the [`words`] of each text that has this word, or one that begins with it; nothing for a word of
/// which nothing is looked for, such as `...`.
#[must_use]
pub fn needle(word: &str) -> Option<String> {
    let words = words(word);
    let first = words.chars().nth(1)?;
    Some(if word_part(first) == WordPart::Unspaced {
        words[1..].to_owned()
    } else {
        words
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(word: &str, text: &str) -> bool {
        words(text).contains(&needle(word).expect("it has a letter or a symbol"))
    }

    #[test]
    fn word_is_found_by_its_beginning_however_it_is_written() {
        for (word, text) in [
            ("tea", "TEA at four?"),
            ("fou", "tea at four?"),
            ("cafe", "the Caf\u{e9}s of Paris"),
            ("CAF\u{c9}", "cafe\u{301}"),
            ("strasse", "Stra\u{df}e"),
            ("\u{ff34}\u{ff45}\u{ff41}", "tea"),
            ("tea", "\u{ff34}\u{ff25}\u{ff21}"),
            ("naive", "na\u{ef}ve"),
            (
                "\u{3b1}\u{3b8}\u{3b7}\u{3bd}",
                "\u{391}\u{3b8}\u{3ae}\u{3bd}\u{3b1}",
            ),
            (
                "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
                "\u{5e9}\u{5b8}\u{5c1}\u{5dc}\u{5d5}\u{5b9}\u{5dd}",
            ),
            ("istanbul", "\u{130}STANBUL"),
            ("don't", "I don't know"),
            ("c++", "C++ and Rust"),
            ("path_na", "the path_name"),
            ("example.com", "see https://example.com/x"),
            ("#brid", "join #bridge"),
            ("\u{1f44d}", "fine\u{1f44d}\u{1f3fd}"),
            ("\u{d55c}", "\u{d55c}\u{ad6d}\u{c5b4}"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}\u{ad6d}"),
        ] {
            assert!(finds(word, text), "{word} in {text}: {:?}", words(text));
        }
        for (word, text) in [
            ("our", "tea at four?"),
            ("at four", "at fifty, four"),
            ("com", "welcome"),
            ("\u{ad6d}", "\u{d55c}\u{ad6d}"),
        ] {
            assert!(!finds(word, text), "{word} in {text}: {:?}", words(text));
        }
    }

    #[test]
    fn scripts_without_spaces_are_found_inside() {
        for (word, text) in [
            ("\u{4eac}", "\u{6771}\u{4eac}\u{90fd}"),
            (
                "\u{30bf}\u{30ef}\u{30fc}",
                "\u{6771}\u{4eac}\u{30bf}\u{30ef}\u{30fc}\u{3067}",
            ),
            (
                "\u{ff80}\u{ff9c}\u{ff70}",
                "\u{6771}\u{4eac}\u{30bf}\u{30ef}\u{30fc}",
            ),
            (
                "\u{e2b}\u{e34}\u{e27}",
                "\u{e09}\u{e31}\u{e19}\u{e2b}\u{e34}\u{e27}",
            ),
            ("tower", "\u{6771}\u{4eac}Tower"),
            ("\u{4eac}tow", "\u{6771}\u{4eac}Tower"),
        ] {
            assert!(finds(word, text), "{word} in {text}: {:?}", words(text));
        }
        // A voiced sound is another letter, and so is another vowel.
        for (word, text) in [
            ("\u{304b}", "\u{304c}"),
            ("\u{e2b}\u{e27}", "\u{e2b}\u{e34}\u{e27}"),
        ] {
            assert!(!finds(word, text), "{word} in {text}: {:?}", words(text));
        }
    }

    /// One sign stands for 18 letters: a text of 16 KB took 180 KB.
    #[test]
    fn words_take_little_more_than_the_longest_text() {
        let signs = "\u{fdfa}".repeat(5_461);
        assert!(words(&signs).len() < WORDS_MAX_BYTES + 8);
        let text = "世a👍".repeat(2_048);
        assert!(words(&text).len() < WORDS_MAX_BYTES);
        assert!(finds("end", &format!("{text} end")));
    }

    #[test]
    fn nothing_is_looked_for_in_what_has_no_words() {
        for word in ["", "...", "\u{200b}", "\u{301}", "?!"] {
            assert_eq!(needle(word), None, "{word:?}");
        }
        assert_eq!(words(" Tea,  at\tfour? "), " tea at four");
    }
}
