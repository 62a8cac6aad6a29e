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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_written_in_one_way_however_it_was_typed() {
        assert_eq!(canonical(" Erin "), "erin");
        assert_eq!(canonical("not a name"), "not a name");
    }
}
