//! User names, as far as a client can tell how the server writes them.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use unicode_normalization::UnicodeNormalization as _;

use crate::protocol::{EVERYONE_NAME, NOTES_NAME, ROOM_SIGN, with_room_sign};
use crate::text::name_case::one_spelling;

/// A name as the server will write it (PRECIS, RFC 8265, in one spelling), or as it was typed if it cannot be one. The server's
/// own word counts wherever there is one: this only finds tables and conversations.
pub(super) fn canonical(name: &str) -> String {
    let name: String = name.trim().nfc().collect();
    match UsernameCaseMapped::enforce(&*name) {
        Ok(canonical) => one_spelling(&canonical),
        Err(_) => name,
    }
}

/// The name of a user or of a room, as the server will write it.
pub(super) fn canonical_target(target: &str) -> String {
    match target.trim().strip_prefix(ROOM_SIGN) {
        Some(name) => format!("{ROOM_SIGN}{}", canonical(name)),
        None => canonical(target),
    }
}

/// The name of a room, as the server will write it, where only a room can be meant.
pub(super) fn canonical_room(name: &str) -> String {
    canonical_target(&with_room_sign(name.trim()))
}

pub(super) fn is_room(name: &str) -> bool {
    name.starts_with(ROOM_SIGN)
}

/// Whether a conversation of this name is one with another user.
pub(super) fn is_pair(name: &str) -> bool {
    !name.is_empty() && !is_room(name) && ![EVERYONE_NAME, NOTES_NAME].contains(&name)
}

/// The longest name that is kept, in characters; as the server's limit (udpchat-protocol(7)). What a server sends
/// beyond it is cut off: its lists may have thousands of names.
const NAME_MAX_CHARS: usize = 32;

/// A name that came from the server, as long as names are.
pub(super) fn truncate_name(mut name: String) -> String {
    let most = NAME_MAX_CHARS + usize::from(is_room(&name));
    if let Some((end, _)) = name.char_indices().nth(most) {
        name.truncate(end);
        name.shrink_to_fit();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_a_server_is_cut_to_the_length_that_names_have() {
        assert_eq!(truncate_name("bob".into()), "bob");
        let long = "\u{e9}".repeat(20_000);
        assert_eq!(truncate_name(long), "\u{e9}".repeat(32));
    }

    #[test]
    fn name_is_written_in_one_way_however_it_was_typed() {
        assert_eq!(canonical(" Erin "), "erin");
        assert_eq!(canonical("not a name"), "not a name");
        assert_eq!(canonical("Jose\u{301}"), "jos\u{e9}");
        assert_eq!(canonical("ΣΟΦΙΑΣ"), canonical("σοφιας"));
        assert_eq!(canonical_target("#KSTRASSE"), canonical_target("#kstraße"));
        // The parts of Hangul syllables, as some systems write them.
        assert_eq!(canonical("\u{1112}\u{1161}\u{11ab}"), "\u{d55c}");
        assert_eq!(canonical_target(" #Bridge"), "#bridge");
        assert_eq!(canonical_room(" Bridge"), "#bridge");
        assert_eq!(canonical_room("#Bridge"), "#bridge");
    }
}
