//! Which marks the letters of a name may bear (UTS 39 §5.4): those that one can tell from others where they stand.

use unicode_normalization::UnicodeNormalization as _;

use crate::text::skeleton::skeleton;
use crate::text::unicode;

/// How many marks that take no place may stand on each other. UTS 39 has four, which names in Thai and Burmese need.
const MARKS_MAX: usize = 4;

/// What is wrong with the marks of a name, as an error says it.
pub(super) fn problem(canonical: &str) -> Option<&'static str> {
    let mut letter = String::new();
    let mut row: Vec<char> = Vec::new();
    for character in canonical.nfd() {
        if !unicode::is_nonspacing_mark(character) {
            letter = character.into();
            row.clear();
            continue;
        }
        if unicode::is_overlay(character) {
            return Some("a mark that is drawn over a letter");
        }
        let seen = skeleton(&letter);
        letter.push(character);
        // Of its marks, only a dot that nobody sees does not change what it looks like.
        if !seen.is_empty() && skeleton(&letter) == seen {
            return Some("a dot above a letter that has one");
        }
        if row.contains(&character) {
            return Some("the same mark twice on a letter");
        }
        row.push(character);
        if row.len() > MARKS_MAX {
            return Some("more than four marks on a letter");
        }
    }
    None
}

/// Names of people and places in scripts that stack marks.
#[cfg(test)]
pub(super) const NAMES: [&str; 18] = [
    "สมชาย",
    "ผึ้งน้อย",
    "เพ็ญศรี",
    "ณัฏฐ์ปวีณ์",
    "အောင်ဆန်း",
    "မြို့မငြိမ်း",
    "ဖြိုးဝေကျော်",
    "နွှဲ့နွှဲ့",
    "ကျွန်ုပ်",
    "श्रीकृष्ण",
    "நர்மதா",
    "শুভ্রাংশু",
    "សុភ័ក្រ្ត",
    "nguyễnthịhường",
    "mażena",
    "שרה",
    "محمد",
    "żółć",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_cannot_be_told_apart_are_refused() {
        for (name, word) in [
            ("a\u{301}\u{301}", "twice"),
            ("a\u{301}\u{323}\u{301}", "twice"),
            ("\u{e1}\u{301}", "twice"),
            ("a\u{300}\u{302}\u{323}\u{324}\u{325}", "four"),
            ("o\u{338}", "over"),
            ("a\u{335}b", "over"),
            ("o\u{20d2}", "over"),
            ("i\u{307}", "dot"),
            ("j\u{323}\u{307}", "dot"),
            ("\u{456}\u{307}", "dot"),
            ("\u{131}\u{307}", "dot"),
            ("\u{131}\u{323}\u{307}", "dot"),
            ("\u{237}\u{358}", "dot"),
            ("ι\u{6ec}", "dot"),
            ("i\u{30d}", "dot"),
        ] {
            let problem = problem(name);
            assert!(
                problem.is_some_and(|problem| problem.contains(word)),
                "{name:?}: {problem:?}"
            );
        }
    }

    #[test]
    fn real_names_keep_their_marks() {
        // With their vowels, which few write.
        let pointed = ["שָׂרָה", "مُحَمَّد"];
        for name in NAMES.into_iter().chain(pointed) {
            assert_eq!(problem(name), None, "{name}");
        }
    }
}
