//! The table of all chat commands, by groups: each file here is one, which `help GROUP` shows.
//!
//! A new command is a row in the file of its group, beside the function that it calls; a new group is a file, named in
//! [`GROUPS`].

mod account;
mod files;
mod mending;
mod order;
mod people;
mod reading;
mod rooms;
mod session;
mod writing;

use std::sync::LazyLock;

use super::row::{ChatCommand, Group, Table};
use crate::registry::Registry;
use crate::text::comparison::folded;

/// The longest word that is compared with the commands. Chosen: many times the longest name, with characters between its
/// letters that are not shown.
const WORD_MAX_BYTES: usize = 256;

/// In the order in which `help` lists them.
const GROUPS: &[Group] = &[
    account::ACCOUNT,
    session::SESSION,
    rooms::ROOMS,
    writing::WRITING,
    mending::MENDING,
    reading::READING,
    people::PEOPLE,
    order::ORDER,
];

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let rows = GROUPS.iter().flat_map(|group| group.commands);
    let add = |table: Registry<ChatCommand>, row: &ChatCommand| table.with(Box::new(*row));
    Table {
        groups: GROUPS,
        commands: rows.fold(Registry::default(), add),
    }
});

/// The command that a word calls, however it is written: capitals and characters that are not shown make no difference.
pub(super) fn find(word: &str) -> Option<&'static ChatCommand> {
    TABLE.find(word).or_else(|| {
        let folded = (word.len() <= WORD_MAX_BYTES).then(|| folded(word))?;
        // A slash that is wider than others, or that follows something that is not shown.
        let name = match folded.strip_prefix('/') {
            Some(name) if !word.starts_with('/') => name,
            _ => &folded,
        };
        TABLE.find(name)
    })
}

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
