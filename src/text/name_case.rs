//! The one spelling of names that differ in case only, also where a letter has two small forms or none of its own: `ς` and
//! `σ`, `ß` and `SS`.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization as _;

const SIGMA: char = 'σ';
const CAPITAL_SIGMA: char = 'Σ';

/// Full case folding (Unicode 3.13), then in small letters, with the final sigma where Greek has it.
#[must_use]
pub fn one_spelling(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let folded = CaseMapper::new().fold_string(name);
    let is_sigma = |letter| {
        if letter == SIGMA {
            CAPITAL_SIGMA
        } else {
            letter
        }
    };
    let sigmas: String = folded.chars().map(is_sigma).collect();
    // Folding makes capitals of Cherokee letters; small sigmas depend on their neighbours.
    sigmas.to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `σοφιας` and `σοφιασ` were two users, of whom `ΣΟΦΙΑΣ` was one.
    #[test]
    fn names_that_differ_in_case_only_have_one_spelling() {
        for (typed, spelled) in [
            ("Alice", "alice"),
            ("ΣΟΦΙΑΣ", "σοφιας"),
            ("σοφιασ", "σοφιας"),
            ("σοφιας", "σοφιας"),
            ("νικοσ-σοφιασ", "νικος-σοφιας"),
            ("straße", "strasse"),
            ("STRAẞE", "strasse"),
            ("Ꮳꮃ", "ꮳꮃ"),
            ("jos\u{e9}", "jos\u{e9}"),
            ("ΐ", "ΐ"),
        ] {
            assert_eq!(one_spelling(typed), spelled, "{typed}");
        }
        assert_ne!(one_spelling("ı"), one_spelling("i"));
    }

    #[test]
    fn spelling_of_each_character_is_its_own() {
        for character in '\0'..='\u{1ffff}' {
            for around in ["", "a"] {
                let once = one_spelling(&format!("{around}{character}{around}"));
                assert_eq!(one_spelling(&once), once, "U+{:04X}", u32::from(character));
            }
        }
    }
}
