//! Which letters a new name may have together (UTS 39 §5.2, Highly Restrictive), so that none passes for a letter of another
//! script; and which none has at all.

use unicode_security::GeneralSecurityProfile as _;
use unicode_security::general_security_profile::IdentifierType;
use unicode_security::mixed_script::AugmentedScriptSet;

use super::{NameError, SIGNS};
use crate::text::unicode;

/// What is wrong with the letters of a name, or with how its signs stand between them.
pub(super) fn check(canonical: &str) -> Result<(), NameError> {
    if let Some(unused) = canonical.chars().find(|letter| is_unused(*letter)) {
        return Err(NameError::Unused(unused));
    }
    if !is_of_one_script(canonical) {
        return Err(NameError::Scripts);
    }
    let is_sign = |character: Option<char>| character.is_some_and(|sign| SIGNS.contains(&sign));
    let mut behind = canonical.chars().skip(1).map(Some).chain([None]);
    let mut each = canonical.chars();
    let is_idle = |sign, next: Option<char>| {
        is_sign(Some(sign)) && next.is_none_or(|next| is_sign(Some(next)))
    };
    if each.any(|sign| is_idle(sign, behind.next().flatten())) {
        return Err(NameError::Signs);
    }
    Ok(())
}

/// Whether a character is of phonetics, of scholars or of the past: small capitals, and marks like those that are in use.
fn is_unused(character: char) -> bool {
    let kind = character.identifier_type();
    kind.is_some_and(|kind| {
        matches!(
            kind,
            IdentifierType::Technical | IdentifierType::Obsolete | IdentifierType::Deprecated
        )
    })
}

/// Whether all letters are of one script. Han is one with kana, bopomofo or hangul, and those stand beside Latin letters.
fn is_of_one_script(canonical: &str) -> bool {
    let (mut all, mut without_latin) =
        (AugmentedScriptSet::default(), AugmentedScriptSet::default());
    for character in canonical.chars() {
        let scripts = AugmentedScriptSet::for_char(character);
        all.intersect_with(scripts);
        if !unicode::is_latin(character) {
            without_latin.intersect_with(scripts);
        }
    }
    !all.is_empty() || without_latin.jpan || without_latin.hanb || without_latin.kore
}

#[cfg(test)]
mod tests {
    use super::super::marks;
    use super::*;

    #[test]
    fn letters_of_several_scripts_make_no_name() {
        for name in [
            "мaria",
            "pаypal",
            "anπa",
            "tomס",
            "bob٤",
            "नtom",
            "ivanგ",
            "αлекс",
            "さくらя",
            "김さ",
            "ㄅさ",
        ] {
            assert_eq!(check(name), Err(NameError::Scripts), "{name}");
        }
        for name in [
            "мария",
            "maria",
            "άννα",
            "tom太郎",
            "サクラー",
            "山田さくら",
            "kim철수",
            "金철수",
            "小明ming",
            "王ㄅ",
            "bob4",
            "мария-4",
            "علي٤",
            "ꮳꮃꭹ",
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn letters_that_no_language_is_written_with_make_no_name() {
        for (name, unused) in [
            ("ᴘeter", 'ᴘ'),
            ("ᴋatz", 'ᴋ'),
            ("ᴛhai", 'ᴛ'),
            ("ĸatz", 'ĸ'),
            ("ꜱam", 'ꜱ'),
            ("xeˊ", 'ˊ'),
            ("x\u{30e}y", '\u{30e}'),
            ("ɑlice", 'ɑ'),
        ] {
            assert_eq!(check(name), Err(NameError::Unused(unused)), "{name}");
        }
    }

    #[test]
    fn signs_stand_singly_between_letters() {
        for name in ["tom__x", "tom..x", "tomx.", "tom_", "a-.b", "a--"] {
            assert_eq!(check(name), Err(NameError::Signs), "{name}");
        }
        for name in ["tom_x", "t.o-m_x", "a"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn letters_of_living_languages_make_names() {
        let names = [
            "ọlúṣẹ́gun",
            "adébáyọ̀",
            "ɓala",
            "ƴanci",
            "kɔfi",
            "əliyev",
            "ağaoğlu",
            "ħaġar",
            "þór",
            "ąą́ł",
            "kaʻiulani",
            "g̃uarani",
            "шапӏи",
            "ђорђе",
            "їжак",
            "қазақ",
            "گلزار",
            "ئۇيغۇر",
            "ڕێبوار",
            "ਗੁਰਪ੍ਰੀਤ",
            "ଓଡ଼ିଆ",
            "తెలుగు",
            "മലയാളം",
            "සිංහල",
            "ລາວ",
            "བསྟན",
            "ქართული",
            "արամ",
            "አማርኛ",
            "νίκος",
            "שָׂרָה",
        ];
        for name in names.into_iter().chain(marks::NAMES) {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }
}
