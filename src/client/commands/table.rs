//! The table of all chat commands, in the menu's order.

use std::sync::LazyLock;

use super::row::ChatCommand;
use super::{chat, rooms, session};
use crate::registry::Registry;

/// In the order in which `help` lists them.
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

    #[test]
    fn table_names_each_command_once() {
        // The order and the words themselves are in the manual, which is compared with this table.
        for command in TABLE.iter() {
            for word in command.aliases.iter().chain([&command.name]) {
                let found = TABLE.find(word).expect("in the table");
                assert_eq!(found.name, command.name, "{word}");
            }
            assert!(!command.summary.is_empty(), "{}", command.name);
        }
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
            let name = usage.split(' ').next().expect("a first word");
            let command = TABLE.find(name).expect("in the table");
            assert_eq!(command.usage(), format!("/{usage}"));
        }
    }
}
