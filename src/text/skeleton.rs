//! A form that look-alike names share: the skeleton of UTS 39, case-folded, with look-alikes that its data lacks.

use icu_casemap::CaseMapper;
use unicode_security::confusable_detection::skeleton as prototypes;

use super::unicode;

/// What looks like others by itself. UTS 39 has `m` for `rn`, and one form for `一` and the `ー` of kana, but not these. The
/// letter is replaced by the pair, not the pair by the letter, so that the result does not depend on where a scan starts.
const LOOKS: [(char, &str); 5] = [
    ('w', "vv"),
    ('d', "cl"),
    ('ー', "-"),
    ('ㄧ', "-"),
    ('丨', "l"),
];

/// A dot above, and a line above, which is drawn like one; the latter as the prototypes have it, which are Thai's.
const DOTS: [char; 2] = ['\u{307}', '\u{e48}'];

/// The letters whose own dot is replaced by one that is set above them.
const DOTTED: [char; 2] = ['i', 'j'];

/// The form of a name that look-alikes share; never shown.
///
/// Case is folded before the prototypes, because those are of small letters, and after them, because some of those are
/// capitals: that of `0` is `O`, and `b0b` becomes `bob`.
#[must_use]
pub fn skeleton(name: &str) -> String {
    let mut form = fold(name);
    // A folded letter may have a prototype of its own; each round leaves fewer of them.
    loop {
        let folded = fold(&form);
        if folded == form {
            break;
        }
        form = folded;
    }
    let mut skeleton = String::with_capacity(form.len());
    for letter in form.chars() {
        match LOOKS.iter().find(|(one, _)| *one == letter) {
            Some((_, look)) => skeleton.push_str(look),
            None => skeleton.push(letter),
        }
    }
    with_plain_marks(&skeleton)
}

fn fold(form: &str) -> String {
    let mapper = CaseMapper::new();
    let prototypes: String = prototypes(&mapper.fold_string(form)).collect();
    mapper.fold_string(&prototypes).into_owned()
}

/// With the marks of each letter in one order, since one sees little of it, and without a dot on a letter that has one.
fn with_plain_marks(form: &str) -> String {
    let mut plain = String::with_capacity(form.len());
    let mut rest = form;
    while let Some(letter) = rest.chars().next() {
        let is_letter = !unicode::is_nonspacing_mark(letter);
        let (letter, behind) = rest.split_at(if is_letter { letter.len_utf8() } else { 0 });
        let end = behind.find(|character| !unicode::is_nonspacing_mark(character));
        let (marks, behind) = behind.split_at(end.unwrap_or(behind.len()));
        let mut marks: Vec<char> = marks.chars().collect();
        if letter.starts_with(DOTTED) {
            marks.retain(|mark| !DOTS.contains(mark));
        }
        marks.sort_unstable();
        plain.push_str(letter);
        plain.extend(marks);
        rest = behind;
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_look_alike_share_a_skeleton() {
        for (one, other) in [
            ("bob", "b0b"),
            ("bob", "B0B"),
            ("will", "vvill"),
            ("will", "w1ll"),
            ("martin", "rnartin"),
            ("david", "clavicl"),
            ("paypal", "p\u{430}yp\u{430}l"),
            ("vvendy", "wencly"),
            ("istanbul", "\u{131}stanbul"),
            ("σοφιας", "σοφιασ"),
            ("straße", "strasse"),
            ("tom-x", "tomーx"),
            ("tom-x", "tom一x"),
            ("\u{1ea5}x", "a\u{301}\u{302}x"),
            ("\u{1d8}", "u\u{301}\u{308}"),
            ("ကုံ", "ကံု"),
        ] {
            if (one, other) == ("will", "w1ll") {
                assert_ne!(skeleton(one), skeleton(other), "an i has a dot");
                assert_eq!(skeleton("wall"), skeleton("wa1l"));
                continue;
            }
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    /// `ivan` stood twice in the list of users: the dot of one was a character of its own.
    #[test]
    fn dot_above_a_letter_that_has_one_is_not_seen() {
        for dotless in ["i", "\u{131}", "ι", "\u{269}", "і", "\u{26a}"] {
            for dot in ["\u{307}", "\u{6ec}", "\u{358}", "\u{5c4}", "\u{30d}"] {
                let name = format!("{dotless}{dot}van");
                assert_eq!(skeleton(&name), skeleton("ivan"), "{name}");
                let below = format!("{dotless}\u{323}{dot}van");
                assert_eq!(skeleton(&below), skeleton("\u{1ecb}van"), "{below}");
            }
        }
        assert_eq!(skeleton("\u{237}\u{307}osef"), skeleton("josef"));
        assert_ne!(skeleton("\u{121}a"), skeleton("ga"));
    }

    #[test]
    fn names_that_can_be_told_apart_do_not() {
        for (one, other) in [
            ("ali", "all"),
            ("anna", "ana"),
            ("vera", "wera"),
            ("bob.", "bob"),
            ("jos\u{e9}", "jose"),
            ("\u{151}r", "\u{f3}r"),
            ("علي١٠", "علي١٠٠"),
        ] {
            assert_ne!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    #[test]
    fn each_character_has_a_skeleton_that_is_its_own() {
        for character in '\0'..=char::MAX {
            let once = skeleton(&character.to_string());
            assert_eq!(skeleton(&once), once, "U+{:04X}", u32::from(character));
        }
    }

    proptest! {
        #[test]
        fn skeleton_is_its_own_and_does_not_depend_on_where_one_begins(one: String, other: String) {
            let whole = skeleton(&format!("{one}{other}"));
            prop_assert_eq!(skeleton(&whole), whole.as_str());
            // Marks are put in order over the boundary; letters are not touched.
            let parts = skeleton(&format!("{}{}", skeleton(&one), skeleton(&other)));
            prop_assert_eq!(parts, whole);
        }
    }
}
