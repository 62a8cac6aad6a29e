//! Host names of other scripts (IDNA, UTS 46): looked up in their ASCII form, and shown as they were written only where they
//! cannot be taken for another name.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_security::GeneralSecurityProfile as _;
use unicode_security::mixed_script::AugmentedScriptSet;

use super::AddressError;
use crate::text::skeleton::skeleton;

/// The ASCII form, whose labels begin with `xn--`.
pub fn to_ascii(host: &str) -> Result<String, AddressError> {
    let ascii = Uts46::new().to_ascii(
        host.as_bytes(),
        AsciiDenyList::URL,
        Hyphens::Check,
        DnsLength::VerifyAllowRootDot,
    );
    let ascii = ascii.map_err(|_| AddressError::Script(host.to_owned()))?;
    Ok(ascii.into_owned())
}

/// How a name in ASCII is shown.
pub fn shown(host: &str) -> String {
    let is_safe = |label: &[char], _: &[char], is_bidi: bool| {
        let label: String = label.iter().collect();
        !is_bidi && is_unmistakable(&label)
    };
    let (shown, valid) = Uts46::new().to_user_interface(
        host.as_bytes(),
        AsciiDenyList::URL,
        Hyphens::Allow,
        is_safe,
    );
    match valid {
        Ok(()) => shown.into_owned(),
        Err(_) => host.to_owned(),
    }
}

/// Whether a label is of one script, and looks like none in ASCII.
fn is_unmistakable(label: &str) -> bool {
    label.chars().all(char::identifier_allowed)
        && !AugmentedScriptSet::for_str(label).is_empty()
        && !skeleton(label).is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_another_script_is_looked_up_in_ascii() {
        for (typed, ascii) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example.", "xn--bcher-kva.example."),
            ("bu\u{308}cher.example", "xn--bcher-kva.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ] {
            assert_eq!(to_ascii(typed).as_deref(), Ok(ascii), "{typed}");
        }
        let long = "ü".repeat(64);
        for bad in [
            "bü cher",
            "bü\u{202e}cher",
            "ü/",
            "ü@h",
            "-ü",
            "ü..a",
            &long,
        ] {
            assert!(to_ascii(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn name_that_could_be_taken_for_another_is_shown_in_ascii() {
        for shown_so in [
            "bücher.example",
            "例え.テスト",
            "пример.example",
            "chat.example",
            "a_b",
        ] {
            let ascii = to_ascii(shown_so).unwrap();
            assert_eq!(shown(&ascii), shown_so);
        }
        // Cyrillic that reads as "apple", a Cyrillic letter among Latin ones, and right-to-left text.
        for typed in ["аррӏе.example", "pаypal.example", "אבג.example"] {
            let ascii = to_ascii(typed).unwrap();
            assert!(ascii.starts_with("xn--"));
            assert_eq!(shown(&ascii), ascii, "{typed}");
        }
        for broken in ["xn--", "xn--a", "xn--\u{fc}"] {
            assert_eq!(shown(broken), broken);
        }
    }
}
