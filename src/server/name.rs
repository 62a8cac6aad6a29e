//! The names of users and rooms: which there can be, and when two are too alike.
//!
//! A name is kept in the canonical form of PRECIS `UsernameCaseMapped` (RFC 8265 §3.3), so that `Alice` and
//! `alice` are one, and together with its UTS 39 skeleton, so that nobody can pass for another by letters that
//! look the same.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation as _;
use thiserror::Error;
use unicode_security::confusable_detection::skeleton;

use crate::protocol::{EVERYONE_NAME, ROOM_SIGN};

/// The longest name, in characters. Chosen: fits a column of the contact list.
pub const NAME_MAX_CHARS: usize = 32;

/// Signs that a name may hold beside letters, digits and marks. Every other one has a meaning at the prompt, or
/// will have.
const SIGNS: &[char] = &['.', '_', '-'];

/// A user name in canonical form, with the skeleton that makes look-alikes equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    canonical: String,
    skeleton: String,
}

/// Why a text is not a user name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// There is none.
    #[error("a user name cannot be empty")]
    Empty,
    /// Longer than [`NAME_MAX_CHARS`].
    #[error("a user name has at most {NAME_MAX_CHARS} characters; this one has {0}")]
    TooLong(usize),
    /// It holds something that PRECIS or we do not allow.
    #[error(
        "a user name has letters, digits, '.', '_' and '-' only, and begins with a letter or digit"
    )]
    BadCharacter,
    /// It means something else already.
    #[error("the name {0:?} is reserved")]
    Reserved(String),
}

impl Name {
    /// Brings a name as typed into its canonical form.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, NameError> {
        if typed.is_empty() {
            return Err(NameError::Empty);
        }
        // Counted before anything is mapped, so that a long text costs nothing.
        let length = typed.chars().count();
        if length > NAME_MAX_CHARS {
            return Err(NameError::TooLong(length));
        }
        let canonical = UsernameCaseMapped::enforce(typed)
            .map_err(|_| NameError::BadCharacter)?
            .into_owned();
        let length = canonical.chars().count();
        if length > NAME_MAX_CHARS {
            return Err(NameError::TooLong(length));
        }
        let plain = |sign: char| !sign.is_ascii_punctuation() || SIGNS.contains(&sign);
        if !canonical.starts_with(char::is_alphanumeric) || !canonical.chars().all(plain) {
            return Err(NameError::BadCharacter);
        }
        let skeleton: String = skeleton(&canonical).collect();
        if canonical == EVERYONE_NAME || skeleton == self::skeleton_of(EVERYONE_NAME) {
            return Err(NameError::Reserved(canonical));
        }
        Ok(Self {
            canonical,
            skeleton,
        })
    }

    /// The form under which the account is known.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The form that look-alikes share; it is never shown.
    #[must_use]
    pub fn skeleton(&self) -> &str {
        &self.skeleton
    }
}

/// A room's name: what stands behind its `#` could be a user's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName(Name);

/// Why a text is not a room's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RoomNameError {
    /// It does not begin with [`ROOM_SIGN`].
    #[error("the name of a room begins with '{ROOM_SIGN}'")]
    NoSign,
    /// What follows the sign could be no user's name either.
    #[error("what follows the '{ROOM_SIGN}' is formed as a user name is: {0}")]
    Rest(#[from] NameError),
}

impl RoomName {
    /// Brings a room's name as typed into its canonical form.
    ///
    /// # Errors
    /// [`RoomNameError`] says what is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, RoomNameError> {
        let rest = typed.strip_prefix(ROOM_SIGN).ok_or(RoomNameError::NoSign)?;
        Ok(Self(Name::parse(rest)?))
    }

    /// The form under which the room is known, and the one that look-alikes share, which is never shown; both with their
    /// `#`.
    #[must_use]
    pub fn into_forms(self) -> (String, String) {
        let signed = |form: &str| format!("{ROOM_SIGN}{form}");
        (signed(&self.0.canonical), signed(&self.0.skeleton))
    }
}

/// The form of a user's canonical name that look-alikes share.
#[must_use]
pub fn skeleton_of(name: &str) -> String {
    skeleton(name).collect()
}

/// The form of a room's canonical name that look-alikes share.
#[must_use]
pub fn room_skeleton(name: &str) -> String {
    match name.strip_prefix(ROOM_SIGN) {
        Some(rest) => format!("{ROOM_SIGN}{}", skeleton_of(rest)),
        None => skeleton_of(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_width_do_not_make_another_name() {
        assert_eq!(
            Name::parse("Alice").map(|name| name.canonical),
            Ok("alice".into())
        );
        assert_eq!(
            Name::parse("ａｌｉｃｅ").map(|name| name.canonical),
            Ok("alice".into())
        );
    }

    #[test]
    fn letters_of_another_script_that_look_alike_share_a_skeleton() {
        let latin = Name::parse("paypal").unwrap();
        let cyrillic = Name::parse("p\u{430}yp\u{430}l").unwrap();
        assert_ne!(latin.canonical, cyrillic.canonical);
        assert_eq!(latin.skeleton, cyrillic.skeleton);
    }

    #[test]
    fn room_is_named_as_a_user_is_but_for_its_sign() {
        let (canonical, skeleton) = RoomName::parse("#Bridge").unwrap().into_forms();
        assert_eq!(canonical, "#bridge");
        let other = RoomName::parse("#br\u{456}dge").unwrap().into_forms();
        assert!(other.0 != canonical && other.1 == skeleton);
        assert_eq!(RoomName::parse("bridge"), Err(RoomNameError::NoSign));
        for bad in ["#", "##bridge", "#-", "#the bridge", "#everyone"] {
            let refused = RoomName::parse(bad);
            assert!(matches!(refused, Err(RoomNameError::Rest(_))), "{bad:?}");
        }
    }

    #[test]
    fn names_that_would_confuse_the_prompt_or_a_reader_are_refused() {
        for bad in [
            "al ice",
            "/alice",
            "#alice",
            "alice*",
            "a,b",
            "-alice",
            "al\u{202e}ice",
            "\u{7}",
            "a:b",
        ] {
            assert_eq!(Name::parse(bad), Err(NameError::BadCharacter), "{bad:?}");
        }
        assert_eq!(Name::parse(""), Err(NameError::Empty));
        assert_eq!(Name::parse(&"a".repeat(33)), Err(NameError::TooLong(33)));
        assert_eq!(
            Name::parse("Everyone"),
            Err(NameError::Reserved("everyone".into()))
        );
    }
}
