//! A password in the form of RFC 8265 (`OpaqueString`), so that it is the same however a keyboard or a file composes its
//! characters.

use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::Profile as _;
use precis_profiles::precis_core::{DerivedPropertyValue, Error, FreeformClass, StringClass as _};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::text::unicode;

/// Maximum bytes as typed. Chosen: longer than any passphrase.
pub const PASSWORD_MAX_BYTES: usize = 1024;

/// Characters that a new password has at least. Chosen: between the 8 that NIST SP 800-63B Rev. 4 demands beside another
/// factor and the [`ADVISED_CHARS`] that it demands of a password alone. Older ones may be shorter, and still sign in.
pub const NEW_MIN_CHARS: usize = 12;

/// From how many characters on nothing is said of a new password's length (NIST SP 800-63B Rev. 4, section 3.1.1.2).
const ADVISED_CHARS: usize = 15;

/// Bytes that the composed form (NFC) of a text has at most for each byte of it (UAX 15, section 9).
const NFC_GROWTH: usize = 3;

/// Overwritten in memory when dropped. The default one is empty, which no account has.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

/// Why a text is no password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// It has no characters.
    #[error("a password cannot be empty")]
    Empty,
    /// It is longer than [`PASSWORD_MAX_BYTES`].
    #[error("a password has at most {PASSWORD_MAX_BYTES} bytes")]
    TooLong,
    /// It has fewer characters than `NEW_MIN_CHARS`, and is a new one.
    #[error(
        "a new password has at least {NEW_MIN_CHARS} characters; four random words are easy to remember"
    )]
    TooShort,
    /// RFC 8264 (`FreeformClass`) excludes a character.
    #[error("a password cannot contain U+{0:04X}, {reason}", reason = reason(*.0))]
    Character(u32),
}

fn reason(value: u32) -> &'static str {
    match char::from_u32(value) {
        Some(character) if character.is_control() => "which is a control character",
        Some(character) if unicode::is_shaping(character) => {
            "which is invisible; some emoji are made with it"
        }
        Some(character) if unicode::is_visible(character) => "which RFC 8265 does not allow",
        Some(character) if unicode::is_hidden(character) => "which is invisible",
        _ => "which is no assigned character",
    }
}

impl Password {
    /// Brings a password as typed into the form that it is compared in.
    ///
    /// # Errors
    /// [`PasswordError`] says what is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, PasswordError> {
        if typed.is_empty() {
            return Err(PasswordError::Empty);
        }
        if typed.len() > PASSWORD_MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        // Large enough from the start: a string that grows leaves a copy in memory.
        let mut password = Zeroizing::new(String::with_capacity(typed.len() * NFC_GROWTH));
        // Composed before it is checked, because RFC 8264 excludes the parts of Hangul syllables.
        password.extend(typed.nfc().map(|character| {
            if unicode::is_space_separator(character) {
                ' '
            } else {
                character
            }
        }));
        let mut checked = Zeroizing::new(String::with_capacity(password.len()));
        checked.extend(
            password
                .chars()
                .filter(|character| !is_allowed_anyway(*character)),
        );
        if !checked.is_empty() {
            OpaqueString::new()
                .prepare(checked.as_str())
                .map_err(|error| match error {
                    Error::BadCodepoint(found) => PasswordError::Character(found.cp),
                    // A character whose neighbours are not those that it needs.
                    _ => PasswordError::Character(context_character(&checked)),
                })?;
        }
        Ok(Self(password))
    }

    /// The same for a password that is to be set.
    ///
    /// # Errors
    /// [`PasswordError`] says what is wrong with it.
    pub fn parse_new(typed: &str) -> Result<Self, PasswordError> {
        let password = Self::parse(typed)?;
        password.check_new()?;
        Ok(password)
    }

    /// Whether it is long enough to be set.
    ///
    /// # Errors
    /// [`PasswordError::TooShort`] if it is not.
    pub fn check_new(&self) -> Result<(), PasswordError> {
        // As NIST has it, each code point counts as one character.
        if self.0.chars().count() < NEW_MIN_CHARS {
            return Err(PasswordError::TooShort);
        }
        Ok(())
    }

    /// What to say of a password that may be set, but could be better.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let is_advised = self.0.chars().count() >= ADVISED_CHARS;
        (!is_advised).then_some("hint: 15 characters or more are much harder to guess")
    }

    /// What OPAQUE is given.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Whether a character is seen and was assigned after Unicode 6.3, which the tables of RFC 8264 are from, or is one that
