//! The table of all chat commands, in the menu's order.

use std::sync::LazyLock;

use super::row::ChatCommand;
use super::{chat, rooms, session};
use crate::registry::Registry;

/// All chat commands.
pub(super) static TABLE: LazyLock<Registry<ChatCommand>> = LazyLock::new(|| {
    [
        session::SIGN_IN,
        chat::WRITE,
        rooms::ROOMS,
        chat::READ,
        session::SESSION,
    ]
    .into_iter()
    .flatten()
    .fold(Registry::default(), |table, row| table.with(Box::new(*row)))
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Entry;

    #[test]
    fn table_names_each_command_once() {
        let names: Vec<&str> = TABLE.iter().map(Entry::name).collect();
        assert_eq!(
            names,
            [
                "login", "message", "message*", "contacts", "join", "enter", "back", "leave",
                "rooms", "members", "topic", "invite", "kick", "role", "access", "block",
                "unblock", "history", "search", "status", "help", "logout", "quit"
            ]
        );
    }

    #[test]
    fn usage_is_made_from_the_arguments() {
        for usage in [
            "login [NAME]",
            "message USER|#ROOM TEXT",
            "join #ROOM [private]",
            "role USER member|moderator|owner [#ROOM]",
            "history [USER|#ROOM|everyone] [--before WHEN|ENTRY] [N]",
            "quit",
        ] {
            let (name, _) = super::super::split_word(usage);
            assert_eq!(TABLE.find(name).expect("in the table").usage(), usage);
        }
    }
}
