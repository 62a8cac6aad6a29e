//! The names of users and rooms: which there can be, and when two are too alike.
//!
//! A name is kept in the canonical form of PRECIS `UsernameCaseMapped` (RFC 8265 §3.3), so that `Alice` and
//! `alice` are one, and together with its UTS 39 skeleton, so that nobody can pass for another by letters that
//! look the same.

mod letters;
mod marks;
mod reserved;

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation as _;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;

use crate::protocol::{EVERYONE_NAME, ROOM_SIGN, with_room_sign};
use crate::text::name_case::one_spelling;
use crate::text::skeleton::skeleton;

/// The longest name, in characters. Chosen: fits a column of the contact list.
pub const NAME_MAX_CHARS: usize = 32;

/// How many characters one may be typed as: its canonical decomposition (UAX 15) has at most four.
const COMPOSED_OF_MAX: usize = 4;

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
    /// Its letters bear marks that cannot be told from others.
    #[error("a user name cannot contain {0}")]
    Marks(&'static str),
    /// It has a character of phonetics, of scholars or of the past.
    #[error("a user name cannot contain '{0}' (U+{code:04X}), which no language is written with", code = u32::from(*.0))]
    Unused(char),
    /// Its letters are of several scripts.
    #[error("the letters of a user name are of one script, such as Latin or Cyrillic")]
    Scripts,
    /// It has signs that are easily overlooked.
    #[error(
        "a user name ends with a letter or digit, and has no two of '.', '_' and '-' side by side"
    )]
    Signs,
    /// It would be read as a name that means something else.
    #[error("the name \"{name}\" is reserved: {}{reason}", reading(name, reads_as))]
    Reserved {
        /// As it was typed.
        name: String,
        /// The reserved one.
        reads_as: &'static str,
        /// Why that is reserved.
        reason: &'static str,
    },
}

/// How a name is read, where that is not what it is.
fn reading(name: &str, reads_as: &str) -> String {
    if name == reads_as {
        String::new()
    } else {
        format!("it reads as \"{reads_as}\", and ")
    }
}

impl NameError {
    fn reserved(name: String, (reads_as, reason): reserved::Reserved) -> Self {
        Self::Reserved {
            name,
            reads_as,
            reason,
        }
    }
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
        if length > NAME_MAX_CHARS * COMPOSED_OF_MAX {
            return Err(NameError::TooLong(length));
        }
        // PRECIS composes after it has checked, and excludes the parts of Hangul syllables.
        let typed: String = typed.nfc().collect();
        let length = typed.chars().count();
        if length > NAME_MAX_CHARS {
            return Err(NameError::TooLong(length));
        }
        let canonical = UsernameCaseMapped::enforce(&*typed)
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
        if canonical == EVERYONE_NAME {
            return Err(NameError::reserved(canonical, reserved::EVERYONE));
        }
        Ok(Self {
            skeleton: skeleton(&canonical),
            canonical,
        })
    }

    /// The same for a name that nobody has yet, in one spelling. Who has one that was allowed once keeps it.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong with it.
    pub fn parse_new(typed: &str) -> Result<Self, NameError> {
        let mut name = Self::parse(typed)?;
        name.canonical = name.spelling();
        let length = name.canonical.chars().count();
        if length > NAME_MAX_CHARS {
            return Err(NameError::TooLong(length));
        }
        if let Some(problem) = marks::problem(&name.canonical) {
            return Err(NameError::Marks(problem));
        }
        if let Some(as_what) = reserved::find(&name.canonical) {
            return Err(NameError::reserved(name.canonical, as_what));
        }
        letters::check(&name.canonical)?;
        Ok(name)
    }

    /// What it has in common with all that differ in case only, in whatever way: for what is counted by name.
    #[must_use]
    pub fn spelling(&self) -> String {
        one_spelling(&self.canonical)
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

/// A room's name: what follows its `#` could be a user's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName(Name);

/// Why a text is not a room's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RoomNameError {
    /// It does not begin with [`ROOM_SIGN`].
    #[error("the name of a room begins with '{ROOM_SIGN}'")]
    NoSign,
    /// What follows the sign could be no user's name either.
    #[error("after the '{ROOM_SIGN}', a room's name follows the rules for user names: {0}")]
    Rest(NameError),
}

impl RoomName {
    /// Brings a room's name as typed into its canonical form.
    ///
    /// # Errors
    /// [`RoomNameError`] says what is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, RoomNameError> {
        let rest = typed.strip_prefix(ROOM_SIGN).ok_or(RoomNameError::NoSign)?;
        Name::parse(rest).map(Self).map_err(RoomNameError::Rest)
    }

    /// The same where only a room can be meant, so that its sign may be left out.
    ///
    /// # Errors
    /// [`RoomNameError`] says what is wrong with it.
    pub fn parse_unsigned(typed: &str) -> Result<Self, RoomNameError> {
        Self::parse(&with_room_sign(typed))
    }

    /// The same for the name of a room that is to be made.
    ///
    /// # Errors
    /// [`RoomNameError`] says what is wrong with it.
    pub fn parse_new(typed: &str) -> Result<Self, RoomNameError> {
        let rest = typed.strip_prefix(ROOM_SIGN).ok_or(RoomNameError::NoSign)?;
        Name::parse_new(rest).map(Self).map_err(RoomNameError::Rest)
    }

    /// The form under which the room is known, and the one that look-alikes share, which is never shown; both with their
    /// `#`.
    #[must_use]
    pub fn into_forms(self) -> (String, String) {
        let signed = |form: &str| format!("{ROOM_SIGN}{form}");
        (signed(&self.0.canonical), signed(&self.0.skeleton))
    }
}

