//! User names, as far as a client can tell how the server writes them.

use std::borrow::Cow;

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;

/// A name as the server will write it (PRECIS, RFC 8265), or as it was typed if it cannot be one. The server's
/// own word counts wherever there is one: this only finds tables and conversations.
pub(super) fn canonical(name: &str) -> String {
    let name = name.trim();
    UsernameCaseMapped::enforce(name).map_or_else(|_| name.to_owned(), Cow::into_owned)
}

/// The longest name that is kept, in characters; as the server's limit (udpchat-protocol(7)). What a server sends
/// beyond it is cut off: its lists may have thousands of names.
const NAME_MAX_CHARS: usize = 32;

/// A name that came from the server, as long as names are.
pub(super) fn short(mut name: String) -> String {
    if let Some((end, _)) = name.char_indices().nth(NAME_MAX_CHARS) {
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
        assert_eq!(short("bob".into()), "bob");
        let long = "\u{e9}".repeat(20_000);
        assert_eq!(short(long), "\u{e9}".repeat(32));
    }

    #[test]
    fn name_is_written_in_one_way_however_it_was_typed() {
        assert_eq!(canonical(" Erin "), "erin");
        assert_eq!(canonical("not a name"), "not a name");
    }
}
