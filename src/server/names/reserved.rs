//! Names that nobody may take, since who reads them would take them for somebody or something else.

use crate::protocol::{EVERYONE_NAME, NOTES_NAME};
use crate::text::skeleton::skeleton;

/// A name, and why it is reserved, as an error says it.
pub(super) type Reserved = (&'static str, &'static str);

pub(super) const EVERYONE: Reserved = (EVERYONE_NAME, "it means all users");

const RESERVED: [Reserved; 15] = [
    EVERYONE,
    ("all", "it means all users"),
    ("here", "it means all users who are online"),
    ("nobody", "it means no user"),
    (NOTES_NAME, "it means the reader's own notes"),
    ("you", "it means the reader"),
    ("me", "it means the reader"),
    ("server", "it would speak for the server"),
    ("system", "it would speak for the server"),
    ("udpchat", "it would speak for the server"),
    ("admin", "it would speak for the server's operator"),
    ("administrator", "it would speak for the server's operator"),
    ("operator", "it would speak for the server's operator"),
    ("root", "it would speak for the server's operator"),
    ("moderator", "it would speak for a room's moderators"),
];

/// Digits that are read as the letters of a word they stand in. `0` and `1` look like `o` and `l`, and are the
/// skeleton's; these look less alike, which is enough where the word is known: `adm1n`, `5y5tem`, `m0d3r4t0r`.
const READ_AS: [(char, char); 5] = [('1', 'i'), ('3', 'e'), ('4', 'a'), ('5', 's'), ('7', 't')];

/// The reserved name as which a canonical name would be read, and why it is reserved.
pub(super) fn find(canonical: &str) -> Option<Reserved> {
    let read: String = canonical.chars().map(letter).collect();
    let forms = [essence(canonical), essence(&read)];
    let is_read_as = |(name, _): &&Reserved| forms.contains(&essence(name));
    RESERVED.iter().find(is_read_as).copied()
}

/// What is left of a name where signs and accents are overlooked: `every.one_` is read as `everyone`.
fn essence(name: &str) -> String {
    let mut essence = skeleton(name);
    essence.retain(char::is_alphanumeric);
    essence
}

fn letter(digit: char) -> char {
    let found = READ_AS.iter().find(|(from, _)| *from == digit);
    found.map_or(digit, |(_, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_found_in_every_form_that_is_read_as_one() {
        for (name, _) in RESERVED {
            assert_eq!(find(name).map(|(found, _)| found), Some(name));
        }
        for (form, name) in [
            ("everyone.", "everyone"),
            ("every0ne", "everyone"),
            ("every_one-", "everyone"),
            ("\u{435}v\u{435}ry\u{43e}n\u{435}", "everyone"),
            ("y0u", "you"),
            ("yoü", "you"),
            ("5erver", "server"),
            ("5y5t3m", "system"),
            ("adm1n", "admin"),
            ("4dmin", "admin"),
            ("admın", "admin"),
            ("aclmin", "admin"),
            ("adrnin", "admin"),
            ("r00t", "root"),
            ("m0d3r4t0r", "moderator"),
            ("a11", "all"),
            ("uclpchat", "udpchat"),
            ("n0bocly", "nobody"),
        ] {
            assert_eq!(find(form).map(|(found, _)| found), Some(name), "{form}");
        }
    }

    #[test]
    fn names_of_people_are_not() {
        for name in [
            "ali",
            "amy",
            "mel",
            "hera",
            "tyou",
            "admin1",
            "allan",
            "1334",
            "root.beer",
            "yu",
        ] {
            assert_eq!(find(name), None, "{name}");
        }
    }
}