/// The canonical name of a conversation that an operator names: everyone, or a room, with its sign or without.
///
/// # Errors
/// [`RoomNameError`] says what is wrong with it.
pub fn parse_conversation(typed: &str) -> Result<String, RoomNameError> {
    let is_everyone = UsernameCaseMapped::enforce(typed).is_ok_and(|name| name == EVERYONE_NAME);
    if is_everyone {
        return Ok(EVERYONE_NAME.to_owned());
    }
    Ok(RoomName::parse_unsigned(typed)?.into_forms().0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operator_names_a_room_in_any_form_and_everyone() {
        for (typed, name) in [
            ("#Bridge", "#bridge"),
            ("bridge", "#bridge"),
            ("\u{ff22}ridge", "#bridge"),
            ("Cafe\u{301}", "#caf\u{e9}"),
            ("everyone", "everyone"),
            ("Everyone", "everyone"),
            ("\u{ff25}veryone", "everyone"),
        ] {
            assert_eq!(parse_conversation(typed), Ok(name.to_owned()), "{typed}");
        }
        for bad in ["", "#", "##bridge", "#everyone", "a b"] {
            assert!(parse_conversation(bad).is_err(), "{bad}");
        }
    }

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
        // The parts of Hangul syllables, as some systems write them.
        let parts = "\u{1112}\u{1161}\u{11ab}".repeat(32);
        assert_eq!(
            Name::parse(&parts).map(|name| name.canonical),
            Ok("\u{d55c}".repeat(32))
        );
        assert_eq!(
            Name::parse(&"e\u{301}".repeat(33)),
            Err(NameError::TooLong(33))
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
        // One that is there is joined; none is made.
        assert!(RoomName::parse("#adm1n").is_ok());
        for bad in ["#adm1n", "#here", "#a\u{338}"] {
            let refused = RoomName::parse_new(bad);
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
        let everyone = Name::parse("Everyone").unwrap_err().to_string();
        assert_eq!(
            everyone,
            "the name \"everyone\" is reserved: it means all users"
        );
    }

    /// `you` could be taken, and was shown as the reader.
    #[test]
    fn name_that_is_read_as_another_thing_is_no_new_one_and_says_why() {
        let error = Name::parse_new("Every0ne.").unwrap_err().to_string();
        assert_eq!(
            error,
            "the name \"every0ne.\" is reserved: it reads as \"everyone\", and it means all users"
        );
        let error = Name::parse_new("You").unwrap_err().to_string();
        assert_eq!(error, "the name \"you\" is reserved: it means the reader");
        let error = Name::parse_new("e\u{335}rin").unwrap_err().to_string();
        assert_eq!(
            error,
            "a user name cannot contain a mark that is drawn over a letter"
        );
        // Who has one signs in with it.
        for known in ["you", "every0ne.", "admin", "e\u{335}rin"] {
            assert!(Name::parse(known).is_ok(), "{known}");
        }
    }

    /// `σοφιας` and `σοφιασ` were two users, and so were `straße` and `strasse`.
    #[test]
    fn new_names_that_differ_in_case_only_are_one() {
        for (typed, name) in [
            ("ΣΟΦΙΑΣ", "σοφιας"),
            ("σοφιασ", "σοφιας"),
            ("Straße", "strasse"),
            ("STRAẞE", "strasse"),
        ] {
            let parsed = Name::parse_new(typed).unwrap();
            assert_eq!(parsed.canonical, name, "{typed}");
            assert_eq!(parsed, Name::parse_new(name).unwrap(), "{typed}");
        }
        assert_eq!(
            Name::parse_new(&"ß".repeat(17)),
            Err(NameError::TooLong(34))
        );
        // Who has one of before is found by it.
        assert_eq!(Name::parse("Straße").unwrap().canonical, "straße");
    }

    #[test]
    fn new_name_whose_letters_could_be_taken_for_others_is_refused_with_the_reason() {
        for (name, reason) in [
            ("мaria", "of one script"),
            ("ᴘeter", "cannot contain 'ᴘ' (U+1D18)"),
            ("tomx.", "ends with a letter or digit"),
            ("ı\u{307}van", "a dot above a letter that has one"),
        ] {
            let error = Name::parse_new(name).unwrap_err().to_string();
            assert!(error.contains(reason), "{name}: {error}");
            assert!(Name::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn real_names_of_scripts_that_stack_marks_can_be_taken() {
        for name in marks::NAMES {
            let parsed = Name::parse_new(name);
            assert!(parsed.is_ok(), "{name}: {parsed:?}");
        }
    }
}