/// names have between certain others only (`a·b`): in a password there is nothing to confuse it with.
fn is_allowed_anyway(character: char) -> bool {
    let value = FreeformClass::default().get_value_from_char(character);
    let is_other = matches!(
        value,
        DerivedPropertyValue::Unassigned | DerivedPropertyValue::ContextO
    );
    is_other && unicode::is_visible(character)
}

/// The first character that RFC 8264 allows in some contexts only.
fn context_character(text: &str) -> u32 {
    let is_contextual = |character: &char| {
        let value = FreeformClass::default().get_value_from_char(*character);
        value == DerivedPropertyValue::ContextJ
    };
    text.chars().find(is_contextual).map_or(0, u32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(typed: &str) -> Result<String, PasswordError> {
        Password::parse(typed).map(|password| password.0.to_string())
    }

    /// A password set in one form was wrong in the other.
    #[test]
    fn password_is_the_same_however_its_characters_are_composed() {
        for (typed, kept) in [
            ("cafe\u{301}", "caf\u{e9}"),
            ("\u{212b}", "\u{e5}".to_uppercase().as_str()),
            // 한 in its parts, and marks in another order.
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("a\u{301}\u{323}", "\u{1ea1}\u{301}"),
            // Blanks of all kinds; those at the ends stay.
            (" tea\u{a0}at\u{3000}four ", " tea at four "),
            // Neither case nor width is changed, and a ligature stays one.
            ("Ｔeaﬁ", "Ｔeaﬁ"),
            // Newer than the tables of the RFC.
            ("\u{1f916}\u{1fae0}", "\u{1f916}\u{1fae0}"),
            ("a·b", "a·b"),
            ("・", "・"),
            ("٤۴", "٤۴"),
            ("a״", "a״"),
            // Where Persian needs it.
            ("نامه\u{200c}ای", "نامه\u{200c}ای"),
        ] {
            assert_eq!(parsed(typed).as_deref(), Ok(kept), "{typed:?}");
            assert_eq!(parsed(kept).as_deref(), Ok(kept), "{kept:?}");
        }
    }

    #[test]
    fn new_password_is_counted_in_characters_of_its_composed_form() {
        let new = |typed: &str| Password::parse_new(typed).map(|password| password.hint());
        assert_eq!(new("eleven char"), Err(PasswordError::TooShort));
        assert!(new("twelve chars").unwrap().is_some());
        assert!(new("fourteen chars").unwrap().is_some());
        assert_eq!(new("fifteen charact"), Ok(None));
        // 24 characters as typed, 12 composed; 33 bytes, 11 characters.
        assert!(new(&"e\u{301}".repeat(12)).is_ok());
        assert_eq!(new(&"e\u{301}".repeat(11)), Err(PasswordError::TooShort));
        assert_eq!(new(&"\u{d55c}".repeat(11)), Err(PasswordError::TooShort));
        assert_eq!(new(""), Err(PasswordError::Empty));
    }

    #[test]
    fn what_cannot_be_a_password_is_told() {
        assert_eq!(parsed(""), Err(PasswordError::Empty));
        assert!(parsed(&"a".repeat(PASSWORD_MAX_BYTES)).is_ok());
        let long = "a".repeat(PASSWORD_MAX_BYTES + 1);
        assert_eq!(parsed(&long), Err(PasswordError::TooLong));
        for character in [
            '\t', '\r', '\u{7f}', '\u{85}', '\u{ad}', '\u{200b}', '\u{200d}', '\u{202e}',
            '\u{feff}', '\u{e000}', '\u{378}',
        ] {
            let refused = parsed(&format!("tea{character}four"));
            assert_eq!(refused, Err(PasswordError::Character(character.into())));
        }
        for (typed, error) in [
            ("\u{7}", "U+0007, which is a control character"),
            (
                "\u{2764}\u{fe0f}",
                "U+FE0F, which is invisible; some emoji are made with it",
            ),
            (
                "\u{1f468}\u{200d}\u{1f469}",
                "U+200D, which is invisible; some emoji are made with it",
            ),
            ("a\u{200b}", "U+200B, which is invisible"),
            ("\u{378}", "U+0378, which is no assigned character"),
        ] {
            let refused = parsed(typed).unwrap_err().to_string();
            assert_eq!(refused, format!("a password cannot contain {error}"));
        }
    }
}
